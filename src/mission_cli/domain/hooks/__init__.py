"""Hooks and watchers of the settings."""

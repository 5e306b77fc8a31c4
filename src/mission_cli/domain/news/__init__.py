"""Notifications: events and their severities, rules that choose, and the messages on their way."""

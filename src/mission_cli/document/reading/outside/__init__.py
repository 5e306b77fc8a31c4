"""Sections about what a mission has to do with the world outside."""

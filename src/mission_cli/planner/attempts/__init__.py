"""Attempts: how they ended, their review and settlement, and the next try."""

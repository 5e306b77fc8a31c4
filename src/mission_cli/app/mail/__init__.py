"""Mails of a mission: show them, and decide about them."""

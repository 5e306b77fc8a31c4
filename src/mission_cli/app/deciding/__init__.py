"""Deciding from outside: what a token offers, using it, and what webhooks report."""

"""Purchases in a pulse: ask the provider, carry out effects, record decisions."""

"""Purchases of missions: ask for one, record what was paid, show them, compare them with the provider, stop them."""

"""Purchases: what a mission asks to buy, who approved it, and what the provider of payments knows of it."""

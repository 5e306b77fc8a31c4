"""Decide about purchases: who is asked, when the provider is asked, and what a charge means."""

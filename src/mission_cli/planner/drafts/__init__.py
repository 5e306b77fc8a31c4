"""Drafts: when one is made, and what people decide about it."""

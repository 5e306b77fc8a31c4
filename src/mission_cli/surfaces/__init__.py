"""Translate in, translate out; no rules."""

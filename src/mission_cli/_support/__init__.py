"""Helpers that any package may use: records, patterns, texts, numbers."""

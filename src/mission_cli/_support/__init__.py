"""Helpers without a meaning of their own that every package may use: records, patterns, texts, numbers."""

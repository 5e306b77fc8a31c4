"""Translate between people or programs and the engine; contains no rules of missions."""

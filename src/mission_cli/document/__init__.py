"""Markdown to domain and back by patches: text in, text out, and problems as values."""

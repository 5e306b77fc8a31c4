"""Finds secrets in texts and files."""

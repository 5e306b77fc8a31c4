"""Improvement feedback: list, show, file and discard drafts of issues."""

"""Improvement feedback: drafts of issues for the project that can fix what was observed."""

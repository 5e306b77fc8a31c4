"""Criteria of a mission file: read, taken apart, and written."""

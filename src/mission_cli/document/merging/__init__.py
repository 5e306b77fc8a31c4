"""Merge two versions of a mission file field by field."""

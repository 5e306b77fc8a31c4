"""Merges two versions of a mission file by their meaning."""

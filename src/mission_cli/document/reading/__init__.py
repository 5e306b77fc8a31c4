"""Reads a mission file as a mission."""

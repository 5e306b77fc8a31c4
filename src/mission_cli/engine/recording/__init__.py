"""Decisions as changes of files and as the words of commits."""

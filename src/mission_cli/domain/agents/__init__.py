"""Agents and scripts that a mission drafts for itself: rows, files, who gets them, and what they changed."""

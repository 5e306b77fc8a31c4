"""Milestones: start, judging, and landing."""

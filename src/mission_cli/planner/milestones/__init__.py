"""Milestones: their start, their judgement, and landing their work."""

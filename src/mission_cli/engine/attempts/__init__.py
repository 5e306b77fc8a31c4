"""Attempts: their records, what they take over, their prompts and their jobs."""

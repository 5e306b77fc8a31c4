"""Runs: records of attempts, their jobs, what they used, and what they left in git."""

"""Agents of a team: their limits."""

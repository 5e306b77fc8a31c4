"""Executors start, watch and end jobs."""

"""Decides from (mission, observation, policy): pure, total, deterministic, with a reason for everything."""

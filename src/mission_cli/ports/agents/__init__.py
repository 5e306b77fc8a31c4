"""Coding agents: what the engine asks of them, what they report, and what is installed on a machine."""

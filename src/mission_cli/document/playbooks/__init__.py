"""Playbooks: plans with typed parameters. Values are data, quoted for the place in which they stand."""

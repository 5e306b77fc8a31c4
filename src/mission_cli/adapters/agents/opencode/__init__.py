"""opencode."""

PROGRAM = "opencode"
"""The program that is looked for on PATH; empty: the settings must name one."""

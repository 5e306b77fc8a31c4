"""Claude Code."""

PROGRAM = "claude"
"""The program that is looked for on PATH; empty: the settings must name one."""

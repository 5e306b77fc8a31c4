"""Any agent that speaks the Agent Client Protocol (ACP)."""

PROGRAM = ""
"""The program that is looked for on PATH; empty: the settings must name one."""

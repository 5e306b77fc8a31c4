"""Any program as a worker."""

PROGRAM = ""
"""The program that is looked for on PATH; empty: the settings must name one."""

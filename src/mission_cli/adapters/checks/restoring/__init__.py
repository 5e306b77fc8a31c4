"""Restore the parts of configuration files that affect tests and linters, as they were before a change."""

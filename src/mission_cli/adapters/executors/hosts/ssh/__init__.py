"""Hosts that are reached by the person's own `ssh`."""

"""Implementations of the ports: processes, files, git, executors, agents, checks, templates."""

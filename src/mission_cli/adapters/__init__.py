"""The outside world behind ports: processes, files, git, executors, agents, checks, templates."""

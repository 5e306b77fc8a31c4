"""Pages about work: attempts with log, change and verdicts, pictures, what happened, and charts of a mission."""

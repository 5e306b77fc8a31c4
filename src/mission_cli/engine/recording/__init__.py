"""Recording decisions: changes of files, rows of logs, commit messages."""

"""What every surface calls: commands and queries, with no printing and no exit codes."""

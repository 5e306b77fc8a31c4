"""Where the next attempt at a feature runs: here or on a host."""

"""The repository that the work is done in."""

"""The repository that contains the code."""

"""The branch that holds the mission files."""

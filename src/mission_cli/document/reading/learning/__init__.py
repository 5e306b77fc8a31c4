"""The skills in a mission file."""

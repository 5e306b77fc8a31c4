"""Change a mission file and leave every other byte as it is."""

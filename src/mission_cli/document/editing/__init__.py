"""Changes a mission file and leaves every other byte as it is."""

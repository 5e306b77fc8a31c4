"""Read a mission file into a mission."""

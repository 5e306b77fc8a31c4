"""The report of a mission, from its file, its run records and its evidence files."""

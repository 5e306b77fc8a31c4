"""Skills: read from git, given to workers, and written when a mission is completed."""

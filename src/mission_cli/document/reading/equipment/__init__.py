"""Read the sections of what a mission is equipped with."""

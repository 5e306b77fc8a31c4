"""Read and write the criteria of a mission file."""

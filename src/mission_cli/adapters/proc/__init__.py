"""All use of processes."""

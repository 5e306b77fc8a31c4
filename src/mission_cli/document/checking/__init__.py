"""What `lint` reports, and what `fix` mends."""

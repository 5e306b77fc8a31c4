"""What a finished mission learned from its records, and what its attempts say about skills they were given."""

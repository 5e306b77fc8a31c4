"""`mission hosts`."""

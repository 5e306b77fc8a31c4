"""What the parts of a criterion mean."""

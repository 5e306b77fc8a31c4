"""What a person, or a surface for one, can do to a mission."""

"""What features need: whether it is there, and what a person is asked for."""

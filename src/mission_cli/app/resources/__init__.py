"""What missions need: list it, add to it, check it, provide it."""

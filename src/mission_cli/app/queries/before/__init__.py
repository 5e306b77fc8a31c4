"""What a command would do, so that a person can be asked before it does it."""

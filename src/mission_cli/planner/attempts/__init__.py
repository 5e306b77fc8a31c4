"""What follows from an attempt: why it ended, its judgement, its settlement, and the next try."""

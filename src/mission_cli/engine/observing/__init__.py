"""What the engine observes of one mission."""

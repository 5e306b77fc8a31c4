"""Format the engine's answers for a terminal."""

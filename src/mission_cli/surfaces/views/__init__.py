"""Views of the engine's answers for a terminal."""

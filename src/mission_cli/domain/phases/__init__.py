"""The phases of a mission, and what their workers propose."""

"""Missions from and for other tools: pure translators. What one side cannot say is named, never dropped silently."""

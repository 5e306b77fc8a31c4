"""The one door to processes."""

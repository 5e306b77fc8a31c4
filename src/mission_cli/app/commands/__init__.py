"""The commands by which people change missions."""

"""Run records: one file for each attempt, and the archive of old ones."""

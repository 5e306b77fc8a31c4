"""What changes in missions, as events: read from the journal, and noticed as soon as it is committed."""

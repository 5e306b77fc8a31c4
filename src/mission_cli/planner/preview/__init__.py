"""Decide about previews: start, follow, end and clean up."""

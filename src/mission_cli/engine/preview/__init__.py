"""Observe previews and start their jobs."""

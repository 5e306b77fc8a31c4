"""Adapters for forges: GitHub and others, by their HTTP interfaces. The package httpx is imported when it is needed."""

"""Views about money."""

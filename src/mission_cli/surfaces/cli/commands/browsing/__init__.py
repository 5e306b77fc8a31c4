"""Commands that show missions in a browser."""

"""HTML from texts that others wrote, such as changes and logs: escaped, without scripts and without inline styles."""

"""Reports for people: what a verification found, and the report of a mission as Markdown and as a page."""

"""The guided way to a running mission: set the repository up, plan in an interview, start, follow, land."""

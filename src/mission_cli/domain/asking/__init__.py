"""Questions to people: their options, and what a worker writes to ask one."""

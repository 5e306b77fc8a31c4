"""Git as a program: commands, objects, checkouts and locks."""

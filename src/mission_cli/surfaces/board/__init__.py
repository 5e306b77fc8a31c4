"""The page about missions as a file: for the command `dashboard`, which writes it once or whenever it changes."""

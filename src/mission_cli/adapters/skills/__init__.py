"""The index of skills: SQLite in the runtime folder, made again from git whenever it cannot be read."""

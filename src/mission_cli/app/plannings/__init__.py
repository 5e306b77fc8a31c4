"""Plans that a model writes while nobody waits at a terminal: stored, carried out, looked at, approved, dropped."""

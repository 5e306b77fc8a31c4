"""Plans that a model writes without a person at a terminal: stored, carried out, looked at, approved, dropped."""

"""Sign up for accounts, step by step."""

"""What needs a person: each thing once, with its age, what waits for it, and what the person can do."""

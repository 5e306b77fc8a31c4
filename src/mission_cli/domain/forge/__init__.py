"""Pull requests: what a forge says about them, what is recorded, and what blocks a merge."""

"""Plan the rest of a mission again: what has not begun as a plan, what changes in it by meaning, and the one edit."""

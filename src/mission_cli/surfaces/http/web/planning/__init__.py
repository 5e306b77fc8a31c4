"""Pages for a new mission: what it shall achieve, the plan that a model writes, and its approval."""

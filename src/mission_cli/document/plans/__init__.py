"""Plan files: the model, its checks, and the answer of a planning agent."""

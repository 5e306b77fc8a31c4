"""The rounds of a planning: the job in which a model answers, and how its plan is checked."""

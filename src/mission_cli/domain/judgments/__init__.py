"""What the orchestrator asks a model for, and how its answers are read."""

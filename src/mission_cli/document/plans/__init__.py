"""Plan files: their model and its checks, and plans in the answers of models."""

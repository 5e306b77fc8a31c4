"""Judgments of the orchestrator: when a model is asked, what it may cost, and what becomes of its answer."""

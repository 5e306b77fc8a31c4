"""Decide about deployments: plan them, ask for them, follow their jobs."""

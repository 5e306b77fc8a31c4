"""Deployments: targets of the settings, and the rows of `## Deployments`."""

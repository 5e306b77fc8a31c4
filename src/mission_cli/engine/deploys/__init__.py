"""The jobs of deployments."""

"""Commands and views of deployments."""

"""GitHub, and GitHub Enterprise by its base URL: REST, and GraphQL for what REST does not have."""

from mission_cli.adapters.forges.github.forge import GitHub

__all__ = ["GitHub"]

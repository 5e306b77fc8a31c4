"""What adapters share whose programs cannot list their models."""

from __future__ import annotations

from mission_cli.ports.agents.agent import Invocation


class UnlistedModels:
    """An agent without a list of models, so that none can be called wrong before it is used."""

    def list_models(self, command: tuple[str, ...]) -> Invocation:
        """Return no command."""
        del command
        return Invocation((), "")

    def models_in(self, output: str) -> list[str]:
        """Return nothing."""
        del output
        return []

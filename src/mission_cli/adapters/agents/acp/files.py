"""A program of which only its protocol is known: no login, no models, no slash commands."""

from __future__ import annotations

from mission_cli.adapters.agents.command.files import CommandFiles


class AcpFiles(CommandFiles):
    """Knows of no files."""


FILES = AcpFiles()

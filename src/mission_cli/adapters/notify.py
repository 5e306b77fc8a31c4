"""The `notify` setting: runs a person's command with the notification in its environment."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from mission_cli.adapters.proc.run import outside_of_git, start_detached

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.ports.notifier import News


class CommandNotifier:
    """Starts the command without waiting for it; its output is appended to `log`."""

    def __init__(self, command: str, *, folder: Path, log: Path) -> None:
        self._command, self._folder, self._log = command, folder, log

    def tell(self, news: News) -> None:
        """Start the command. The text is passed in variables, so that the shell never runs it as code."""
        told = {
            "MISSION_ID": news.mission,
            "MISSION_TITLE": news.title,
            "MISSION_EVENT": news.event,
            "MISSION_WORDS": news.words,
            "MISSION_NOTIFY": ", ".join(news.to),
        }
        try:
            start_detached(
                ["/bin/sh", "-c", self._command],
                cwd=self._folder,
                env={**outside_of_git(os.environ), **told},
                log=self._log,
            )
        except Exception as error:  # noqa: BLE001 - a failing command must not stop the loop
            print(f"notify: {error}", file=sys.stderr)  # noqa: T201 - the log of the pulse

"""The values of secrets that a job's program gets: read when it starts, and only in the memory of its supervisor."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.adapters.secrets.screen import SHORTEST_SECRET
from mission_cli.adapters.secrets.vault import LocalVault
from mission_cli.adapters.user import user_folder
from mission_cli.domain.errors import ToolError
from mission_cli.domain.resources.delivery import NO_VALUE
from mission_cli.ports.secrets import Unresolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.adapters.executors.jobs.folder import Surroundings


def read_values(references: Mapping[str, str], around: Surroundings) -> dict[str, str]:
    """Return the value of each variable. Raises ToolError, without any part of a value, if one cannot be had."""
    environment = {**os.environ, **around.environment}
    checkout = Path(around.checkout) if around.checkout else None
    vault = LocalVault(environment, user_folder("config", environment), checkout)
    values = {}
    for name, reference in references.items():
        found = vault.resolve(reference)
        if isinstance(found, Unresolved):
            raise ToolError(f"{NO_VALUE}{name}: {found.words}")
        if len(found) < SHORTEST_SECRET:
            words = f"it has fewer than {SHORTEST_SECRET} characters, so it cannot be hidden in a log"
            raise ToolError(f"{NO_VALUE}{name}: {words}")
        values[name] = found
    return values

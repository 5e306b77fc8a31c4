"""What operations that give one command have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli.app.results.changes import Changed
from mission_cli.surfaces.http.api.operation import Field, Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.app.transaction import Done
    from mission_cli.domain.deciding.access import Scope
    from mission_cli.surfaces.http.api.operation import Call

REASON = Field("reason", "why; recorded in the log of the mission")


def changed(done: Done) -> Changed:
    """Return what a command did."""
    return Changed(done.address.mission.id, done.words, done.commit or "")


def post(
    name: str,
    path: str,
    about: str,
    scope: Scope,
    act: Callable[[Call], Any],
    *body: Field,
    alias: str = "",
    result: type = Changed,
) -> Operation:
    """Return an operation that gives one command."""
    return Operation(name, "POST", path, about, scope, result, act, body=body, aliases=(alias,) if alias else ())

"""Which page a button leads to: what needs a person names the operations that help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.surfaces.http.web.actions import ACTIONS, BY_OPERATION, in_address
from mission_cli.surfaces.http.web.rendering import address

if TYPE_CHECKING:
    from mission_cli.app.results.waiting import Action, Waiting
    from mission_cli.surfaces.http.web.site import Visit


@dataclass(frozen=True, slots=True)
class Button:
    """A way to the page of an action."""

    label: str
    to: str


def may(visit: Visit, name: str) -> bool:
    """Whether the visitor may do an action here."""
    return visit.may(ACTIONS[name].operation.scope)


def button_of(visit: Visit, waiting: Waiting, repo: str) -> Button | None:
    """Return the button for the first operation that helps, that has a page, and that the visitor may use."""
    for helps in waiting.actions:
        found = BY_OPERATION.get(helps.operation)
        if found is not None and visit.may(found.operation.scope):
            return Button(f"{helps.label}…", _address(found.name, helps, repo))
    return None


def _address(name: str, helps: Action, repo: str) -> str:
    given = {in_address(key): _text(value) for key, value in helps.parameters.items() if key != "id"}
    if "id" not in helps.parameters:
        return address("do", name, repo=repo, **given)
    return address("missions", str(helps.parameters["id"]), "do", name, repo=repo, **given)


def _text(value: str | int | bool) -> str:  # noqa: FBT001 - a value of JSON
    return str(value).casefold() if isinstance(value, bool) else str(value)

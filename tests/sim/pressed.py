"""Press every button that what needs a person has, each in a copy of the world: it does what it says, or says why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.kit.fakes.life import Fate

from mission_cli.app.queries.inbox import inbox_of
from mission_cli.domain.errors import BlockedError
from mission_cli.surfaces.http.api.operation import Call, Everything
from mission_cli.surfaces.http.api.routes import operations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sim.sim import Sim

    from mission_cli.app.results.waiting import Action, InboxItem
    from mission_cli.engine.context import Context

_OPERATIONS = {one.name: one for one in operations()}


def press_all(sim: Sim) -> Iterator[tuple[str, str]]:
    """Yield the operation of each button, and why it was refused; empty if it was not. Raises what else goes wrong."""
    for host in sim.hosts:
        for one in inbox_of(sim.context(host)).inbox:
            for action in one.actions:
                refused = ""
                try:
                    _press(host.copy(Fate()).context(), one, action)
                except BlockedError as error:
                    refused = error.message
                yield action.operation, refused


def _press(ctx: Context, one: InboxItem, action: Action) -> None:
    operation = _OPERATIONS[action.operation]
    known = {field.name: field for field in operation.body}
    given: dict[str, Any] = {**action.parameters, **{name: _written(one, name) for name in action.asks}}
    for name in given.keys() & known.keys():
        known[name].checked(given[name])
    if operation.act is not None:
        operation.act(Call(ctx, "r", ctx.state.snapshot().missions[given["id"]].id, given))
        return
    assert operation.act_on_all is not None
    operation.act_on_all(Everything([("r", ctx)], ["r"], given, lambda _, __: ("", "")))


def _written(one: InboxItem, name: str) -> Any:
    """What a person writes into the field of a button."""
    said = {"response": one.options[0].label if one.options else "yes", "value": "500", "choose": 1}
    return said.get(name, "because")

"""What signed webhooks do: decide with a token, wake the loop, or report the event that a feature waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.app.commands.signal import signal
from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.deciding.grants import is_replay, taken
from mission_cli.domain.deciding.signatures import SLACK_AGE, is_signed, wait_secret
from mission_cli.domain.errors import NotFoundError, UsageError
from mission_cli.domain.host import Person

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.app.transaction import Done
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.tables import Wait
    from mission_cli.engine.context import Context

WEBHOOK = Person("webhook", "webhook@localhost")
"""The author of what a webhook reports."""
_KIND = "webhook:"


@dataclass(frozen=True, slots=True)
class WaitDoor:
    """How the event of a wait is reported from outside."""

    mission: str
    wait: str
    """Its name, without `webhook:`."""
    feature: str
    secret: str
    """Signs the body of the request."""


def doors(ctx: Context, key: str, wait: str) -> Iterator[WaitDoor]:
    """Yield the waits for a webhook of this name, in all missions; also those that are over, for repetitions."""
    for stored in ctx.state.snapshot().missions.values():
        mission = load_placed(stored.text, stored.id).mission
        for one in _waits(mission, wait):
            yield WaitDoor(mission.id, wait, one.feature, wait_secret(key, mission.id, one.waiting_for))


def door_of(ctx: Context, key: str, mission: str, wait: str) -> WaitDoor:
    """Return the door of one wait. Raises NotFoundError if the mission has no such wait."""
    name = wait.removeprefix(_KIND)
    found = next((one for one in doors(ctx, key, name) if one.mission == mission), None)
    if found is None:
        raise NotFoundError(
            f"{mission} waits for no webhook `{name}`", hint=f"waits are rows `{_KIND}NAME` of ## Waits"
        )
    return found


def report_event(ctx: Context, key: str, wait: str, body: bytes, given: str) -> Done | None:
    """Fill the wait whose secret signed a body; None if none did. The body is JSON, and data for the worker."""
    for door in doors(ctx, key, wait):
        if is_signed(door.secret, body, given):
            text = _text_of(body)
            address = f"{door.mission}/{door.feature}"
            return signal(ctx.acting_as(WEBHOOK), address, data=text or None, event=f"{_KIND}{wait}")
    return None


def _text_of(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError("the data is not UTF-8", hint="send JSON in UTF-8") from error


def wake(ctx: Context) -> None:
    """Have a pulse look at everything soon, and ask the forge; nothing waits for it."""
    ctx.forge.attend()
    ctx.runtime.request_pulse()
    ctx.again()


def take_once(ctx: Context, message: str) -> bool:
    """Whether a signed message is new; from now on it is a replay."""
    with ctx.runtime.deciding() as book:
        if is_replay(book.ledger, message):
            return False
        book.note(taken(book.ledger, message, ctx.clock.now(), remember=2 * SLACK_AGE))
    return True


def decider_with(ctx: Context, door: str, identity: str) -> str:
    """Return the decider who has this id in Slack or Telegram; empty if nobody has it."""
    return next((n for n, one in ctx.settings.deciders.items() if identity and getattr(one, door) == identity), "")


def _waits(mission: Mission, wait: str) -> Iterator[Wait]:
    return (one for one in mission.waits if one.waiting_for == f"{_KIND}{wait}")

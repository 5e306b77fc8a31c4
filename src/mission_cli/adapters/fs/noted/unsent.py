"""What is not sent yet, and what is known of the world outside: files that only their owner can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.records import from_plain, to_plain
from mission_cli.adapters.fs.atomic import make_folder, read_json, write_json
from mission_cli.domain.mail.memory import MailMemory, Refused, Send, SendState, Taken
from mission_cli.domain.news.outbox import Failing, Message, Outbox, Parcel
from mission_cli.domain.outside.facts import Outside
from mission_cli.domain.purchases.provider import Account, Call, CallState, Charge, PayMemory
from mission_cli.domain.timing.polling import Poll

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.domain.ids import MissionId

_PAYMENTS = (PayMemory, Account, Charge, Call, CallState)
_OUTSIDE_CLASSES = (Outside, Poll, MailMemory, Send, SendState, Taken, Refused, *_PAYMENTS)


def read_outbox(folder: Path) -> Outbox:
    """Return the messages that are not sent yet; empty if they cannot be read."""
    try:
        found = from_plain(read_json(folder / "outbox.json"), (Outbox, Parcel, Message, Failing))
    except (KeyError, TypeError, ValueError):
        return Outbox()
    return found if isinstance(found, Outbox) else Outbox()


def write_outbox(folder: Path, outbox: Outbox) -> None:
    """Write the messages that are not sent yet."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "outbox.json", to_plain(outbox), mode=0o600)


def outside_file(mission: str) -> str:
    """Return the file with what is remembered of the world outside of a mission, relative to the runtime folder."""
    return f"outside/{mission}.json"


def read_outside(folder: Path, mission: MissionId) -> Outside:
    """Return what is remembered of the world outside of a mission; nothing if it cannot be read."""
    try:
        found = from_plain(read_json(folder / outside_file(mission)), _OUTSIDE_CLASSES)
    except (KeyError, TypeError, ValueError):
        return Outside()
    return found if isinstance(found, Outside) else Outside()


def write_outside(folder: Path, mission: MissionId, outside: Outside) -> None:
    """Write it."""
    place = folder / outside_file(mission)
    make_folder(place.parent)
    write_json(place, to_plain(outside), mode=0o600)

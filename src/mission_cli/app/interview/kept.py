"""Interviews that are not a mission yet, kept beside the repository with every answer, so that a crash loses none."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli._support.records import from_plain, to_plain
from mission_cli._support.text import stamp
from mission_cli.domain.errors import NotFoundError
from mission_cli.domain.interview.facts import Facts
from mission_cli.domain.interview.follow_ups import FollowUp
from mission_cli.domain.interview.interview import GOAL, Depth, Interview
from mission_cli.domain.notice import do

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.engine.context import Context

_CLASSES = (Interview, Depth, Facts, FollowUp)
_MOST_KEPT = 20


@dataclass(frozen=True, slots=True)
class KeptInterview:
    """One interview and what was ordered with it."""

    id: str
    since: str
    by: str
    interview: Interview
    order: Mapping[str, str] = field(default_factory=dict)
    """What else was said on the command line or in a form: id, priority, runner, base, …"""

    @property
    def goal(self) -> str:
        """Its goal, as far as it is known."""
        return self.interview.value(GOAL)


def begin(ctx: Context, interview: Interview, order: Mapping[str, str]) -> KeptInterview:
    """Keep a new interview; the oldest ones are forgotten when there are too many."""
    now = ctx.clock.now()
    name = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    one = KeptInterview(name, stamp(now), ctx.person().name, interview, dict(order))
    with ctx.runtime.interviews() as book:
        for old in sorted(book.texts, reverse=True)[_MOST_KEPT - 1 :]:
            book.note(old, "")
        book.note(one.id, _written(one))
    return one


def keep(ctx: Context, one: KeptInterview, interview: Interview) -> KeptInterview:
    """Store an interview durably, with its latest answer; return it."""
    new = replace(one, interview=interview)
    with ctx.runtime.interviews() as book:
        book.note(one.id, _written(new))
    return new


def forget(ctx: Context, name: str) -> None:
    """Remove an interview from the disk."""
    with ctx.runtime.interviews() as book:
        book.note(name, "")


def unfinished(ctx: Context) -> list[KeptInterview]:
    """Return the interviews of a repository, the newest first; one that cannot be read is left out."""
    with ctx.runtime.interviews() as book:
        texts = dict(book.texts)
    found = (_read(name, texts[name]) for name in sorted(texts, reverse=True))
    return [one for one in found if one is not None]


def need(ctx: Context, name: str) -> KeptInterview:
    """Return one interview. Raises NotFoundError."""
    found = next((one for one in unfinished(ctx) if one.id == name), None)
    if found is None:
        raise NotFoundError(f"there is no interview `{name}`", hint=do("new"))
    return found


def _written(one: KeptInterview) -> str:
    plain = {"since": one.since, "by": one.by, "order": dict(one.order), "interview": to_plain(one.interview)}
    return json.dumps(plain, ensure_ascii=False)


def _read(name: str, text: str) -> KeptInterview | None:
    try:
        found = json.loads(text)
        interview = from_plain(found["interview"], _CLASSES)
        order = {str(key): str(value) for key, value in found["order"].items()}
        return KeptInterview(name, str(found["since"]), str(found["by"]), interview, order)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None

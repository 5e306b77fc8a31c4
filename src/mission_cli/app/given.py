"""Checks of what a person gives on the command line or in a request, where it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import did_you_mean, one_line, parse_stamp, stamp
from mission_cli.domain.errors import UsageError
from mission_cli.domain.ids import MissionId
from mission_cli.domain.notice import advise
from mission_cli.domain.status import MissionStatus
from mission_cli.domain.timing.moments import FORMS, read_moment
from mission_cli.engine.context import unknown_runner

if TYPE_CHECKING:
    from datetime import datetime

    from mission_cli.engine.context import Context

_ANY = MissionId("new")
"""A branch is looked up together with those of a mission, which are of no interest here."""


def moment(name: str, text: str, now: datetime) -> str:
    """Return the time that a person gives for `name`, as a mission file stores it; an ISO date stays as it is.

    Raises UsageError if it is not a time, or if it has passed.
    """
    if parse_stamp(text) is not None:
        return text.strip()
    found = read_moment(text, now.astimezone())
    if found is None:
        raise UsageError(f"`{name}` is `{one_line(text, 60)}`, which is not a time", hint=FORMS)
    if found <= now:
        raise UsageError(f"`{name}` is `{one_line(text, 60)}`, which has passed", hint=FORMS)
    return stamp(found)


def existing_base(ctx: Context, name: str) -> str:
    """Return the name of a base branch. Raises UsageError if there is no such branch."""
    if ctx.code.heads(_ANY, name).base is None:
        raise UsageError(f"there is no branch `{one_line(name, 60)}`", hint="git branch lists the branches")
    return name


def configured_runner(ctx: Context, name: str) -> str:
    """Return the name of a runner. Raises UsageError if it is neither configured nor an agent that is installed."""
    if name in ctx.settings.runners:
        return name
    obstacle = unknown_runner(ctx, name)
    near = did_you_mean(name, list(ctx.settings.runners))
    raise UsageError(obstacle.words, hint=advise(f"{near}; or " if near else "", obstacle.remedy))


def statuses(text: str) -> frozenset[str]:
    """Return the statuses of missions in a list with commas. Raises UsageError for an unknown one."""
    known = [str(one) for one in MissionStatus]
    wanted = frozenset(word.strip().casefold() for word in text.split(",") if word.strip())
    for word in sorted(wanted - {*known}):
        near = did_you_mean(word, known)
        allowed = f"use one of {', '.join(known)}"
        raise UsageError(
            f"`{one_line(word, 40)}` is not a status of a mission", hint="; ".join(filter(None, [near, allowed]))
        )
    return wanted

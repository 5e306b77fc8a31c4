"""What the missions of a repository tell about skills; files that have not changed are not read again."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.errors import MissionError
from mission_cli.domain.skills.skill import SkillStatus
from mission_cli.domain.skills.standing import Past, standings
from mission_cli.domain.status import MissionStatus
from mission_cli.ports.git.skills import Learnt
from mission_cli.ports.git.state import Settled

if TYPE_CHECKING:
    from datetime import datetime

    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.skills.standing import Standing
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import StateStore

_HEADING = "skill learning"
_COMPLETED = pattern(r"^completed:[ \t]*['\"]?(\d{4}-[\w:+.-]+)", re.MULTILINE)
_DONE = pattern(r"^status:[ \t]*['\"]?completed\b", re.MULTILINE)
_FRONT = 20_000
"""The part of a file in which the front matter is, if nothing was learned."""


def known_skills(
    ctx: Context, now: datetime, stack: tuple[str, ...] = (), but: str = "", *, everywhere: bool = False
) -> dict[str, Standing]:
    """Return how all skills stand: those of this repository, and of the person's others with one of the technologies.

    `but`: a mission that does not count. `everywhere`: others count whatever their technologies. A skill that was
    learned here counts as it stands here.
    """
    found: dict[str, Standing] = {}
    words = frozenset(word.casefold() for word in stack)
    for name, store in ctx.skills.elsewhere() if words or everywhere else ():
        with suppress(MissionError):  # what is wrong there is not of this mission
            pasts = [past for past in _pasts(ctx, store, name).values() if everywhere or words & {*past.stack}]
            found |= {skill: one for skill, one in standings(pasts, now, name).items() if skill not in found}
    here = _pasts(ctx, ctx.state, "")
    return found | standings([past for mission, past in here.items() if mission != but], now)


def _pasts(ctx: Context, store: StateStore, place: str) -> dict[str, Past]:
    """Return what the missions of a repository tell, by mission."""
    before = ctx.skills.learnt(place)
    settled = {name: Settled(one.content, MissionStatus.COMPLETED) for name, one in before.items() if one.content}
    snapshot = store.snapshot(settled)
    found: dict[MissionId, Learnt] = {name: before[name] for name in snapshot.settled}
    for name, stored in snapshot.missions.items():
        found[name] = Learnt(stored.content, past_of(stored.text, stored.id))
    if found != before:
        ctx.skills.note(place, found)
    return {name: one.past for name, one in found.items() if one.past is not None}


def past_of(text: str, mission: str) -> Past | None:
    """Return what the file of a mission tells about skills; None if the mission is not completed.

    A file in which nothing was learned is not read as a whole.
    """
    front = text[:_FRONT]
    if _HEADING not in text.casefold():
        found = _COMPLETED.search(front)
        return Past(mission, found[1]) if found and _DONE.search(front) else None
    read = load_placed(text, mission).mission
    finished = read.status is MissionStatus.COMPLETED
    skills = tuple(s for s in read.learned if finished or s.status is SkillStatus.FORGOTTEN)
    stack = tuple(word.casefold() for word in read.preferences.tech_stack)
    return Past(mission, read.completed, stack, skills) if finished or skills else None

"""Look at the resources that features wait for, when that is due; remember what was found."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import digest, first_error, one_line, parse_stamp, stamp
from mission_cli.domain.errors import MissionError
from mission_cli.domain.resources.rows import Look
from mission_cli.domain.status import EndReason, JobKind, JobState, MissionStatus
from mission_cli.domain.timing.polling import Poll, answered, failed, is_due
from mission_cli.planner.resources.needs import POLLS, poll_name, waited_for
from mission_cli.ports.executor import Caps, JobSpec, Program, SandboxAccess, Tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.resources.rows import Resource
    from mission_cli.domain.runs.jobs import Job
    from mission_cli.engine.context import Context

THERE = "there"
_SECONDS = 60
"""The longest time that the command of a row may take."""
_SOON = timedelta(seconds=10)
_LONGEST = 200


def look_at_resources(
    ctx: Context, mission: Mission, now: datetime, base: Sha | None, *, ask: bool
) -> tuple[Mapping[str, Look], datetime | None]:
    """Return what is known of the resources that features wait for, by key, and when something is looked at next.

    With `ask` they are looked at if that is due.
    """
    before = ctx.runtime.outside(mission.id)
    waited = [one for one in waited_for(mission, now) if not one.is_over(now)]
    if not waited:
        return {}, None
    may_ask = ask and mission.status is MissionStatus.ACTIVE
    polls, again = dict(before.polls), []
    for one in waited:
        name = poll_name(one)
        poll = polls.get(name, Poll())
        if may_ask and is_due(poll, now):
            poll = _asked(ctx, mission, one, poll, base)
            polls[name] = poll
        again.append(parse_stamp(poll.again))
    names = {poll_name(one) for one in waited}
    polls = {name: poll for name, poll in polls.items() if name in names or not name.startswith(POLLS)}
    if may_ask and polls != before.polls:
        ctx.runtime.note_outside(mission.id, replace(ctx.runtime.outside(mission.id), polls=polls))
    known = {one.key: polls.get(poll_name(one), Poll()) for one in waited}
    found = {key: Look(poll.value == THERE and not poll.trouble, poll.trouble) for key, poll in known.items()}
    return found, min((moment for moment in again if moment is not None), default=None)


def _asked(ctx: Context, mission: Mission, one: Resource, poll: Poll, base: Sha | None) -> Poll:
    """Return what a look at a resource finds; while its command runs, what was known before."""
    now = ctx.clock.now()
    if one.check:
        return _commanded(ctx, mission, one, poll, base) if base is not None else poll
    if not ctx.probes.can_tell(one):
        return poll
    try:
        found = ctx.probes.look(one)
    except MissionError as error:
        return failed(poll, one_line(error.message, _LONGEST), now)
    return answered(poll, THERE, now) if found.there else failed(poll, one_line(found.words, _LONGEST), now)


def _commanded(ctx: Context, mission: Mission, one: Resource, poll: Poll, base: Sha) -> Poll:
    """Start the command of a row, or take its result."""
    now = ctx.clock.now()
    key = check_key(mission, one, poll)
    job = ctx.executor.poll([key])[key]
    if job.state is JobState.UNKNOWN:
        ctx.executor.submit(check_spec(ctx, one, key, base))
    if job.state is not JobState.ENDED or job.exit is None:
        return replace(poll, again=stamp(now + _SOON))
    words = why_failed(ctx, job)
    return failed(poll, words, now) if words else replace(answered(poll, THERE, now), changed=stamp(now))


def check_key(mission: Mission, one: Resource, poll: Poll) -> str:
    """Return the executor's key for one look by a command: another one for each look."""
    what = digest("\0".join([one.key, one.check, one.reference, poll.changed, str(poll.failures)]))
    return f"{mission.id}/checks/resource-{what}.1"


def check_spec(ctx: Context, one: Resource, key: str, base: Sha) -> JobSpec:
    """Return the job of the command of a row: like a check, and with the value of that resource alone."""
    secrets = {one.env: one.reference} if one.env and not one.is_proxied else {}
    return JobSpec(
        key=key,
        kind=JobKind.CHECK,
        tree=Tree(commit=base),
        program=Program(argv=("/bin/sh", "-c", one.check), env=ctx.settings.tree.env, secrets=secrets),
        caps=Caps(deadline_s=_SECONDS),
        sandbox=SandboxAccess(on=ctx.machine.sandbox().on),
    )


def why_failed(ctx: Context, job: Job) -> str:
    """Return why the command of a row did not succeed; empty if it did."""
    end = job.exit
    if end is None or (end.reason, end.code) == (EndReason.EXIT, 0):
        return ""
    if end.reason is not EndReason.EXIT:
        return one_line(end.detail or str(end.reason), _LONGEST)
    said = first_error(ctx.secrets.scrub(job.tail))
    return one_line(f"its command ended with {end.code}" + (f": {said}" if said else ""), _LONGEST)

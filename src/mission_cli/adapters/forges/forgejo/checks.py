"""Checks on a commit, which are commit statuses; and the log and the rerun of a job of Actions, where there are any."""

from __future__ import annotations

import re
from fnmatch import translate
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line
from mission_cli.adapters.forges.forgejo.models import Job, Jobs, Run, Statuses, read, read_all
from mission_cli.adapters.forges.forgejo.repository import required
from mission_cli.adapters.forges.forgejo.session import NOT_FOUND, PAGE
from mission_cli.adapters.forges.reading import LOG_BYTES, end_of_log
from mission_cli.domain.errors import ForgeError, ForgeTrouble
from mission_cli.domain.forge.facts import Check, CheckOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mission_cli.adapters.forges.forgejo.models import Status
    from mission_cli.adapters.forges.forgejo.session import Session

_STATES = {
    "success": CheckOutcome.PASSED,
    "skipped": CheckOutcome.PASSED,
    "warning": CheckOutcome.FAILED,
    "failure": CheckOutcome.FAILED,
    "pending": CheckOutcome.PENDING,
    "error": CheckOutcome.INFRASTRUCTURE,
}
_CANCELLED = "has been cancelled"
"""What Actions say of a job that was cancelled; its state is that of a failed one."""
_WORST = [
    CheckOutcome.FAILED,
    CheckOutcome.INFRASTRUCTURE,
    CheckOutcome.ACTION,
    CheckOutcome.PENDING,
    CheckOutcome.PASSED,
]
_JOB = pattern(r"/actions/runs/(?P<run>\d+)/jobs/(?P<job>\d+)\Z")
_GLOB = pattern(r"[*?\[{]")
_BRACES = pattern(r"\{([^{}]*)\}")
_NONE = frozenset({NOT_FOUND, 405})


def checks_on(session: Session, head: str, base: str) -> tuple[Check, ...]:
    """Return the newest check of each name on a commit, sorted by name; more requests only beyond 50.

    A required check of the base that is a pattern is a check of its own: as bad as the worst one that it matches.
    """
    found: dict[str, Check] = {}
    page = 1
    while True:
        data = session.get("commits", head, "status", page=page, limit=PAGE).data
        statuses = read(Statuses, data or {}).statuses or []  # without any, some versions answer nothing
        found |= {one.context: _check(one) for one in statuses}
        if len(statuses) < PAGE:
            break
        page += 1
    branch = session.branch(base) if found else None
    for name in required(branch) if branch is not None else ():
        matching = [check for check in found.values() if matches(name, check.name)]
        if name not in found and matching:
            worst = min(matching, key=lambda check: _WORST.index(check.outcome))
            found[name] = Check(name, worst.outcome, worst.id, worst.url, f"{worst.name}: {worst.detail}")
    return tuple(found[name] for name in sorted(found))


def matches(wanted: str, name: str) -> bool:
    """Whether a check is one that a required check names, which may be a pattern with `*`, `?`, `[…]`, `{a,b}`."""
    if not _GLOB.search(wanted):
        return wanted == name
    return any(re.fullmatch(translate(one.replace("[^", "[!")), name) for one in _without_braces(wanted))


def log_of(session: Session, check: Check) -> str:
    """Return the end of the log of a job; empty for other statuses, and on a forge that does not give logs."""
    job = _job_of(session, check)
    if job is None:
        return ""
    return end_of_log(
        session.client.tail(session.path("actions", "jobs", job.id, "logs"), LOG_BYTES, accept=_NONE) or ""
    )


def run_again(session: Session, check: Check) -> bool:
    """Run a job again; False for other statuses, and on a forge that does not do that."""
    run = _run_of(session, check)
    job = _job_of(session, check, run)
    if run is None or job is None:
        return False
    path = ("actions", "runs", run.id, "jobs", job.id, "rerun")
    try:
        return session.write("POST", *path, accept=_NONE).status not in _NONE
    except ForgeError as error:
        if error.trouble is ForgeTrouble.REFUSED:
            return False
        raise


def _check(one: Status) -> Check:
    detail = one_line(one.description or "", 300)
    outcome = _STATES.get(one.status, CheckOutcome.FAILED)
    if outcome is CheckOutcome.FAILED and detail.lower() == _CANCELLED:
        outcome = CheckOutcome.INFRASTRUCTURE
    url = one.target_url or ""
    job = _JOB.search(url)
    return Check(one.context, outcome, f"{job['run']}/{job['job']}" if job else "", url, detail)


def _run_of(session: Session, check: Check) -> Run | None:
    number = check.id.partition("/")[0]
    if not number.isdecimal():
        return None
    answer = session.get("actions", "runs", accept={NOT_FOUND}, run_number=number, limit=PAGE)
    if answer.status == NOT_FOUND:
        session.repository()  # raises if it is the repository that does not exist
        return None
    listed = answer.data.get("workflow_runs") if isinstance(answer.data, dict) else None
    found: Iterable[Run] = read_all(Run, listed or [])
    return next((one for one in found if number in {str(one.run_number), str(one.index_in_repo)}), None)


def _job_of(session: Session, check: Check, run: Run | None = None) -> Job | None:
    """Return the job of a check, whose id is the number of the run and the position of the job in it."""
    run = run or _run_of(session, check)
    if run is None:
        return None
    answer = session.get("actions", "runs", run.id, "jobs", accept=_NONE, limit=PAGE)
    jobs = [] if answer.status in _NONE else read(Jobs, answer.data or {}).jobs or []
    position = int(check.id.partition("/")[2])
    return jobs[position] if position < len(jobs) else None


def _without_braces(wanted: str) -> list[str]:
    found = _BRACES.search(wanted)
    if not found:
        return [wanted]
    before, after = wanted[: found.start()], wanted[found.end() :]
    return [one for part in found[1].split(",") for one in _without_braces(f"{before}{part}{after}")]

"""Checks on a commit: check runs and commit statuses, their logs, and running them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line
from mission_cli.adapters.forges.github.models import Annotation, CheckRun, Status, read, read_all, read_list
from mission_cli.domain.errors import ForgeError, ForgeTrouble
from mission_cli.domain.forge.facts import Check, CheckOutcome

if TYPE_CHECKING:
    from mission_cli.adapters.forges.github.session import Session

_PAGE = 100
_LOG_BYTES = 24_000
_LOG_LINES = 100
_MOST_ANNOTATIONS = 50
_ACTIONS = "github-actions"
_CONCLUSIONS = {
    "success": CheckOutcome.PASSED,
    "neutral": CheckOutcome.PASSED,
    "skipped": CheckOutcome.PASSED,
    "failure": CheckOutcome.FAILED,
    "timed_out": CheckOutcome.FAILED,
    "cancelled": CheckOutcome.INFRASTRUCTURE,
    "stale": CheckOutcome.INFRASTRUCTURE,
    "startup_failure": CheckOutcome.INFRASTRUCTURE,
    "action_required": CheckOutcome.ACTION,
}
_STATES = {
    "success": CheckOutcome.PASSED,
    "pending": CheckOutcome.PENDING,
    "failure": CheckOutcome.FAILED,
    "error": CheckOutcome.INFRASTRUCTURE,
}
_WORSE = list(CheckOutcome)
_TIMES = pattern(r"(?m)^\ufeff?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z ")
_ESCAPES = pattern(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_NO_LOG = frozenset({403, 404, 410})
_NOT_AGAIN = ("cannot be retried", "already running", "cannot be rerun", "unable to re-run", "unable to retry")
"""What GitHub says with the status of a lacking right if the run is too old or still running."""


def checks_on(session: Session, head: str) -> tuple[Check, ...]:
    """Return the newest check of each name on a commit, sorted by name. Two requests, more beyond 100 checks.

    A check run and a commit status of the same name both have to pass, so the worse one counts.
    """
    runs = read_all(
        CheckRun,
        session.client.pages(
            session.path("commits", head, "check-runs"), {"filter": "latest", "per_page": _PAGE}, "check_runs"
        ),
    )
    statuses = read_all(
        Status, session.client.pages(session.path("commits", head, "status"), {"per_page": _PAGE}, "statuses")
    )
    found = {one.name: _of_run(one) for one in sorted(runs, key=lambda run: run.id)}
    for status in statuses:
        check = _of_status(status)
        other = found.get(check.name)
        found[check.name] = check if other is None or other.outcome is CheckOutcome.PASSED else other
    return tuple(found[name] for name in sorted(found))


def log_of(session: Session, check: Check) -> str:
    """Return annotations and the end of the log of a check; old logs are deleted, and some tokens may not read them."""
    kind, _, number = check.id.partition(":")
    if not number:
        return ""
    notes = session.get("check-runs", number, "annotations", per_page=_MOST_ANNOTATIONS).data
    lines = [_annotation(one) for one in read_list(Annotation, notes)]
    if kind == "job":
        tail = session.client.tail(session.path("actions", "jobs", number, "logs"), _LOG_BYTES, accept=_NO_LOG) or ""
    else:
        output = read(CheckRun, session.get("check-runs", number).data).output
        tail = "\n\n".join(part for part in (output.title, output.summary, output.text) if part)
    return "\n".join([*lines, *_end(tail)])


def run_again(session: Session, check: Check) -> bool:
    """Run a check again; False if GitHub does not do that for this check."""
    kind, _, number = check.id.partition(":")
    if not number:
        return False
    job = session.path("actions", "jobs", number, "rerun")
    path = job if kind == "job" else session.path("check-runs", number, "rerequest")
    try:
        session.client.write("POST", path)
    except ForgeError as error:
        if error.trouble is ForgeTrouble.REFUSED or any(words in error.message.lower() for words in _NOT_AGAIN):
            return False
        raise
    return True


def _of_run(run: CheckRun) -> Check:
    by_actions = run.app is not None and run.app.slug == _ACTIONS
    return Check(
        name=run.name,
        outcome=_outcome(run),
        id=f"{'job' if by_actions else 'run'}:{run.id}",
        url=run.html_url or run.details_url or "",
        detail=one_line(run.output.title or run.output.summary or "", 300),
    )


def _outcome(run: CheckRun) -> CheckOutcome:
    if run.status == "waiting":
        return CheckOutcome.ACTION
    if run.status != "completed":
        return CheckOutcome.PENDING
    if run.conclusion == "timed_out" and run.started_at is None:
        return CheckOutcome.INFRASTRUCTURE
    return _CONCLUSIONS.get(run.conclusion or "", CheckOutcome.FAILED)


def _of_status(status: Status) -> Check:
    outcome = _STATES.get(status.state, CheckOutcome.FAILED)
    return Check(status.context, outcome, url=status.target_url or "", detail=one_line(status.description or "", 300))


def _annotation(one: Annotation) -> str:
    said = ": ".join(part for part in (one.title, one.message) if part)
    where = f"{one.path}:{one.start_line}: " if one.path and one.path != ".github" else ""
    return f"{where}{one.annotation_level or 'notice'}: {one_line(said, 1000)}"


def _end(log: str) -> list[str]:
    clean = _ESCAPES.sub("", _TIMES.sub("", log.replace("\r\n", "\n")))
    return clean.rstrip().split("\n")[-_LOG_LINES:] if clean.strip() else []

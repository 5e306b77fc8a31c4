"""Checks on the head of a merge request: jobs and statuses from outside, the pipeline as a whole, and status checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line
from mission_cli.adapters.forges.gitlab.models import Job, Status, StatusCheck, read_all
from mission_cli.adapters.forges.gitlab.project import PIPELINE
from mission_cli.adapters.forges.gitlab.session import HIDDEN, NOT_FOUND, PAGE
from mission_cli.adapters.forges.reading import LOG_BYTES, end_of_log
from mission_cli.domain.errors import ForgeError, ForgeTrouble
from mission_cli.domain.forge.facts import Check, CheckOutcome

if TYPE_CHECKING:
    from mission_cli.adapters.forges.gitlab.models import MergeRequest
    from mission_cli.adapters.forges.gitlab.session import Session

_STATES = {
    "success": CheckOutcome.PASSED,
    "passed": CheckOutcome.PASSED,
    "skipped": CheckOutcome.PASSED,
    "failed": CheckOutcome.FAILED,
    "canceled": CheckOutcome.INFRASTRUCTURE,
    "canceling": CheckOutcome.INFRASTRUCTURE,
    "manual": CheckOutcome.ACTION,
}
"""Anything else has not ended."""
_NOT_ABOUT_THE_WORK = frozenset(
    {
        "api_failure",
        "runner_system_failure",
        "stuck_or_timeout_failure",
        "scheduler_failure",
        "data_integrity_failure",
        "stale_schedule",
        "no_matching_runner",
        "runner_unsupported",
        "failed_outdated_deployment_job",
    }
)
"""Why a job may have failed without judging the work."""
_JOB = pattern(r"/(?:jobs|builds)/(?P<id>\d+)\Z")
_NOT_AGAIN = ("not retryable", "cannot be retried", "already")


def checks_on(session: Session, one: MergeRequest) -> tuple[Check, ...]:
    """Return the newest check of each name on the head, sorted by name. One request, more if a job failed.

    The pipeline as a whole is a check if the project demands that it succeeds, and external status checks are if the
    project demands them; the worse one of a name counts.
    """
    project = session.project()
    found: dict[str, Check] = {}
    where = one.head_pipeline.sha if one.head_pipeline and one.head_pipeline.sha else one.sha
    statuses = read_all(Status, session.pages("repository", "commits", where, "statuses")) if where else []
    for status in sorted(statuses, key=lambda status: status.id):
        found[status.name] = _of_status(status)
    if any(check.outcome is CheckOutcome.FAILED and check.id for check in found.values()) and one.head_pipeline:
        _say_why(session, one.head_pipeline.id, found)
    if project.only_allow_merge_if_pipeline_succeeds and one.head_pipeline is not None:
        pipeline = one.head_pipeline
        outcome = _STATES.get(pipeline.status, CheckOutcome.PENDING)
        found[PIPELINE] = Check(PIPELINE, outcome, f"pipeline:{pipeline.id}", pipeline.web_url, pipeline.status)
    if project.only_allow_merge_if_all_status_checks_passed:
        answer = session.get("merge_requests", one.iid, "status_checks", accept=HIDDEN, per_page=PAGE)
        for check in read_all(StatusCheck, [] if answer.status in HIDDEN else answer.data):
            outcome = _STATES.get(check.status, CheckOutcome.PENDING)
            other = found.get(check.name)
            if other is None or other.outcome is CheckOutcome.PASSED:
                found[check.name] = Check(check.name, outcome, other.id if other else "", check.external_url or "")
    return tuple(found[name] for name in sorted(found))


def log_of(session: Session, check: Check) -> str:
    """Return the end of the log of a job; of a pipeline that of its first failed job. Other statuses have none."""
    kind, _, number = check.id.partition(":")
    if kind == "pipeline":
        failed = _failed(session, number)
        if not failed:
            return ""
        first = min(failed, key=lambda job: job.id)
        log = _trace(session, str(first.id))
        return "\n".join([f"failed: {', '.join(sorted(job.name for job in failed))}", f"{first.name}:", log])
    return _trace(session, number) if kind == "job" else ""


def run_again(session: Session, check: Check) -> bool:
    """Run a job again, or the failed jobs of a pipeline; False if GitLab does not do that."""
    kind, _, number = check.id.partition(":")
    if kind not in {"job", "pipeline"}:
        return False
    try:
        session.write("POST", f"{kind}s", number, "retry")
    except ForgeError as error:
        if error.trouble is ForgeTrouble.REFUSED or any(words in error.message.lower() for words in _NOT_AGAIN):
            return False
        raise
    return True


def _of_status(one: Status) -> Check:
    outcome = _STATES.get(one.status, CheckOutcome.PENDING)
    detail = one_line(one.description or "", 300)
    if one.allow_failure and outcome in {CheckOutcome.FAILED, CheckOutcome.INFRASTRUCTURE, CheckOutcome.ACTION}:
        outcome, detail = CheckOutcome.PASSED, f"{one.status}, which is allowed"
    url = one.target_url or ""
    job = _JOB.search(url)
    return Check(one.name, outcome, f"job:{one.id}" if job and job["id"] == str(one.id) else "", url, detail)


def _say_why(session: Session, pipeline: int, found: dict[str, Check]) -> None:
    """Look up why jobs failed: the runner may have been lost."""
    for job in _failed(session, pipeline):
        check = found.get(job.name)
        if check is not None and check.id == f"job:{job.id}":
            lost = job.failure_reason in _NOT_ABOUT_THE_WORK
            outcome = CheckOutcome.INFRASTRUCTURE if lost else check.outcome
            detail = check.detail or (job.failure_reason or "").replace("_", " ")
            found[job.name] = replace(check, outcome=outcome, detail=detail)


def _failed(session: Session, pipeline: object) -> list[Job]:
    path = session.path("pipelines", pipeline, "jobs")
    answer = session.client.get(path, {"scope[]": "failed", "per_page": PAGE}, accept={NOT_FOUND})
    if answer.status == NOT_FOUND:
        session.project(again=True)  # raises if it is the project that does not exist
        return []
    return read_all(Job, answer.data or [])


def _trace(session: Session, job: str) -> str:
    log = session.client.tail(session.path("jobs", job, "trace"), LOG_BYTES, accept={NOT_FOUND})
    if log is None:
        session.project(again=True)  # raises if it is the project that does not exist
    return end_of_log(log or "")

"""Find the cause of a run's end from its exit file and its commits, before any criterion runs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.text import one_line, show_duration, span_of
from mission_cli.domain.branches.refs import run_branch
from mission_cli.domain.budget.amounts import seconds_as_hours
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import Cause, EndReason, RecordState

if TYPE_CHECKING:
    from mission_cli.domain.runs.evidence import Evidence
    from mission_cli.domain.runs.jobs import Exit
    from mission_cli.domain.runs.record import RunRecord

CANNOT_EXECUTE = frozenset({126, 127})
_BY_REASON = {
    EndReason.DEADLINE: Cause.DEADLINE,
    EndReason.OVER_BUDGET: Cause.OVER_BUDGET,
    EndReason.TOO_MANY_STEPS: Cause.TOO_MANY_STEPS,
    EndReason.STALLED: Cause.STALLED,
    EndReason.CUT: Cause.PROVIDER_ERROR,
    EndReason.LIMITED: Cause.RATE_LIMIT,
    EndReason.SETUP_FAILED: Cause.INFRASTRUCTURE,
    EndReason.NOT_STARTED: Cause.INFRASTRUCTURE,
    EndReason.CANCELLED: Cause.STOPPED,
}
_LOST = "its supervisor died"
_LONGEST_DETAIL = 500


@dataclass(frozen=True, slots=True)
class Ending:
    """Why an attempt ended, found without running its criteria."""

    cause: Cause
    detail: str


def closed(record: RunRecord, end: Exit, cause: Cause, detail: str, ended: str) -> RunRecord:
    """Return the settled record of a job of any kind: what its exit file says, and why it ended.

    `ended` is an ISO 8601 time, used if the exit file has none.
    """
    return replace(
        record,
        state=RecordState.SETTLED,
        cause=cause,
        detail=one_line(detail, _LONGEST_DETAIL),
        started=end.started,
        ended=end.ended or ended,
        exit=end.told,
        usage=replace(end.report.usage or Usage(), hours=seconds_as_hours(end.seconds)),
        verdict="passed" if cause is Cause.DONE else str(cause),
        session=end.report.session,
        steps=end.report.steps,
        reset_at=end.report.reset_at,
        last_words=end.report.answer or end.report.last_words,
        transcript=end.report.transcript,
    )


def unproven(end: Exit, evidence: Evidence) -> bool:
    """Whether a run ended successfully without a commit: its work may have been done before."""
    good = (end.reason, end.code, end.report.cause) == (EndReason.EXIT, 0, None)
    odd = evidence.commits or evidence.findings or evidence.elsewhere or evidence.trouble or evidence.secrets
    return good and not odd


def ending(end: Exit, evidence: Evidence, run: str, *, provable: bool = False, research: bool = False) -> Ending | None:
    """Return the cause if it does not depend on the criteria; None if they decide.

    `provable`: the feature has criteria that can be run, which also judge commits with only white space or empty files.
    `research`: findings are a result, with or without a change of code.
    """
    if end.reason in _BY_REASON:
        return Ending(_BY_REASON[end.reason], end.detail or _reason_words(end))
    if evidence.secrets or evidence.unfit:
        return _not_brought_over(evidence)
    protected = ", ".join(evidence.protected[:5])
    if protected or end.report.asked:  # what asks is not finished, with or without commits
        words = f"it changed protected paths: {protected}"
        return Ending(Cause.TAMPERED, words) if protected else Ending(Cause.QUESTION, end.report.detail)
    if not evidence.commits:
        return None if research and evidence.findings else _without_commits(end, evidence, run)
    if not evidence.substantial and not provable:
        return Ending(Cause.WRONG_OUTPUT, "its commits change nothing but white space or empty files")
    if evidence.unrelated:
        words = "its commits have no history in common with finished work: they must follow the commit it started from"
        return Ending(Cause.WRONG_OUTPUT, words)
    if evidence.conflicts:
        return Ending(Cause.CONFLICT, f"it conflicts with finished work in {', '.join(evidence.conflicts[:5])}")
    return None


def _not_brought_over(evidence: Evidence) -> Ending:
    """Return the ending for commits that cannot be fetched: they contain a secret, or no clone can check them out.

    The detail contains the line for `.mission.toml` that allows a false positive.
    """
    if not evidence.secrets:
        return Ending(Cause.WRONG_OUTPUT, f"its commits cannot be checked out: {'; '.join(evidence.unfit[:5])}")
    found = evidence.secrets[:5]
    places = [*dict.fromkeys(re.sub(r"(:\d+)? \([^()]*\)\Z", "", secret) for secret in found)]
    line = f"secret_exceptions = {json.dumps(places, ensure_ascii=False)}"
    words = f"its commits contain a secret: {', '.join(found)}"
    return Ending(Cause.TAMPERED, f"{words}; if it is not a secret, a person adds `{line}` to .mission.toml")


def cause_of_end(end: Exit) -> tuple[Cause, str] | None:
    """Return cause and detail of a failed run from its exit alone; None if its work has to be looked at."""
    if end.reason in _BY_REASON:
        return _BY_REASON[end.reason], end.detail or _reason_words(end)
    if end.reason is EndReason.LOST:
        return Cause.LOST, end.detail or _LOST
    if end.report.cause is not None:
        return end.report.cause, end.report.detail or str(end.report.cause)
    if end.code in CANNOT_EXECUTE:
        return Cause.INFRASTRUCTURE, f"the runner's command could not be executed (exit {end.code})"
    if end.code is not None and end.code < 0:
        return Cause.KILLED, f"killed from outside by signal {-end.code}"
    if end.code:
        return Cause.WRONG_OUTPUT, f"exit {end.code}"
    return None


def _reason_words(end: Exit) -> str:
    seconds = show_duration(span_of(end.seconds))
    return {
        EndReason.DEADLINE: f"stopped by its deadline after {seconds}",
        EndReason.OVER_BUDGET: "stopped at its budget",
        EndReason.TOO_MANY_STEPS: "stopped at its step limit",
        EndReason.STALLED: "stopped because it stalled",
        EndReason.CUT: "stopped because the model's stream kept breaking off",
        EndReason.LIMITED: "stopped because it waited for a rate limit to end",
        EndReason.SETUP_FAILED: "the setup of its tree failed",
        EndReason.NOT_STARTED: "it could not be started",
        EndReason.CANCELLED: "stopped by a person",
    }[end.reason]


def _without_commits(end: Exit, evidence: Evidence, run: str) -> Ending:
    if end.reason is EndReason.LOST:
        return Ending(Cause.LOST, f"{end.detail or _LOST}, and it left no commit")
    if end.report.cause is not None and end.reason is EndReason.EXIT:
        return Ending(end.report.cause, end.report.detail or str(end.report.cause))
    if evidence.elsewhere:
        where = ", ".join(evidence.elsewhere[:3])
        return Ending(Cause.WRONG_OUTPUT, f"its commits are on {where}, not on {run_branch(run)}")
    if evidence.trouble:
        return Ending(Cause.WRONG_OUTPUT, f"its branch cannot be fetched: {evidence.trouble}")
    if end.code in CANNOT_EXECUTE:
        return Ending(Cause.INFRASTRUCTURE, f"the runner's command could not be executed (exit {end.code})")
    if end.code is not None and end.code < 0:
        return Ending(Cause.KILLED, f"killed from outside by signal {-end.code}, without a commit")
    if end.code or evidence.findings:
        found = f"it left findings ({', '.join(evidence.findings[:3])}) and no change of code"
        return Ending(Cause.WRONG_OUTPUT, found if evidence.findings else f"exit {end.code} without a commit")
    return Ending(Cause.NOOP, "it ended with exit 0 and left no commit")

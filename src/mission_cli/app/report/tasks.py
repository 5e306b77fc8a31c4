"""Turn features into tasks of a report: attempts, verdicts, files, tests and reviews."""

from __future__ import annotations

from decimal import Decimal
from statistics import mean
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.app.results.mission_report import (
    ReportedAttempt,
    ReportedFinding,
    ReportedReview,
    ReportedTask,
    ReportedTopic,
    ReportedVerdict,
    TaskOutcome,
)
from mission_cli.domain.ids import attempt_name
from mission_cli.domain.judging.test_results import from_lines
from mission_cli.domain.research.topics import SECTION as RESEARCH
from mission_cli.domain.status import Cause, FeatureStatus
from mission_cli.engine.recording.credits import agent_of
from mission_cli.planner.reviewing.reviews import reviewer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.branches.landing import LandedFile
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.evidence.verdicts import RecordedVerdict
    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.ports.git.code import CodeRepo

_MS_PER_HOUR = 3_600_000
_SECONDS_PER_HOUR = 3600
_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Work:
    """The files that the work of a feature changed."""

    files: tuple[LandedFile, ...] = ()
    created: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()


def task_of(code: CodeRepo, mission: Mission, feature: Feature, records: Sequence[RunRecord]) -> ReportedTask:
    """Return the task of a feature; `records` are all run records of the mission."""
    mine = sorted((r for r in records if r.feature == feature.number), key=lambda r: r.attempt)
    done = next((r for r in reversed(mine) if r.cause is Cause.DONE), None)
    judged = done if done is not None and done.judged else next((r for r in reversed(mine) if r.judged), None)
    work = work_of(code, done) if done is not None else Work()
    reviews = [review_of(mission, r) for r in records if r.reviewing and r.about == feature.number and not r.open]
    told = done or judged
    return ReportedTask(
        title=feature.title,
        status="done" if feature.status is FeatureStatus.DONE else "failed",
        duration=int(sum((r.usage.hours for r in mine), Decimal(0)) * _MS_PER_HOUR),
        score=average(reviews),
        filesCreated=work.created,
        filesEdited=work.edited,
        outcomes=outcomes_of(mission, feature.number),
        number=feature.number,
        milestone=int(feature.number.partition(".")[0]),
        state=str(feature.status or feature.raw_status),
        retries=max(0, len(mine) - 1),
        usd=sum((r.usage.usd for r in mine if r.usage.usd is not None), Decimal(0)),
        unknown=sum(r.usage.usd is None for r in mine if not r.open),
        tokens=sum(r.usage.total_tokens for r in mine),
        files=work.files,
        verdicts=[*map(verdict_shown, judged.judged)] if judged is not None else [*_results(feature.criteria)],
        attempts=[*map(attempt_shown, mine)],
        tests=[*from_lines(told.evidence.splitlines())] if told is not None else [],
        reviews=reviews,
    )


def work_of(code: CodeRepo, record: RunRecord) -> Work:
    """Return the files that a finished attempt changed: from its commits, else from the list in its record."""
    start, tip = (code.find_commit(name) if name else None for name in (record.base, record.head))
    if start is None or tip is None:
        marker = "changed: "
        names = [line.removeprefix(marker) for line in record.evidence.splitlines() if line.startswith(marker)]
        return Work(edited=tuple(names))
    files = code.content(start, tip).files
    before = code.read(start, [file.path for file in files])
    created = tuple(file.path for file in files if file.path not in before)
    return Work(files, created, tuple(file.path for file in files if file.path in before))


def verdict_shown(verdict: RecordedVerdict) -> ReportedVerdict:
    """Return a recorded verdict in the form of a report."""
    return ReportedVerdict(
        verdict.criterion,
        verdict.kind,
        verdict.verdict,
        verdict.at,
        verdict.commit,
        verdict.exit,
        verdict.output,
        verdict.digest,
        verdict.side,
    )


def results_of(criteria: Sequence[Criterion]) -> list[ReportedVerdict]:
    """Return the results in the mission file, for missions of older versions, which recorded nothing else."""
    return [*_results(criteria)]


def _results(criteria: Sequence[Criterion]) -> Iterator[ReportedVerdict]:
    for one in criteria:
        if one.result is not None:
            result = one.result
            yield ReportedVerdict(one.text, one.kind, result.verdict, result.at, result.commit, "", "", "", "")


def outcomes_of(mission: Mission, feature: str = "") -> list[TaskOutcome]:
    """Return the outcomes of a feature; without one, those of the whole mission."""
    rows = [row.cells for row in mission.kept if row.section == "Outcomes"]
    names = ("type", "label", "value", "feature", "date")
    found = [TaskOutcome(*(row.get(name, "") for name in names)) for row in rows]
    return [one for one in found if not feature or one.feature.strip() == feature]


def topics_of(mission: Mission) -> list[ReportedTopic]:
    """Return what is known about topics, as the mission file says."""
    rows = [row.cells for row in mission.kept if row.section == RESEARCH]
    names = ("topic", "summary", "source", "date")
    return [ReportedTopic(*(row.get(name, "").strip("`") for name in names)) for row in rows]


def review_of(mission: Mission, record: RunRecord) -> ReportedReview:
    """Return a settled review, without score and findings if it is inconclusive."""
    from mission_cli.domain.reviews.answer import UnreadableError, read_answer  # pydantic: only where there are reviews

    names = tuple(d.name for d in mission.reviews.dimensions)
    plain = ReportedReview(record.about, reviewer(record), None, record.detail, record.usage.usd, [])
    try:
        answer = read_answer(record.last_words, len(record.criteria), names) if record.cause is Cause.DONE else None
    except UnreadableError:
        return plain
    if answer is None:
        return plain
    scores = [score for one in answer.criteria for score in one.scores.values()]
    findings = [ReportedFinding(f.title, f.body, f.file, f.first_line, f.priority) for f in answer.findings]
    score = Decimal(str(mean(scores))).quantize(_TENTH) if scores else None
    return ReportedReview(record.about, reviewer(record), score, answer.summary, record.usage.usd, findings)


def average(reviews: Sequence[ReportedReview]) -> Decimal | None:
    """Return the mean score of reviews; None if there is none."""
    scores = [review.score for review in reviews if review.score is not None]
    return (sum(scores, Decimal(0)) / len(scores)).quantize(_TENTH) if scores else None


def attempt_shown(record: RunRecord) -> ReportedAttempt:
    """Return an attempt in the form of a report."""
    return ReportedAttempt(
        name=attempt_name(record.run),
        agent=(f"by {record.by}" if record.by else agent_of(record))
        + (f" on {record.ran_on}" if record.ran_on else ""),
        cause=str(record.cause or ""),
        detail=record.detail,
        started=record.started,
        ended=record.ended,
        seconds=(record.usage.hours * _SECONDS_PER_HOUR).quantize(_TENTH),
        usd=record.usage.usd,
        tokens=record.usage.total_tokens,
        verdicts=[*map(verdict_shown, record.judged)],
        ran_on=record.ran_on,
    )

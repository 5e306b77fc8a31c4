"""Observations that are worth an issue, by pure rules over the mission file and the run records."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.shown import dollars, quantity_of
from mission_cli._support.text import counted, one_line
from mission_cli.domain.agents.drafts import DraftKind, Fate, rows_of
from mission_cli.domain.agents.effect import effect_of
from mission_cli.domain.events import EventKind
from mission_cli.domain.feedback.rows import AGENT, MISSION, REPOSITORY, Observation, Signal
from mission_cli.domain.ids import attempt_name
from mission_cli.domain.noted import is_noted
from mission_cli.domain.retrospective.accuracy import measured
from mission_cli.domain.retrospective.attempts import attempts_at_work, of_execution
from mission_cli.domain.retrospective.causes import failures
from mission_cli.domain.status import EXECUTABLE_KINDS, Cause, CriterionKind, RequestStatus, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord

MOST = 12
"""Observations of one mission."""
_TWO = 2
_OF_SIGNATURE = frozenset({Cause.CRITERIA_FAILED, Cause.TOO_MANY_STEPS, Cause.CONFLICT})
_OF_CAUSE = frozenset({Cause.NOOP, Cause.WRONG_OUTPUT, Cause.PERMISSION, Cause.TAMPERED})
"""Ends that say that a worker did not do what it was told, whatever it printed."""
_MISSING = pattern(r"([\w.+-]{1,40}): (?:command )?not found|No module named '?([\w.]{1,60})")
_MOST_MANUAL = 3
_TEXT = 80


def observations(mission: Mission, records: Sequence[RunRecord]) -> tuple[Observation, ...]:
    """Return what is worth an issue, each once."""
    mine = of_execution(mission, records)
    found = [
        *_misunderstood(mission, mine),
        *_by_hand(mission, mine),
        *_missing(mission, mine),
        *_agents(mission, mine),
        *_estimates(mission, records),
        *_validations(mission, mine),
    ]
    return tuple({one.fingerprint: one for one in reversed(found)}.values())[::-1][:MOST]


def _misunderstood(mission: Mission, mine: Sequence[RunRecord]) -> Iterator[Observation]:
    """Yield ways in which workers of one agent failed at two or more features."""
    for one in failures(mission, mine):
        if one.cause in _OF_SIGNATURE and len(one.features) >= _TWO and one.signature:
            facts = (f"{counted(len(one.attempts), 'attempt')} at {counted(len(one.features), 'feature')}", one.words)
            title = f"Workers fail in the same way: {one_line(one.words, _TEXT) or one.cause}"
            target = f"{AGENT}{one.runners[0]}" if len(one.runners) == 1 else REPOSITORY
            cost = f"The attempts cost {dollars(one.used.usd)}"
            yield Observation(Signal.MISUNDERSTOOD, target, title, (*facts, cost), f"{one.cause} {one.signature}")
    for cause in sorted(_OF_CAUSE):
        mine_of = [r for r in attempts_at_work(mine) if r.cause is cause and not r.by]
        if len({r.feature for r in mine_of}) >= _TWO:
            runners = sorted({r.runner for r in mine_of})
            names = ", ".join(attempt_name(r.run) for r in mine_of[:_MOST_MANUAL])
            title = f"Workers do not do what they are told: {cause}"
            facts = (f"{counted(len(mine_of), 'attempt')} ended with {cause}", f"Such as {names}")
            target = f"{AGENT}{runners[0]}" if len(runners) == 1 else REPOSITORY
            yield Observation(Signal.MISUNDERSTOOD, target, title, facts, str(cause))


def _by_hand(mission: Mission, mine: Sequence[RunRecord]) -> Iterator[Observation]:
    hands = {r.feature for r in mine if r.by}
    hands |= {f.number for f in mission.features() if is_noted(mission, EventKind.FEATURE_BY_HAND, f.number)}
    if hands:
        title = "Features were finished by hand: workers need help with them"
        facts = (f"By hand: {', '.join(sorted(hands))}", f"Of {counted(sum(1 for _ in mission.features()), 'feature')}")
        yield Observation(Signal.MANUAL_STEP, REPOSITORY, title, facts, "by hand")
    manual = [(owner, c) for owner, c in _criteria(mission) if c.kind is CriterionKind.MANUAL and c.ticked]
    for owner, criterion in manual[:_MOST_MANUAL]:
        title = f"Check with a program what a person judges: {one_line(criterion.first_line, _TEXT)}"
        facts = (f"A person judged a criterion of {owner}", f"Manual criteria that passed: {len(manual)}")
        yield Observation(Signal.MANUAL_STEP, REPOSITORY, title, facts, f"manual {criterion.first_line.casefold()}")
    asked = [r for r in mission.requests if r.feature and r.status == RequestStatus.ANSWERED]
    if len(asked) >= _TWO:
        title = "Workers had to ask: write down what they need to know"
        numbers = ", ".join(sorted({r.feature for r in asked}))
        facts = (f"{counted(len(asked), 'question')} of workers were answered", f"Features: {numbers}")
        yield Observation(Signal.MANUAL_STEP, REPOSITORY, title, facts, "questions")


def _missing(mission: Mission, mine: Sequence[RunRecord]) -> Iterator[Observation]:
    """Yield programs that a check lacked, and resources that were still missing."""
    programs: Counter[str] = Counter()
    checks: dict[str, str] = {}
    for record in mine:
        could_not = [v for v in record.judged if v.verdict is Verdict.COULD_NOT_RUN and v.kind in EXECUTABLE_KINDS]
        for verdict in could_not:
            checks.setdefault(verdict.criterion, attempt_name(record.run))
        said = f"{record.detail}\n{record.evidence}" if could_not or record.cause is Cause.INFRASTRUCTURE else ""
        programs.update({found[1] or found[2] for found in _MISSING.finditer(said)})
    for owner, criterion in _criteria(mission):
        if criterion.result is not None and criterion.result.verdict is Verdict.COULD_NOT_RUN:
            checks.setdefault(criterion.first_line, owner)
    for name, times in sorted(programs.items()):
        facts = (f"Missing in {counted(times, 'attempt')}",)
        yield Observation(Signal.MISSING_TOOL, REPOSITORY, f"The program {name} is missing for checks", facts, name)
    for text, where in () if programs else sorted(checks.items()):
        title = f"A check cannot run: {one_line(text, _TEXT)}"
        yield Observation(Signal.MISSING_TOOL, REPOSITORY, title, (f"It could not run for {where}",), f"check {text}")
    for row in mission.resources:
        if not row.available:
            title = f"A resource was not provided: {one_line(row.name, _TEXT)}"
            told = (f"It is {row.status}", *([f"For: {row.purpose}"] if row.purpose else []))
            yield Observation(Signal.MISSING_TOOL, REPOSITORY, title, told, f"resource {row.name.casefold()}")


def _agents(mission: Mission, mine: Sequence[RunRecord]) -> Iterator[Observation]:
    """Yield agents of the mission that helped: attempts with them failed less often than before."""
    for row in rows_of(mission):
        effect = effect_of(row.path, "", mine)
        before, after = effect.before, effect.after
        fewer = after.failures * max(before.attempts, 1) < before.failures * max(after.attempts, 1)
        if row.kind is DraftKind.AGENT and row.fate is not Fate.DISCARDED and after.attempts and fewer:
            title = f"Promote the agent {one_line(row.agent, 40)}: workers fail less often with it"
            facts = (
                f"Before: {before.failures} of {counted(before.attempts, 'attempt')} failed",
                f"With it: {after.failures} of {counted(after.attempts, 'attempt')} failed",
                f"Purpose: {one_line(row.purpose, _TEXT)}",
            )
            yield Observation(Signal.DRAFT_AGENT, REPOSITORY, title, facts, row.path)


def _estimates(mission: Mission, records: Sequence[RunRecord]) -> Iterator[Observation]:
    """Yield what took over 50 % more or less than the plan or the forecast said; only figures, no text."""
    for one in measured(mission, records):
        if one.subject or not one.used:
            continue
        kind = "hours" if one.name == "elapsed" else one.name
        expected = {"estimate": one.estimate, "forecast": one.band.p50 if one.band is not None else None}
        for source, amount in expected.items():
            if amount and abs(one.used - amount) * _TWO > amount:
                way = "more" if one.used > amount else "less"
                title = f"The {source} of {one.name} was off by over 50 %: it took {way}"
                facts = (f"Expected: {quantity_of(kind, amount)}", f"Used: {quantity_of(kind, one.used)}")
                yield Observation(Signal.ESTIMATE_OFF, MISSION, title, facts, f"{source} {one.name} {way}")


def _validations(mission: Mission, mine: Iterable[RunRecord]) -> Iterator[Observation]:
    """Yield checks that failed at two or more features or milestones."""
    places: dict[str, set[str]] = {}
    texts: dict[str, str] = {}
    for record in mine:
        for verdict in record.judged:
            if verdict.verdict is Verdict.FAILED and verdict.kind in EXECUTABLE_KINDS and not verdict.side:
                places.setdefault(verdict.rule or verdict.criterion, set()).add(record.feature)
                texts.setdefault(verdict.rule or verdict.criterion, verdict.criterion)
    for milestone in mission.milestones:
        for feature in milestone.features:
            if feature.fixes:
                places.setdefault(feature.fixes, set()).add(str(milestone.number))
                texts.setdefault(feature.fixes, feature.title)
    for rule, where in sorted(places.items()):
        if len(where) >= _TWO:
            title = f"The same check fails again and again: {one_line(texts[rule], _TEXT)}"
            facts = (f"It failed in {', '.join(sorted(where))}", "A hook, or a shared workflow, would find it earlier")
            yield Observation(Signal.VALIDATION, REPOSITORY, title, facts, rule)


def _criteria(mission: Mission) -> Iterator[tuple[str, Criterion]]:
    for milestone in mission.milestones:
        yield from ((f"milestone {milestone.number}", criterion) for criterion in milestone.criteria)
        for feature in milestone.features:
            yield from ((feature.number, criterion) for criterion in feature.criteria)

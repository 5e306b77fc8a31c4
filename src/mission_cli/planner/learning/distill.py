"""Distill skills from facts: run records, results of criteria, answers, messages, research. No model is asked."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import first_error, one_line, parse_stamp, show_duration, signature
from mission_cli.domain.judgments.rules import ADVISER
from mission_cli.domain.research.topics import SECTION as RESEARCH
from mission_cli.domain.skills.skill import Skill, SkillKind, evidence_of, skill_name, skill_text
from mission_cli.domain.status import Cause, CriterionKind, Verdict
from mission_cli.planner.attempts.causes import RULES
from mission_cli.planner.core.phases import sender_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import timedelta

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.runs.record import RunRecord

BASE = {SkillKind.TRAP: 50, SkillKind.CONVENTION: 50, SkillKind.COMMAND: 30, SkillKind.TIMING: 30}
"""The score of a skill with one piece of evidence."""
_MORE, _HIGHEST_FIRST = 10, 80
_LEAST_TIMES = 3
"""Attempts from which a median says something."""
_LONGEST_CRITERION, _LONGEST_ERROR, _LONGEST_TOLD = 80, 160, 100
_MOST_PATHS = 3
_LEAST_NAME = 3
"""Characters of the shortest name of a file that is looked for in an error."""
_FILE = "\N{REPLACEMENT CHARACTER}"
"""What stands for the name of a file."""
_GOOD = frozenset({Verdict.PASSED, Verdict.FLAKY})
_RULE = pattern(r"\b(?:must|never|always|only|do not|don't|avoid|prefer|use|required?)\b", re.IGNORECASE)
"""What makes a result of research a rule."""
_ASKED = pattern(r"\d+\.\d+-a\d+: ")
"""How the question of a worker begins in `## Input Requests`."""
ANSWER = pattern(r"(?P<question>convention-(?:.*-)?[0-9a-f]{8})[0-9a-f]{8}")
"""The name of the skill about an answer: it begins the same for the same question."""
_CHANGED = pattern(r"^changed: (.+)$", re.MULTILINE)


def distilled(mission: Mission, records: Sequence[RunRecord], setup: str = "") -> tuple[Skill, ...]:
    """Return what a mission shows, each skill once; `setup` prepared its clones."""
    attempts = [r for r in records if not (r.planning or r.answering or r.open)]
    found: dict[str, Skill] = {}
    for skill in (
        *traps(mission, attempts),
        *_commands(mission, attempts, setup),
        *_told(mission, attempts),
        *_answered(mission),
        *_researched(mission, attempts),
        *_timings(attempts),
    ):
        before = found.get(skill.name)
        found[skill.name] = _with_more(before, skill) if before else skill
    return tuple(found.values())


def _made(kind: SkillKind, name: str, text: str, runs: Iterable[str]) -> Skill:
    evidence = [*dict.fromkeys(runs)]
    score = min(_HIGHEST_FIRST, BASE[kind] + _MORE * max(0, len(evidence) - 1))
    return Skill(name, kind, skill_text(text), evidence_of(evidence), score)


def _with_more(before: Skill, more: Skill) -> Skill:
    return _made(before.kind, before.name, before.text, (*before.evidence, *more.evidence))


# Traps


def traps(mission: Mission, attempts: Sequence[RunRecord]) -> Iterator[Skill]:
    """Yield each failure that a later attempt at the same feature overcame."""
    for feature in mission.features():
        mine = sorted((r for r in attempts if r.feature == feature.number), key=lambda r: r.attempt)
        good = next((r for r in reversed(mine) if r.cause is Cause.DONE), None)
        for record in mine:
            if good is not None and record.attempt < good.attempt and is_failure(record):
                yield _trap(mission, feature, record, good)


def is_failure(record: RunRecord) -> bool:
    """Whether an attempt failed by its work: by what a skill can be about."""
    return record.cause is not None and bool(record.signature) and _is_of_work(record.cause)


def _is_of_work(cause: Cause) -> bool:
    rule = RULES[cause]
    return rule.counts and not rule.safety


def trap_name(record: RunRecord) -> str:
    """Return the name of the trap that a failed attempt fell into: the same for equal failures in every mission.

    Failures are equal that differ only in numbers, hashes, or names of files which the attempt changed.
    """
    error = _said(record)[1]
    for path in sorted(_CHANGED.findall(record.evidence), key=len, reverse=True):
        for name in (path, path.rpartition("/")[2]):
            error = error.replace(name, _FILE) if len(name) >= _LEAST_NAME else error
    return skill_name(SkillKind.TRAP, error.replace(_FILE, " "), signature(str(record.cause), error))


def _trap(mission: Mission, feature: Feature, record: RunRecord, good: RunRecord) -> Skill:
    criterion, error = _said(record)
    what = f"{one_line(criterion, _LONGEST_CRITERION)} failed" if criterion else f"it ended with {record.cause}"
    text = f"{what}: {one_line(error, _LONGEST_ERROR)}"
    known = {*_CHANGED.findall(record.evidence)}
    changed = [path for path in _CHANGED.findall(good.evidence) if path not in known][:_MOST_PATHS]
    if changed:
        text += f" — it passed when {', '.join(one_line(path, 60) for path in changed)} changed, too"
    told = [m.text for m in mission.messages if m.feature == feature.number and record.ended <= m.at <= good.ended]
    if told:
        text += f" — a person had said: {one_line(told[-1], _LONGEST_TOLD)}"
    return _made(SkillKind.TRAP, trap_name(record), text, (record.run, good.run))


def _said(record: RunRecord) -> tuple[str, str]:
    """Return the criterion that an attempt failed and the line of its output that says why."""
    for verdict in record.judged:
        if verdict.verdict is Verdict.FAILED:
            begin = f"{verdict.criterion}: {verdict.verdict}\n"
            output = record.evidence.partition(begin)[2].split("\n\n", 1)[0]
            return verdict.criterion, first_error(output) or record.detail
    return "", record.detail


# Commands and times


def _commands(mission: Mission, attempts: Sequence[RunRecord], setup: str) -> Iterator[Skill]:
    done = [r for r in attempts if r.cause is Cause.DONE]
    for criterion in _run_criteria(mission):
        runs = [str(r.run) for r in done if any(v.criterion == criterion.text and v.verdict in _GOOD for v in r.judged)]
        if not runs and criterion.result is not None and criterion.result.verdict in _GOOD:
            runs = [str(r.run) for r in done[-1:]]
        if runs:
            folder = f" in `{criterion.conditions.cwd}`" if criterion.conditions.cwd else ""
            words = f"`{one_line(criterion.command, 200)}` runs here{folder} and judges work"
            yield _made(SkillKind.COMMAND, command_name(criterion), words, runs)
    if setup and done:
        words = f"`{one_line(setup, 200)}` has prepared the clone before a worker starts"
        yield _made(SkillKind.COMMAND, skill_name(SkillKind.COMMAND, setup, f"setup {setup}"), words, [done[-1].run])


def _run_criteria(mission: Mission) -> Iterator[Criterion]:
    for milestone in mission.milestones:
        for criterion in (*milestone.criteria, *(c for f in milestone.features for c in f.criteria)):
            if criterion.kind is CriterionKind.RUN and not criterion.wrong:
                yield criterion


def command_name(criterion: Criterion) -> str:
    """Return the name of the skill about the command of a criterion."""
    return skill_name(SkillKind.COMMAND, criterion.command, criterion.from_top)


def broken_commands(mission: Mission, attempts: Sequence[RunRecord]) -> frozenset[str]:
    """Return the names of the skills about commands that never passed and could not run in a mission."""
    seen: dict[str, set[Verdict]] = defaultdict(set)
    for criterion in _run_criteria(mission):
        found = seen[command_name(criterion)]
        found |= {v.verdict for r in attempts for v in r.judged if v.criterion == criterion.text}
        if criterion.result is not None:
            found.add(criterion.result.verdict)
    return frozenset(name for name, found in seen.items() if Verdict.COULD_NOT_RUN in found and not found & _GOOD)


def _timings(attempts: Sequence[RunRecord]) -> Iterator[Skill]:
    done = [r for r in attempts if r.cause is Cause.DONE and not r.by]
    took = [span for r in done if (span := _between(r.started, r.ended)) is not None]
    judged = [span for r in done if r.judged and (span := _between(r.ended, max(v.at for v in r.judged))) is not None]
    if len(took) >= _LEAST_TIMES:
        words = f"an attempt at a feature took {show_duration(_median(took))}"
        if len(judged) >= _LEAST_TIMES:
            words += f", its checks {show_duration(_median(judged))}"
        words += f" (medians of {len(took)} attempts)"
        yield _made(SkillKind.TIMING, skill_name(SkillKind.TIMING, "attempts and checks"), words, [r.run for r in done])


def _median(spans: Sequence[timedelta]) -> timedelta:
    return sorted(spans)[len(spans) // 2]


def _between(first: str, last: str) -> timedelta | None:
    begin, end = parse_stamp(first), parse_stamp(last)
    return end - begin if begin is not None and end is not None and end >= begin else None


# Conventions


def _told(mission: Mission, attempts: Sequence[RunRecord]) -> Iterator[Skill]:
    """Yield what people told workers before an attempt that succeeded."""
    phases = {sender_of(phase) for phase in mission.phases}
    done = [r for r in attempts if r.cause is Cause.DONE]
    for message in mission.messages:
        later = [r for r in done if r.feature == message.feature and r.ended >= message.at]
        if later and message.sender not in phases and message.sender != ADVISER:
            words = " ".join(message.text.split())
            name = skill_name(SkillKind.CONVENTION, words, words.casefold())
            yield _made(SkillKind.CONVENTION, name, f"a person said: {words}", [later[-1].run])


def _answered(mission: Mission) -> Iterator[Skill]:
    """Yield the answers to questions of workers; the name begins the same for the same question."""
    for request in mission.requests:
        found = _ASKED.match(request.prompt)
        if found and request.response and not request.open:
            question = " ".join(request.prompt[found.end() :].split())
            answer = " ".join(request.response.split())
            name = skill_name(SkillKind.CONVENTION, question, question.casefold(), answer.casefold())
            words = f"asked `{one_line(question, 180)}`, a person answered: {one_line(answer, 160)}"
            run = f"{mission.id}/{found[0].removesuffix(': ')}"
            yield _made(SkillKind.CONVENTION, name, words, [run])


def _researched(mission: Mission, attempts: Sequence[RunRecord]) -> Iterator[Skill]:
    """Yield the results of research that state a rule."""
    for feature in mission.features():
        if not feature.topic:
            continue
        runs = [r.run for r in attempts if r.feature == feature.number and r.cause is Cause.DONE]
        for row in mission.kept if runs else ():
            summary = row.cells.get("summary", "") if row.section == RESEARCH else ""
            if row.cells.get("topic", "") == feature.topic and _RULE.search(summary):
                name = skill_name(SkillKind.CONVENTION, feature.topic, f"research {feature.topic}")
                yield _made(SkillKind.CONVENTION, name, f"research on {feature.topic} found: {summary}", runs)

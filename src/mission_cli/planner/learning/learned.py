"""The rows that a finished mission writes: what it learned, and how the skills in its prompts did."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.domain.skills.skill import HIGHEST, MOST_ROWS, Skill, SkillStatus, evidence_of
from mission_cli.domain.skills.standing import LEAST
from mission_cli.domain.status import Cause
from mission_cli.planner.learning.distill import ANSWER, broken_commands, distilled, is_failure, trap_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.domain.skills.standing import Standing

_REPEATED = 10
"""What a skill gains when another mission shows it again."""
_HELPED, _MOST_HELPED = 4, 12
"""What it gains for each feature that was done at the first try with it in the prompt, and at most in one mission."""
_FAILED = 25
"""What it loses for each attempt that had it and failed with what it is about."""


def learned(
    mission: Mission, records: Sequence[RunRecord], known: Mapping[str, Standing], setup: str = ""
) -> tuple[Skill, ...]:
    """Return the rows of `### Skill Learning`, the ones with the highest scores if there are too many.

    The same records give the same rows, so a mission that finishes twice writes them once. `known`: how skills stood
    before this mission, which counts for nothing in it.
    """
    attempts = [r for r in records if not (r.planning or r.answering or r.open)]
    new = {skill.name: skill for skill in distilled(mission, records, setup)}
    helped, failed, broken = _helped(attempts), _failed(attempts), broken_commands(mission, attempts)
    rows: dict[str, Skill] = {}
    for name, skill in new.items():
        before = known[name].skill if name in known else None
        if before is None or before.status is SkillStatus.ENDED:
            rows[name] = skill
        elif before.status is SkillStatus.ACTIVE:
            more = 0 if failed[name] else _REPEATED
            evidence = evidence_of((*before.evidence, *skill.evidence))
            rows[name] = replace(skill, evidence=evidence, score=before.score + more)
    for name in {*helped, *failed, *broken, *_contradicted(new, known)}:
        before = rows.get(name) or (known[name].skill if name in known else None)
        if before is None or before.status is not SkillStatus.ACTIVE:
            continue
        score = before.score + min(_MOST_HELPED, _HELPED * helped[name]) - _FAILED * failed[name]
        gone = name in broken or name in _contradicted(new, known)
        rows[name] = replace(before, score=0 if gone else score)
    bounded = [_bounded(skill) for skill in rows.values()]
    first = sorted(bounded, key=lambda skill: (skill.status is SkillStatus.ACTIVE, -skill.score, skill.name))
    return tuple(sorted(first[:MOST_ROWS], key=lambda skill: (-skill.score, skill.name)))


def _bounded(skill: Skill) -> Skill:
    score = max(0, min(HIGHEST, skill.score))
    return replace(skill, score=score, status=SkillStatus.ENDED if score < LEAST else SkillStatus.ACTIVE)


def _helped(attempts: Sequence[RunRecord]) -> Counter[str]:
    """Count by skill the features that were done at the first try with it in the prompt."""
    return Counter(name for r in attempts if r.attempt == 1 and r.cause is Cause.DONE for name in r.skills)


def _failed(attempts: Sequence[RunRecord]) -> Counter[str]:
    """Count by skill the attempts that had it in the prompt and fell into the trap that it is about."""
    return Counter(name for r in attempts if r.skills and is_failure(r) for name in r.skills if name == trap_name(r))


def _contradicted(new: Mapping[str, Skill], known: Mapping[str, Standing]) -> frozenset[str]:
    """Return the known answers that another answer to the same question replaces."""
    questions = {found["question"]: name for name in new if (found := ANSWER.fullmatch(name)) is not None}
    answers = ((name, ANSWER.fullmatch(name)) for name in known)
    return frozenset(name for name, one in answers if one and questions.get(one["question"], name) != name)

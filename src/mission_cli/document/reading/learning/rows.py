"""Read the skills in `### Skill Learning`, and what is wrong with their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.numbers import whole
from mission_cli._support.text import one_line
from mission_cli.document.reading.sections import rows_in
from mission_cli.document.syntax.vocabulary import plain
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.skills.skill import (
    HIGHEST,
    LONGEST_TEXT,
    MOST_EVIDENCE,
    SECTION,
    Skill,
    SkillKind,
    SkillStatus,
    is_name,
    skill_text,
    why_held_back,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.reading.sections import RowView
    from mission_cli.document.syntax.layout import Layout

MARKS = ("skill", "what was learned")
_RUN = pattern(r"[\w.-]{1,80}/[0-9]{1,9}\.[0-9]{1,9}-a[0-9]{1,9}")


def learned_in(layout: Layout) -> Iterator[Skill]:
    """Yield the skills of a mission file; a row whose name or kind cannot be used is left out."""
    for row in rows_in(layout, SECTION, *MARKS):
        skill = _skill(row)
        if skill is not None:
            yield skill


def _skill(row: RowView) -> Skill | None:
    name, kind, status = row["skill"].strip("`* "), plain(row["kind"]), plain(row["status"])
    if not is_name(name) or kind not in set(SkillKind) or not row["what was learned"]:
        return None
    return Skill(
        name,
        SkillKind(kind),
        skill_text(row["what was learned"]),
        tuple(_RUN.findall(row["evidence"]))[-MOST_EVIDENCE:],
        min(HIGHEST, whole(row["score"]) or 0),
        SkillStatus(status) if status in set(SkillStatus) else SkillStatus.ENDED,
    )


def learned_problems(layout: Layout) -> Iterator[Problem]:
    """Yield a warning for each row that is not used as it is written."""
    for row in rows_in(layout, SECTION, *MARKS):
        name, text = row["skill"].strip("`* "), row["what was learned"]
        shown, skill = one_line(name, 60), _skill(row)
        words = hint = ""
        if skill is None:
            words = f"the row of the skill `{shown}` is kept but not read"
            hint = f"a name has lower-case letters, digits and hyphens; a kind is one of {', '.join(SkillKind)}"
        elif plain(row["status"]) not in set(SkillStatus):
            words = (
                f"the skill `{shown}` has the status `{one_line(row['status'], 40)}`, which is not known: it has ended"
            )
            hint = f"write {', '.join(SkillStatus)}"
        elif len(text) > LONGEST_TEXT:
            words, hint = f"the skill `{shown}` is cut after {LONGEST_TEXT} characters", "write less"
        elif (why := why_held_back(skill)) and skill.status is SkillStatus.ACTIVE:
            words, hint = f"the skill `{shown}` {why}, so no prompt uses it", "write what holds, not what to do"
        if words:
            yield Problem(row.line, row.column, words, hint, Severity.WARNING)

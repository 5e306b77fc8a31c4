"""What `mission skills` prints, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted
from mission_cli.surfaces.lines import columns, line, plain, said

if TYPE_CHECKING:
    from mission_cli.app.skills.results import ListedSkill, ListedSkills, ShownSkill


def listed_text(found: ListedSkills) -> str:
    """Return a table of skills, with the text of each below its name."""
    if not found.skills:
        return "no completed mission has learned anything yet"
    rows = [("NAME", "SCORE", "STATUS", "FROM")]
    rows += [(said(one.name), str(one.score), _status(one), _where(one)) for one in found.skills]
    table = plain(columns([[line(cell) for cell in row] for row in rows])).splitlines()
    lines = [table[0].rstrip()]
    for one, row in zip(found.skills, table[1:], strict=True):
        lines += [row.rstrip(), f"  {said(one.text)}"]
    return "\n".join(lines)


def shown_text(found: ShownSkill) -> str:
    """Return one skill: what was learned, from which attempts, and what became of those that had it."""
    one = found.skill
    lines = [f"{said(one.name)} ({one.kind}, {_status(one)}, score {one.score})", "", said(one.text), ""]
    lines.append(f"evidence: {', '.join(map(said, one.evidence)) or 'none'}")
    lines.append(f"missions: {', '.join(map(said, one.missions))}")
    lines.append(f"in the prompt of {counted(len(found.uses), 'attempt')}{':' if found.uses else ''}")
    lines += [f"  {said(use.run)}: {said(use.cause) or 'open'}" for use in found.uses]
    return "\n".join(lines)


def _status(one: ListedSkill) -> str:
    return f"held back: it {said(one.held_back)}" if one.held_back else one.status


def _where(one: ListedSkill) -> str:
    missions = said(", ".join(one.missions[-2:]))
    return f"{said(one.repository)}: {missions}" if one.repository else missions

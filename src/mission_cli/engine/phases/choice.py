"""The feature that a person chose among the suggestions, for the prompt of the requirements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.phases.proposals import SUGGESTIONS, Analysis, read_choice
from mission_cli.domain.status import GateStatus
from mission_cli.engine.phases.documents import blob_id
from mission_cli.planner.core.approvals import decisions
from mission_cli.planner.core.phases import rule_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.phases.proposals import Suggestion


@dataclass(frozen=True, slots=True)
class Chosen:
    """A chosen suggestion in prose; without text nobody has chosen one."""

    text: str = ""
    by: str = ""
    comment: str = ""


def chosen(mission: Mission, found: Mapping[str, str]) -> Chosen:
    """Return what the last approval of the suggestions chose; only its title if they were changed since."""
    gated = [(p, rule_of(mission, p)) for p in mission.phases if p.gate]
    told = [(rule, row) for p, rule in gated if rule.document == SUGGESTIONS for row in decisions(mission, p)]
    rows = [row for rule, row in told if row.decision == GateStatus.APPROVED and rule.allows(row.by)]
    if not rows:
        return Chosen()
    from mission_cli.interchange.proposals.suggestions import read_suggestions  # pydantic: most pulses need none

    text, choice = found.get(SUGGESTIONS, ""), read_choice(rows[-1].comment, rows[-1].by)
    read = read_suggestions(text) if rows[-1].commit == blob_id(text) else None
    if isinstance(read, Analysis) and 1 <= choice.number <= len(read.suggestions):
        return Chosen(_in_prose(read.suggestions[choice.number - 1]), choice.by, choice.comment)
    return Chosen(choice.title, choice.by, choice.comment)


def _in_prose(one: Suggestion) -> str:
    lines = [one.title, "", one.why, f"Estimated effort: {one.effort}" if one.effort else ""]
    lines += [f"Files: {', '.join(one.files)}" if one.files else ""]
    return "\n".join(line for at, line in enumerate(lines) if line or at == 1)

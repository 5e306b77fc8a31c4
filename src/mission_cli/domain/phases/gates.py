"""The rule of a phase's gate: who approves it, how many have to, until when, and what they look at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import parse_duration

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

DOCUMENTS: Mapping[str, str] = {"feature_selection": "suggestions.json", "prd_review": "prd.json"}
"""The gates that approve a finding instead of the work, and the file in the mission's folder `research/`."""
REVISIONS = 3
"""How often a phase goes back before a person decides."""
FORM = "2 approvals; within 48h; by ada, grace; 3 revisions; document plan.md"
"""A rule with every part that it may have."""
_PARTS = {
    "approvals": pattern(r"([1-9]\d?) approvals?", re.IGNORECASE),
    "within": pattern(r"within (.+)", re.IGNORECASE),
    "by": pattern(r"by (.+)", re.IGNORECASE),
    "revisions": pattern(r"(\d{1,2}) revisions?", re.IGNORECASE),
    "document": pattern(r"document `?(?:research/)?([^`\s/][^`\s]*)`?", re.IGNORECASE),
}
_SEPARATOR = pattern(r"[;,]")


@dataclass(frozen=True, slots=True)
class GateRule:
    """The rule of a phase's gate; without one, a single approval of anyone, at any time."""

    approvals: int = 1
    within: timedelta | None = None
    """Silence for so long is a rejection; None: it waits for ever."""
    by: tuple[str, ...] = ()
    """Who may decide, by name; empty: anyone."""
    revisions: int = REVISIONS
    document: str = ""
    """The finding that people look at; empty: the finished work."""
    wrong: str = ""
    """Why the rule cannot be read. Then the gate cannot be passed: what is not understood may make it stricter."""

    def allows(self, person: str) -> bool:
        """Whether a person may decide."""
        return not self.by or person.strip().casefold() in {name.casefold() for name in self.by}


def read_rule(text: str, gate: str = "") -> GateRule:
    """Read the rule of a gate of a phase; its parts are separated by semicolons or commas."""
    found: dict[str, list[str]] = {}
    last = ""
    for part in (raw.strip() for raw in _SEPARATOR.split(text)):
        name = next((name for name, form in _PARTS.items() if form.fullmatch(part)), "")
        if part and not name and last != "by":
            return GateRule(wrong=f"`{part}` is not known")
        if name in found:
            return GateRule(wrong=f"it says twice: {name}")
        if name:
            match = _PARTS[name].fullmatch(part)
            found[name] = [match[1].strip() if match else ""]
        elif part:
            found[last].append(part)
        last = name or last
    rule = _rule(found)
    document = rule.document or DOCUMENTS.get(gate.casefold(), "")
    return GateRule(rule.approvals, rule.within, rule.by, rule.revisions, document, rule.wrong)


def _rule(found: Mapping[str, list[str]]) -> GateRule:
    within = parse_duration(found["within"][0]) if "within" in found else None
    if "within" in found and within is None:
        return GateRule(wrong=f"`{found['within'][0]}` is not a duration")
    approvals, by = int(found["approvals"][0]) if "approvals" in found else 1, tuple(found.get("by", ()))
    if by and approvals > len({name.casefold() for name in by}):
        return GateRule(wrong=f"it needs {approvals} approvals by {len(by)} of those who are named")
    revisions = int(found["revisions"][0]) if "revisions" in found else REVISIONS
    return GateRule(approvals, within, by, revisions, found.get("document", [""])[0])

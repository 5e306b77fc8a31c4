"""The modes of a mission, as people are asked for one, and which of them a goal suggests."""

from __future__ import annotations

import re
from types import MappingProxyType

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern

FULL, POC = "full", "poc"
MODES = MappingProxyType(
    {
        FULL: "a clone and a branch for each feature, each reviewed and judged by its criteria.",
        POC: "one worker, one feature after another on one branch; judged milestone by milestone.",
    }
)
"""What each mode means."""
_SUGGESTS_POC = pattern(
    r"\b(?:prototype|proof of concept|poc|spike|feasib(?:le|ility)|quick(?:ly)?|experiment)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Recommended:
    """A mode that a goal suggests."""

    mode: str
    why: str
    """The word of the goal that suggests it; empty if none does."""


def recommended(goal: str) -> Recommended:
    """Return `poc` for a goal that speaks of a prototype, a spike, feasibility or something quick; else `full`."""
    found = _SUGGESTS_POC.search(goal)
    return Recommended(POC, found[0].lower()) if found else Recommended(FULL, "")

"""The key `when` of a part of a plan: whether the part belongs to the mission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.document.playbooks.values import Value

_FORM = pattern(r"(?:(not)[ \t]+)?([A-Za-z][A-Za-z0-9_-]*)(?:[ \t]*(==|!=)[ \t]*(.+?))?[ \t]*")
FORMS = "write when: NAME, when: not NAME, or when: NAME == VALUE"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: a parameter that holds, or one that has a value."""

    name: str
    negated: bool
    wanted: str | None = None

    def holds(self, values: Mapping[str, Value]) -> bool:
        """Whether it is met. A parameter without a value does not hold."""
        value = values.get(self.name)
        if self.wanted is None:
            return (value is not None and value.holds) is not self.negated
        return (value is not None and self.wanted in value.entries) is not self.negated


def read_condition(text: str) -> Condition | None:
    """Return the condition in a text; None if it cannot be read."""
    found = _FORM.fullmatch(text.strip())
    if found is None or (found[1] and found[3]):
        return None
    return Condition(found[2], bool(found[1]) or found[3] == "!=", found[4])

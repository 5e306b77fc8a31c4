"""The values that limit a mission, and which of them count if the file has invalid ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Overruled:
    """A value of the front matter that does not count: what is written, what counts instead, and why."""

    key: str
    """Dotted, `budget.money_usd`."""
    found: str
    """As it is written; empty where it was removed."""
    counts: str
    """The last valid value, which stays in force; empty if none is known."""
    why: str
    line: int = 1
    column: int = 1

    @property
    def words(self) -> str:
        """What is wrong and what counts, in one sentence."""
        kept = f"; `{self.counts}` stays in force" if self.counts else ", and no earlier value is known"
        return f"`{self.key}` {self.why}{kept}"


@dataclass(frozen=True, slots=True)
class InForce:
    """The values that count, by the last part of their key: `money_usd`, `status`, `runner`."""

    values: Mapping[str, str] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    """The values that the file records as the last valid ones, under `in_force`."""
    overruled: tuple[Overruled, ...] = ()
    recordable: bool = True
    """Whether the file can hold the record: something else may stand under `in_force`."""

    def changed(self) -> Iterator[tuple[str, str, str]]:
        """Yield (name, recorded, now) of each valid value that is not recorded yet."""
        for name, value in self.values.items() if self.recordable else ():
            if value != self.written.get(name, ""):
                yield name, self.written.get(name, ""), value

    def overrules(self, key: str) -> Overruled | None:
        """Return why a key does not count, or None if its value counts."""
        return next((found for found in self.overruled if found.key == key), None)

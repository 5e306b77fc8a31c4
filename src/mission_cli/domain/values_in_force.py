"""The values that bound a mission, and which of them count when the file says something that cannot be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Overruled:
    """A value of the front matter that does not count: what stands there, what counts instead, and why."""

    key: str
    """Dotted, `budget.money_usd`."""
    found: str
    """As it is written; empty where it was removed."""
    counts: str
    """The last good value, which stays in force; empty where none is known."""
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
    """Those that the file records as the last good ones, under `in_force`."""
    overruled: tuple[Overruled, ...] = ()
    recordable: bool = True
    """Whether the file can hold the record: something else may stand under `in_force`."""

    def changed(self) -> Iterator[tuple[str, str, str]]:
        """Yield (name, recorded, now) of each value that is good and not recorded yet."""
        for name, value in self.values.items() if self.recordable else ():
            if value != self.written.get(name, ""):
                yield name, self.written.get(name, ""), value

    def overrules(self, key: str) -> Overruled | None:
        """The finding about a key, or None where what stands there counts."""
        return next((found for found in self.overruled if found.key == key), None)

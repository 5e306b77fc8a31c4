"""A disk in memory: named values, of which a power cut leaves only those that were synced."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


@dataclass
class Disk:
    """Values by name, names with slashes. A value is never changed, only replaced."""

    lazy: tuple[str, ...] = ()
    """What begins like this is never synced, whatever its writer wants."""
    _written: dict[str, object] = field(default_factory=dict)
    _synced: dict[str, object] = field(default_factory=dict)
    _prints: dict[str, int] = field(default_factory=dict)
    _print: int = 0

    def read(self, name: str, kind: type[T]) -> T | None:
        """The value of a name, or None when nothing of that kind is there."""
        value = self._written.get(name)
        return value if isinstance(value, kind) else None

    def has(self, name: str) -> bool:
        """Whether something has that name."""
        return name in self._written

    def look(self, name: str) -> list[int | str]:
        """Equal as long as the value is; empty when there is none."""
        return [repr(self._written[name])] if name in self._written else []

    def below(self, folder: str) -> dict[str, object]:
        """All values whose name begins with `folder/`, by the rest of their names, in order."""
        start = f"{folder}/"
        return {name.removeprefix(start): v for name, v in sorted(self._written.items()) if name.startswith(start)}

    def write(self, name: str, value: object, *, sync: bool = True) -> None:
        """Give a name a value."""
        self._written[name] = value
        if sync and not name.startswith(self.lazy):
            self._synced[name] = value
        self._note(name)

    def create(self, name: str, value: object, *, sync: bool = True) -> bool:
        """Give a name its first value; False when it has one."""
        if name in self._written:
            return False
        self.write(name, value, sync=sync)
        return True

    def swap(self, name: str, new: object, old: object | None, *, sync: bool = True) -> bool:
        """Compare and swap; None as `old`: it must not be there."""
        if self._written.get(name) != old:
            return False
        self.write(name, new, sync=sync)
        return True

    def remove(self, name: str, *, sync: bool = True) -> bool:
        """Take a name away; False when it was not there."""
        if sync:
            self._synced.pop(name, None)
        there = self._written.pop(name, None) is not None
        self._note(name)
        return there

    def remove_below(self, folder: str) -> None:
        """Take everything in a folder away."""
        for name in [n for n in self._written if n.startswith(f"{folder}/")]:
            self.remove(name)

    def cut(self) -> None:
        """The power fails: what was not synced is as it was before."""
        unsynced = [n for n in {*self._written, *self._synced} if self._written.get(n) is not self._synced.get(n)]
        self._written = dict(self._synced)
        for name in unsynced:
            self._note(name)

    def copy(self) -> Disk:
        """Another disk that holds the same."""
        return Disk(self.lazy, dict(self._written), dict(self._synced), dict(self._prints), self._print)

    def fingerprint(self) -> int:
        """Equal for disks that hold the same, written and synced."""
        return self._print

    def _note(self, name: str) -> None:
        """Keep the fingerprint: a sum over all names, so that a change of one costs no look at the others."""
        now = 0
        if name in self._written or name in self._synced:
            words = f"{name}\0{self._written.get(name)!r}\0{self._synced.get(name)!r}"
            now = int.from_bytes(blake2b(words.encode("utf-8", "surrogateescape"), digest_size=16).digest(), "big")
        self._print = (self._print + now - self._prints.get(name, 0)) % (1 << 128)
        self._prints[name] = now

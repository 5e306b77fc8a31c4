"""Processes that die: every call of a port, and every step inside of a fake that may be the last, is counted."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


class Death(BaseException):
    """The process is gone; nobody catches that."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(str(kind))
        self.kind = kind


class Kind(StrEnum):
    """How a process dies."""

    KILL = "kill"
    """It alone."""
    POWER_CUT = "power cut"
    """With everything that runs on its host, and with all that was not synced."""


@dataclass
class Fate:
    """The steps of a whole life, over all processes, and at which of them somebody dies."""

    deaths: Mapping[int, Kind] = field(default_factory=dict)
    steps: int = 0
    watch: Callable[[str], None] | None = None
    """Told the name of every step."""

    def step(self, name: str) -> None:
        """Count one step. Raises Death when it is the last."""
        number = self.steps
        self.steps += 1
        if self.watch is not None:
            self.watch(name)
        kind = self.deaths.get(number)
        if kind is not None:
            raise Death(kind)


@dataclass
class Life:
    """One process. When it has died it does nothing more, whatever its `finally` clauses want."""

    fate: Fate
    over: Death | None = None

    def step(self, name: str) -> None:
        """Go on to the next step, if there is one."""
        if self.over is not None:
            raise self.over
        try:
            self.fate.step(name)
        except Death as death:
            self.over = death
            raise


class Mortal:
    """A port whose every call is two steps: before it is done, and after. Stands in for any port."""

    def __init__(self, port: object, name: str, life: Life) -> None:
        self._port, self._name, self._life = port, name, life

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(self._port, attribute)
        if not callable(value):
            return value
        place = f"{self._name}.{attribute}"
        if attribute == "deciding":
            return self._held(value, place)
        return self._locked(value, place) if attribute == "lock" else self._counted(value, place)

    def _counted(self, call: Callable[..., Any], place: str) -> Callable[..., Any]:
        def counted(*args: Any, **values: Any) -> Any:
            self._life.step(f"{place}:before")
            result = call(*args, **values)
            self._life.step(f"{place}:after")
            return result

        return counted

    def _held(self, hold: Callable[[], Any], place: str) -> Callable[[], Any]:
        @contextmanager
        def held() -> Iterator[Mortal]:
            self._life.step(f"{place}:before")
            with hold() as book:
                yield Mortal(book, "ledger", self._life)

        return held

    def _locked(self, lock: Callable[[], Any], place: str) -> Callable[[], Any]:
        @contextmanager
        def locked() -> Iterator[bool]:
            self._life.step(f"{place}:before")
            with lock() as ours:  # given back by the kernel, dead or alive
                self._life.step(f"{place}:after")
                yield ours
            self._life.step(f"{place}:given back")

        return locked

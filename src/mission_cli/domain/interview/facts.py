"""What a look at the repository tells before the first question. All texts are data from elsewhere, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found."""

    files: int = 0
    """Of code, in the folders that were looked at."""
    languages: tuple[str, ...] = ()
    """The most frequent first."""
    commands: tuple[str, ...] = ()
    """Commands that test and build it."""
    tests: bool = False
    ci: bool = False
    readme: bool = False
    todos: tuple[str, ...] = ()
    """Lines with TODO or FIXME: `path: text`."""
    buys: Mapping[str, str] = field(default_factory=dict)
    """What amounts of dollars pay for, in words, by the amount; empty: nothing is known."""
    why_unknown: str = ""
    """Why `buys` is empty."""

    @property
    def empty(self) -> bool:
        """Whether there is no code yet."""
        return not self.files

    @property
    def words(self) -> str:
        """What was found, in one line; empty if nothing was."""
        if self.empty:
            return "no code yet"
        parts = [", ".join(self.languages[:3])] if self.languages else []
        parts += [
            "tests" if self.tests else "no tests",
            "CI" if self.ci else "no CI",
            *([f"{len(self.todos)} open TODO{'s' if len(self.todos) > 1 else ''}"] if self.todos else []),
        ]
        return ", ".join(parts)


NOTHING = Facts()

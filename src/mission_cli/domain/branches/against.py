"""What a change does to the things that it is judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.ids import Sha

LOOK_AT_CHANGES = "look at the changes to tests and checks: "
"""In what a person reads of accepted work: the findings that no criterion speaks against."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file before and after, as text; None where it is not there."""

    path: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Compared:
    """How the files that judge have to look so that they judge as they did before a change."""

    restored: Mapping[str, str | None] = field(default_factory=dict)
    """Files that differ from the change, by path; None: the file is not there."""
    findings: tuple[str, ...] = ()
    """What a person should know: `path: what happened`."""
    lost_tests: tuple[str, ...] = ()
    """`path: name: removed | skipped | emptied` for each test of before that does not test any more."""
    person: bool = False
    """Where the old judgement fails a person decides: only tests differ, or what the plan asks for."""


@dataclass(frozen=True, slots=True)
class Against:
    """A commit in which the judge's files are as they were on the base, beside the one that is judged."""

    commit: Sha | None = None
    """None: nothing differs, one judgement is enough."""
    tree: str = ""
    restored: tuple[str, ...] = ()
    """Paths that differ in it."""
    findings: tuple[str, ...] = ()
    lost_tests: tuple[str, ...] = ()
    person: bool = False

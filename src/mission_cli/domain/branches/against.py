"""What a change does to the tests and checks that judge it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.ids import Sha

LOOK_AT_CHANGES = "look at the changes to tests and checks: "
"""Introduces the findings in accepted work that no criterion failed on, in texts for people."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file before and after, as text; None if it does not exist, or cannot be read as text."""

    path: str
    old: str | None
    new: str | None
    hidden: bool = False
    """Whether there is something now that cannot be read as text: a link, a very large file."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The test files as they have to be in order to judge the work as before a change."""

    restored: Mapping[str, str | None] = field(default_factory=dict)
    """Files that differ from the change, by path; None: the file does not exist."""
    findings: tuple[str, ...] = ()
    """What a person should know: `path: what happened`."""
    lost_tests: tuple[str, ...] = ()
    """`path: name: removed | skipped | emptied` for each earlier test that no longer tests anything."""
    person: bool = False
    """If the work fails with these files, a person decides: only tests differ, or changes the plan asks for."""


@dataclass(frozen=True, slots=True)
class Against:
    """The commit that is judged, but with the test files of the base."""

    commit: Sha | None = None
    """None: nothing differs, judging once is enough."""
    tree: str = ""
    restored: tuple[str, ...] = ()
    """Paths that differ in it."""
    findings: tuple[str, ...] = ()
    lost_tests: tuple[str, ...] = ()
    person: bool = False

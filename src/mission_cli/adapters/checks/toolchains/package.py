"""One package of a repository and its commands."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace

if TYPE_CHECKING:
    from collections.abc import Mapping


class Purpose(StrEnum):
    """What a command is for."""

    TEST = "test"
    BUILD = "build"
    TYPES = "types"
    LINT = "lint"


@dataclass(frozen=True, slots=True)
class Command:
    """One command, to be run in the folder of its package."""

    text: str
    purpose: Purpose
    full: str = ""
    """The same with a report for `MISSION_REPORTS`; empty: as it is."""


@dataclass(frozen=True, slots=True)
class Package:
    """A folder with one toolchain."""

    toolchain: str
    commands: tuple[Command, ...] = ()
    install: str = ""
    caches: tuple[str, ...] = ()
    covers: bool = False
    """Whether its commands include the packages of the same toolchain below it: a workspace."""
    folder: str = ""

    def at(self, folder: str) -> Package:
        """Return it in a folder."""
        return replace(self, folder=folder)


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of a folder, of its own and one level below; manifests have their content."""

    files: Mapping[str, str]

    def has(self, *names: str) -> bool:
        """Whether one of the files exists."""
        return any(name in self.files for name in names)

    def text(self, *names: str) -> str:
        """Return the content of the first file that exists."""
        return next((self.files[name] for name in names if name in self.files), "")

    def matching(self, pattern: str) -> list[str]:
        """Return the paths that match a pattern."""
        return sorted(path for path in self.files if re.search(pattern, path))


def runs_tests(text: str, full: str = "") -> Command:
    """Return a command that tests."""
    return Command(text, Purpose.TEST, full)


def build(text: str) -> Command:
    """Return a command that builds."""
    return Command(text, Purpose.BUILD)


def types(text: str) -> Command:
    """Return a command that checks types."""
    return Command(text, Purpose.TYPES)


def lint(text: str) -> Command:
    """Return a command that lints."""
    return Command(text, Purpose.LINT)

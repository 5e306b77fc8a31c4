"""Files that are named on the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.domain.errors import DocumentError, MissionError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.problems import Problem
    from mission_cli.surfaces.cli.shell import Shell

STDIN = Path("-")
PLAN_SUFFIXES = frozenset({".yaml", ".yml", ".json"})


def text_of(path: Path) -> str:
    """Return the text of a file; `-` is standard input. Raises NotFoundError, DocumentError."""
    try:
        return sys.stdin.read() if path == STDIN else path.read_text(encoding="utf-8")
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        column = error.start - (error.object.rfind(b"\n", 0, error.start) + 1) + 1
        hint = "save the file as UTF-8"
        raise DocumentError("the file is not UTF-8", where=f"{path}:{line}:{column}", hint=hint) from error


def plan_problems(shell: Shell, text: str) -> Sequence[Problem]:
    """Return the problems of a plan: in a repository, with those that its base, this machine and the forecast show."""
    from mission_cli.app.plannings.judging import judged_plan
    from mission_cli.document.plans.plan import read_plan

    try:
        opened = shell.open_unmade()
        return judged_plan(opened.context, text, opened.default_base())
    except MissionError:
        return read_plan(text).problems

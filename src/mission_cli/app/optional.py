"""Find out whether the optional packages that judge some kinds of criteria are installed."""

from __future__ import annotations

from importlib.util import find_spec
from shutil import which
from typing import TYPE_CHECKING

from mission_cli.domain.criteria.extras import BROWSERS, EXTRAS, without
from mission_cli.domain.errors import ToolError
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.status import CriterionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.mission import Mission


def missing_package(kind: CriterionKind) -> str:
    """Return what this installation lacks to judge a kind, and the command that helps; empty if nothing."""
    _, modules = EXTRAS.get(kind, ("", ()))
    missing = next((name for name in modules if find_spec(name) is None), "")
    if not missing and kind is CriterionKind.BROWSER and not any(map(which, BROWSERS)):
        missing = BROWSERS[0]
    return without(kind, missing) if missing else ""


INSTALL_TUI = "pip install 'textual>=8.2'"
INSTALL_MCP = "pip install 'mcp>=2.3'"


def missing_mcp() -> str:
    """Return that the package for tools of agents is not installed; empty if it is."""
    return "" if find_spec("mcp") else "the Python package mcp is not installed (extra mcp)"


def require_mcp() -> None:
    """Raise ToolError if that package is not installed."""
    missing = missing_mcp()
    if missing:
        raise ToolError(missing, hint=INSTALL_MCP)


def require_tui() -> None:
    """Raise ToolError if the package for the screen of `mission top` is not installed."""
    if find_spec("textual") is None:
        raise ToolError("the Python package textual is not installed (extra tui)", hint=INSTALL_TUI)


def all_criteria(mission: Mission) -> Iterator[Criterion]:
    """Yield the criteria of everything that is not finished."""
    for milestone in mission.milestones:
        if not milestone.finished:
            yield from milestone.criteria
            yield from (c for f in milestone.features if not f.finished for c in f.criteria)


def lacking_problems(mission: Mission) -> Iterator[Problem]:
    """Yield a warning for each criterion that this installation cannot judge."""
    for criterion in all_criteria(mission):
        words = missing_package(criterion.kind)
        if words:
            yield Problem(criterion.line, 1, f"`{criterion.text}` cannot run here: {words}", "", Severity.WARNING)

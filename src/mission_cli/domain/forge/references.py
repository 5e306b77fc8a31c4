"""References to issues in the column Task ID: `GH#12`."""

from __future__ import annotations

from mission_cli._support.lazy_re import pattern

_PREFIXES = {"github": "GH", "gitlab": "GL", "forgejo": "FJ"}
_REFERENCE = pattern(r"\s*(?:GH|GL|FJ)#(?P<number>[1-9]\d{0,9})\s*\Z")


def reference(kind: str, number: int) -> str:
    """Return the reference to an issue of a kind of forge; that of GitHub for any other kind."""
    return f"{_PREFIXES.get(kind, 'GH')}#{number}"


def reference_in(task: str) -> str:
    """Return the reference in a cell of the column Task ID; empty if it names something else."""
    return task.strip() if _REFERENCE.match(task) else ""


def number_in(task: str) -> int:
    """Return the number of the issue in a cell of the column Task ID; 0 if it names something else."""
    found = _REFERENCE.match(task)
    return int(found["number"]) if found else 0

"""How states look: a shape for each, besides its color and its word."""

from __future__ import annotations

from types import MappingProxyType

from mission_cli.surfaces.charts.svg import tag

_RING = "M7 1.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 1 1 0-11z"
_LENS = "M6 1.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9zM9.3 9.3L13 13"
_TRIANGLE = "M3 1.5L12.5 7L3 12.5z"
_CHECK = "M1.5 7.5L5.5 11.5L12.5 2.5"
_SHAPES = MappingProxyType(
    {
        "pending": _RING,
        "dispatched": _TRIANGLE,
        "active": _TRIANGLE,
        "review": _LENS,
        "validating": _LENS,
        "done": _CHECK,
        "passed": _CHECK,
        "failed": "M2.5 2.5L11.5 11.5M11.5 2.5L2.5 11.5",
        "skipped": "M2 2.5L6.5 7L2 11.5M7.5 2.5L12 7L7.5 11.5",
        "blocked": "M4.5 2V12M9.5 2V12",
        "waiting_human": "M7 1.5a2.5 2.5 0 1 1 0 5a2.5 2.5 0 1 1 0-5zM1.5 12.5c0-6 11-6 11 0",
        "waiting_external": _RING + "M7 4V7L9.5 8.5",
        "recovering": "M11.5 4.5a5.2 5.2 0 1 0 .6 4M12 1V4.8H8.2",
    }
)
_OTHER = "M7 1L13 7L7 13L1 7z"
STATES = tuple(_SHAPES)
"""Every state with a shape of its own; a word that only a file has looks different from all of them."""


def class_of(state: str) -> str:
    """Return the class of a state."""
    return f"s-{state.replace('_', '-')}" if state in _SHAPES else "s-other"


def word_of(state: str) -> str:
    """Return the state as people read it."""
    return state.replace("_", " ") if state in _SHAPES else state


def icon(state: str, x: float, y: float) -> str:
    """Return the shape of a state, 14 by 14."""
    return tag("path", class_="icon", d=_SHAPES.get(state, _OTHER), transform=f"translate({x:g} {y:g})")

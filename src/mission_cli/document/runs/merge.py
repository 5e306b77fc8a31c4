"""Merge two copies of a run record, which is written at the intent and at the settlement: the later one counts."""

from __future__ import annotations

import re

from mission_cli._support.lazy_re import pattern
from mission_cli.document.merging.text import agree
from mission_cli.document.runs.archive import (
    join_roll,
    split_roll,
    year_in,
)

_FACT = pattern(r"^(run|state|cause|ended): *['\"]?([^'\"\n]*)", re.MULTILINE)


def merge_runs(base: str, ours: str, theirs: str) -> str | None:
    """Return the record that counts; None if the two are not records of the same run.

    A settled record counts more than an intended one; of two settled ones the one that is done, then the later one.
    """
    agreed = agree(base, ours, theirs)
    if agreed is not None:
        return agreed
    facts = [_facts(text) for text in (base, ours, theirs)]
    if not base or len({f.get("run") for f in facts}) != 1 or "state" not in facts[0]:
        return None
    return max((ours, theirs), key=_rank)


def merge_rolls(base: str, ours: str, theirs: str) -> str | None:
    """Return the archive with all records of both; None if one of them is not an archive."""
    rolls = [split_roll(text) for text in (base, ours, theirs)]
    if not all(rolls[1:]):
        return None
    agreed = {
        name: merge_runs(*(roll.get(name, "") for roll in rolls))
        or max((r[name] for r in rolls if name in r), key=_rank)
        for name in {**rolls[1], **rolls[2]}
    }
    return join_roll(year_in(ours), agreed)


def _rank(text: str) -> tuple[bool, bool, str, str]:
    facts = _facts(text)
    return (facts.get("state") == "settled", facts.get("cause") == "done", facts.get("ended", ""), text)


def _facts(text: str) -> dict[str, str]:
    front = text.removeprefix("---\n").partition("\n---\n")[0]
    return {m[1]: m[2].strip() for m in _FACT.finditer(front)}

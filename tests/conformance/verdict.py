"""The verdict on one version of an agent, from what its cases showed and what an earlier version did.

`expected/NAME.toml` has what was seen when the tables in `docs/coding-agents.md` were written: how each case ended,
the options that the adapter passes, and the members of events without which the adapter would report something else.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = Path(__file__).parent / "expected"
_ESSENTIAL = ("success", "contained")
"""Cases without which an agent is of no use, or does harm."""


class Verdict(StrEnum):
    """What can be said about a version of an agent."""

    SUPPORTED = "SUPPORTED"
    """Everything that its adapter promises was seen."""
    PARTIAL = "PARTIAL"
    """It works, but something that is named does not."""
    UNSUPPORTED = "UNSUPPORTED"
    """It cannot be driven, or not be contained."""
    DRIFT = "DRIFT"
    """Something that is recorded of it is not so any more."""


@dataclass(frozen=True)
class Seen:
    """What a version of an agent did."""

    version: str
    endings: Mapping[str, str] = field(default_factory=dict)
    """How each case ended."""
    wrong: Mapping[str, str] = field(default_factory=dict)
    """What was not as promised, by case."""
    options: frozenset[str] = frozenset()
    """The options that the adapter passes, as far as the program's help names them."""
    members: frozenset[str] = frozenset()
    """Members of events, as `EVENT: MEMBER`."""
    needed: frozenset[str] = frozenset()
    """Those without which the adapter would report something else."""


@dataclass(frozen=True)
class Judged:
    """A verdict with its reasons."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it in one line."""
        return ": ".join([self.verdict, *(["; ".join(self.reasons)] if self.reasons else [])])


def judge(seen: Seen, expected: Seen | None) -> Judged:
    """Return the verdict. Without a record of an earlier version there is nothing that it can differ from."""
    drift = (*_differences(seen, expected),) if expected is not None else ()
    if drift:
        return Judged(Verdict.DRIFT, drift)
    failed = [f"{case}: {seen.wrong[case]}" for case in _ESSENTIAL if case in seen.wrong]
    if failed:
        return Judged(Verdict.UNSUPPORTED, tuple(failed))
    if seen.wrong:
        return Judged(Verdict.PARTIAL, tuple(f"{case}: {words}" for case, words in seen.wrong.items()))
    return Judged(Verdict.SUPPORTED)


def exit_status(verdicts: Mapping[str, Judged]) -> int:
    """Return 1 if an agent does not do any more what is recorded of it."""
    return int(any(judged.verdict is Verdict.DRIFT for judged in verdicts.values()))


def _differences(seen: Seen, expected: Seen) -> Iterator[str]:
    for case, words in seen.wrong.items():
        if case not in expected.wrong and case in expected.endings:
            yield f"{case}: {words}"
    for case, ending in seen.endings.items():
        before = expected.endings.get(case, ending)
        if before != ending and case not in seen.wrong:
            yield f"{case} ends with {ending}, not with {before}"
    if seen.endings.keys() >= expected.endings.keys():  # all cases ran, so that each event could be seen
        for words in sorted(expected.needed - seen.members):
            yield f"an event lacks a member: {words}"
    for option in sorted(expected.options - seen.options):
        yield f"its help does not name {option}"


def read(name: str, folder: Path = FOLDER) -> Seen | None:
    """Return what is recorded of an agent; None if nothing is."""
    place = folder / f"{name}.toml"
    if not place.exists():
        return None
    raw = tomllib.loads(place.read_text(encoding="utf-8"))
    needed = frozenset(f"{event}: {member}" for event, members in raw["members"].items() for member in members)
    return Seen(raw["version"], raw["endings"], raw["wrong"], frozenset(raw["options"]), needed, needed)


def write(name: str, seen: Seen, folder: Path = FOLDER) -> None:
    """Record what a version of an agent did."""
    members: dict[str, list[str]] = {}
    for words in sorted(seen.needed):
        event, _, member = words.partition(": ")
        members.setdefault(event, []).append(member)
    lines = [
        f"# What {name} did, written by `make conformance AGENT={name} WRITE=1`; another version is compared with it.",
        f"version = {json.dumps(seen.version)}",
        f"options = {json.dumps(sorted(seen.options))}",
        "",
        "[endings]",
        *(f"{json.dumps(case)} = {json.dumps(words)}" for case, words in seen.endings.items()),
        "",
        "[wrong]",
        *(f"{json.dumps(case)} = {json.dumps(words, ensure_ascii=False)}" for case, words in seen.wrong.items()),
        "",
        "[members]",
        *(f"{json.dumps(event)} = {json.dumps(members[event])}" for event in members),
    ]
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

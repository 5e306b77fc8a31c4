"""What reading and patching mission files costs, against PyYAML's reading of their front matter.

`yaml.safe_load` is PyYAML's loader in Python; its loader in C is shown beside it. Every text is new to the program:
nothing is remembered from one round to the next. Says where a promise of the project is not kept.
"""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.kit.template import TEXT

from mission_cli.document.changes import AppendRow, Change, SetFeature, SetFront
from mission_cli.document.editing import patch
from mission_cli.document.reading.load import load
from mission_cli.domain.ids import FeatureNumber

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ROUNDS = 60
_TRIES = 7
_FILES = 1000
_COLD_S = 0.8
CHANGES: list[Change] = [
    SetFront(("status",), "active"),
    SetFeature(FeatureNumber("1.1"), "Status", "dispatched"),
    AppendRow("Progress Log", {"Timestamp": "t", "Event": "feature.dispatched", "Details": "why"}),
]


def big_mission() -> str:
    """A mission of 20 KB: the template after some days."""
    row = "| 2026-11-20T10:{:02}:00Z | attempt.settled | Attempt {} left commits, criteria passed on the work tree |\n"
    rows = "".join(row.format(n % 60, n) for n in range(160))
    return TEXT.replace("| | | |\n\n## Recovery Log", f"{rows}\n## Recovery Log")


def variants(text: str, number: int) -> Iterator[str]:
    """The same text under many ids, so that nothing that was read before is of use."""
    for n in range(number):
        yield text.replace('id: "m-1"', f'id: "m-{time.monotonic_ns()}-{n}"')


def cost(action: Callable[[str], object], text: str) -> float:
    """Milliseconds of CPU for one text: the best of some tries."""
    best = float("inf")
    for _ in range(_TRIES):
        texts = list(variants(text, _ROUNDS))
        gc.collect()
        started = time.process_time()
        for one in texts:
            action(one)
        best = min(best, (time.process_time() - started) / _ROUNDS)
    return best * 1000


def front_of(text: str) -> str:
    """The YAML between the fences."""
    return text.split("---\n", 2)[1]


def read_and_patch(text: str) -> None:
    """What the loop does with a file: understand it, change it, and read it again to check the change."""
    load(text, "m-1")
    patch.apply(text, CHANGES[:2])


def main() -> int:
    """Print the table, and what of it is over the promise."""
    text = big_mission()
    pure = cost(lambda one: yaml.safe_load(front_of(one)), text)
    fast = cost(lambda one: yaml.load(front_of(one), Loader=yaml.CSafeLoader), text)
    lines = [
        ("yaml.safe_load of the front matter", pure),
        ("the same with the loader in C", fast),
        ("read", cost(lambda one: load(one, "m-1"), text)),
        ("read and patch", cost(read_and_patch, text)),
        ("read, patch three places, append a row", cost(lambda one: patch.apply(one, CHANGES), text)),
    ]
    print(f"a mission of {len(text) / 1000:.1f} KB, front matter {len(front_of(text)) / 1000:.1f} KB")
    for name, spent in lines:
        print(f"  {name:<42} {spent:7.2f} ms  {spent / pure:5.2f} × safe_load")
    texts = list(variants(TEXT, _FILES))
    started = time.process_time()
    for one in texts:
        load(one, "m-1")
    cold = time.process_time() - started
    print(f"  {_FILES} files of {len(TEXT) / 1000:.1f} KB, read for the first time {cold:21.2f} s of CPU")
    broken = [name for name, wrong in (("read and patch", lines[3][1] > pure), ("cold", cold > _COLD_S)) if wrong]
    if broken:
        print(f"  over the promise: {', '.join(broken)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

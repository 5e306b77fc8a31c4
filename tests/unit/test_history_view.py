"""History and cleanup in a few lines: what a person wants to know by default, everything with --verbose."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot

from mission_cli.app.commands.cleanup import Cleared
from mission_cli.app.results.machine import Judged
from mission_cli.domain.host import PROGRAM, Person
from mission_cli.domain.ids import Sha
from mission_cli.ports.git.state import Event
from mission_cli.surfaces.cli.commands.undo_gc import cleanup_lines
from mission_cli.surfaces.lines import plain
from mission_cli.surfaces.views.history import history_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
ADA = Person("Ada", "ada@example.org")


@pytest.fixture(autouse=True)
def _in_utc() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def event(minutes: float, *told: tuple[str, str], author: Person = PROGRAM, subject: str = "") -> Event:
    at = NOW - timedelta(minutes=minutes)
    kinds, reasons = tuple(kind for kind, _ in told), tuple(why for _, why in told)
    return Event(Sha("a" * 40), at, author, subject or reasons[0], kinds, why=reasons)


EVENTS = (
    event(1, ("feature.dispatched", "attempt 1 at 2.1 Read fonts: $9.07 and 1 h at most")),
    event(2, ("milestone.passed", "milestone 1 passed: 2 criteria on 29bd26a"), ("criteria.judged", "the verdicts")),
    event(2.1, ("milestone.validating", "every feature of milestone 1 is done or skipped")),
    event(2.2, ("attempt.settled", "1.2-a1 is done"), ("criteria.judged", "the verdicts of 1.2")),
    event(2.3, ("attempt.settled", "1.1-a1 is done"), ("criteria.judged", "the verdicts of 1.1")),
    event(4, ("feature.review", "1.1-a1 left 1 commit in 1 file")),
    event(9, author=ADA, subject="Say it \x1b[31mbetter"),
    event(10, ("mission.started", "pdf is started (by Ada)"), author=ADA),
    event(60 * 24, ("mission.created", "pdf is planned: Export reports (by Ada)"), author=ADA),
)


def test_history_tells_what_happened_in_each_minute_without_mere_steps() -> None:
    assert plain(history_lines(EVENTS, 60, NOW)) == snapshot("""\
10:28  milestone 1 passed: 2 criteria on 29bd26a
10:27  1.1-a1 is done; 1.2-a1 is done
10:21  Say it �[31mbetter [Ada]
10:20  pdf is started (by Ada)
Thu 10:30  pdf is planned: Export reports (by Ada)
""")


def test_a_verbose_history_has_a_line_for_each_commit() -> None:
    assert plain(history_lines(EVENTS[3:8], 60, NOW, verbose=True)) == snapshot("""\
2026-11-20 10:27:48 aaaaaaa 1.2-a1 is done
2026-11-20 10:27:42 aaaaaaa 1.1-a1 is done
2026-11-20 10:26:00 aaaaaaa 1.1-a1 left 1 commit in 1 file
2026-11-20 10:21:00 aaaaaaa Say it �[31mbetter [Ada]
2026-11-20 10:20:00 aaaaaaa pdf is started (by Ada)
""")


CLEARED = Cleared(
    removed=[
        *(Judged("branch", f"m/1.{n}-a1", "m", "its commits are on a branch that stays") for n in range(1, 41)),
        Judged("tree", "/trees/m/1.1-a1", "m", "its attempt is settled", 3 << 20),
        Judged("tip", "m/1.1-a1", "m", "its commits are on a branch that stays"),
        Judged("claim", "m/1.1-a1", "m", "its attempt is settled, and not the last of its feature"),
    ],
    kept=[
        Judged("claim", "m/1.1-a2", "m", "the highest number of its feature, so that no number is used twice"),
        Judged("tree", "/trees/m/1.2-a1", "m", "uncommitted changes: thought.txt"),
        *(Judged("job", f"n/1.{n}-a1", "n", "its mission is active") for n in range(1, 3)),
    ],
    rolled={"m": 2},
)


def test_cleanup_is_a_line_for_each_mission_and_one_for_what_a_person_should_look_at() -> None:
    assert plain(cleanup_lines(CLEARED, 0, dry_run=False, every=False)) == snapshot("""\
m: removed 40 branches, 2 refs, 1 tree, 3 MiB; kept 1 ref: the highest number of its feature, so that no number is used twice
m: kept the tree /trees/m/1.2-a1: uncommitted changes: thought.txt
n: kept 2 logs: its mission is active
2 run records of m are archived by year
removed: 43 things, 3 MiB
""")
    assert plain(cleanup_lines(CLEARED, 0, dry_run=True, every=False)).startswith("m: would remove 40 branches, 2 refs")


def test_a_verbose_cleanup_names_each_thing() -> None:
    shown = plain(cleanup_lines(CLEARED, 0, dry_run=False, every=True)).splitlines()
    assert len(shown) == len(CLEARED.removed) + len(CLEARED.kept) + 2
    assert shown[-3:] == snapshot(
        [
            "kept         job     n/1.2-a1: its mission is active",
            "2 run records of m are archived by year",
            "removed: 43 things, 3 MiB",
        ]
    )

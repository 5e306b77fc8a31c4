"""People read `$0.03`, `24 s`, `1.2 M tokens` and `1 attempt`, in every view; JSON keeps exact values."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.views import mission as drawn

from mission_cli._support.shown import clock, dollars, hours, moment, short, tokens
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import lifecycle
from mission_cli.app.queries.inbox import everything_waiting
from mission_cli.app.queries.listing import lines_of
from mission_cli.app.queries.outlook import outlook
from mission_cli.app.queries.status import status_of
from mission_cli.app.queries.why import explain
from mission_cli.app.results.views import Money
from mission_cli.document.plans.plan import read_plan
from mission_cli.domain.runs.usage import Tally
from mission_cli.engine.loop import pulse
from mission_cli.engine.news.standing import standing
from mission_cli.surfaces.as_json import as_json
from mission_cli.surfaces.lines import Size, plain
from mission_cli.surfaces.views.consent import consent_lines
from mission_cli.surfaces.views.listing import list_lines
from mission_cli.surfaces.views.page import frame, status_lines
from mission_cli.surfaces.views.planning.plan import plan_lines
from mission_cli.surfaces.views.reasons import reasons, waiting_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.app.results.views import MissionView
    from mission_cli.ports.executor import JobSpec

MACHINE = re.compile(
    r"\d+\.\d{3,}"  # $16.666666
    r"|\$\d+\.\d(?!\d)"  # $0.5
    r"|(?<![\w./-])\d{5,}(?![\w-])"  # 1000000
    r"|(?<![\w.])\d+(?:\.\d+)?(?:d|h|m|s|ms|min)(?!\w)"  # 24s, 0.0068h
    r"|\d+\.\d+ h\b"
    r"|\dT\d\d:\d\d"  # 2026-11-20T10:00:00Z
    r"|(?<![\d.,])1 (?:failed )?(?:milestones|features|attempts|tokens|commits|files|errors|jobs|criteria|rounds)\b"
    r"|there (?:is|are):? none"
)
COMMANDS = re.compile(r"mission [a-z-]+ .*|\b[0-9a-f]{7}\b")
AWKWARD = """\
title: Awkward
budget: {money_usd: 16.666666, token_limit: 1000000, time_hours: 1.0068}
preferences: {runner: script}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: a, estimate: 24s, criteria: ["file: `1.1.txt`"]}
"""


def awkward() -> MissionView:
    """The mission of the pictures with numbers as programs count them."""
    view = drawn()
    milestones = [replace(view.milestones[0], usd=Decimal("1.240625"), took=timedelta(hours=0.0068), rounds=1)]
    for milestone in view.milestones[1:]:
        features = [replace(f, tally=Tally(Decimal("0.0075"), {"input": 1_000_000}, 1)) for f in milestone.features]
        milestones.append(replace(milestone, features=tuple(features), rounds=1, usd=Decimal("16.666666")))
    budget = {
        "usd": Money(Decimal("16.666666"), Decimal("1.240625"), Decimal("4.9925"), 1),
        "hours": Money(Decimal("1.0068"), Decimal("0.0068"), Decimal("0.05")),
        "tokens": Money(Decimal(1_000_000), Decimal(448_000), Decimal(1)),
    }
    return replace(view, milestones=tuple(milestones), budget=budget, elapsed=timedelta(seconds=24.48), done=1)


def fails(spec: JobSpec) -> Outcome:
    """Cost something odd, and fail."""
    del spec
    return Outcome(24.48, code=1, costs=(Decimal("1.240625"), Decimal("0.0075")))


def views() -> Iterator[tuple[str, str]]:
    view = awkward()
    for width in (50, 80, 200):
        yield f"status {width}", plain(status_lines(view, Size(width, 0), everything=True))
        yield f"folded {width}", plain(status_lines(view, Size(width, 24)))
    yield "live", plain(frame(view, Size(100, 40)))
    host = make_host(fails)
    make_mission(host, AWKWARD)
    read = read_plan(AWKWARD).plan
    assert read is not None
    yield "plan", plain(plan_lines(read, 100))
    ctx = host.context()
    snap = ctx.state.snapshot()
    loaded = resolve(snap, "m").loaded
    yield "consent", plain(consent_lines(ctx, loaded, outlook(ctx, loaded.mission), 100))
    lifecycle.start(host.context(), "m")
    for number in range(12):
        cases = pulse(host.context()).cases
        host.jobs.clock.time.pass_by(timedelta(seconds=13))
        host.jobs.work()
        ctx = host.context()
        snap = ctx.state.snapshot()
        for address in ("m", "m/1", "m/1.1"):
            told = explain(ctx, snap, resolve(snap, address))
            yield f"why {address} {number}", "\n".join(line for line, _ in reasons(told, ctx.clock.now()))
        yield f"inbox {number}", "\n".join(line for line, _ in waiting_lines(everything_waiting(ctx)))
        yield f"status {number}", plain(status_lines(status_of(ctx, snap, resolve(snap, "m")), Size(100, 0)))
        yield f"list {number}", plain(list_lines(lines_of(ctx), 100))
        yield f"news {number}", "\n".join(words for case in cases.values() for words in standing(case).values())
        yield f"history {number}", "\n".join(why for event in ctx.state.history() for why in event.why)


def test_no_view_shows_numbers_of_machines_or_wrong_plurals() -> None:
    found = {
        name: [line for line in text.splitlines() if MACHINE.search(COMMANDS.sub("X", line))] for name, text in views()
    }
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "line",
    [
        "$16.666666",
        "$0.5",
        "of 1000000",
        "for 24s",
        "0.0068h",
        "0.05 h",
        "1 milestones",
        "1 attempts",
        "(there are: none)",
    ],
)
def test_each_kind_of_machine_number_is_found(line: str) -> None:
    assert MACHINE.search(line)


def test_json_keeps_exact_values() -> None:
    facts = json.loads(json.dumps(as_json(awkward())))
    assert facts["budget"]["usd"] == {"cap": 16.666666, "spent": 1.240625, "reserved": 4.9925, "unknown_runs": 1}
    assert (facts["budget"]["tokens"]["cap"], facts["elapsed"]) == (1_000_000, 24.48)


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        ("0", "$0"), ("0.0068", "under $0.01"), ("0.03", "$0.03"), ("1.240625", "$1.24"), ("16.666666", "$16.67"),
        ("20", "$20"), ("19.999", "$20"), ("0.995", "$1"), ("1240.5", "$1,240.50"), ("-2.5", "-$2.50"),
    ],
)  # fmt: skip
def test_dollars(usd: str, shown: str) -> None:
    assert dollars(Decimal(usd)) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0"), (1, "1"), (999, "999"), (1000, "1 k"), (12_345, "12.3 k"), (999_949, "999.9 k"), (999_950, "1 M"),
     (1_000_000, "1 M"), (1_234_567, "1.2 M"), (2 * 10**9, "2 G")],
)  # fmt: skip
def test_counts(count: int, shown: str) -> None:
    assert (short(count), tokens(count)) == (shown, f"{shown} token{'' if count == 1 else 's'}")


def test_hours_and_what_is_unknown() -> None:
    assert [hours(Decimal(h)) for h in ("0", "0.0068", "0.05", "6", "16.666666", "-1")] == [
        "0 s", "24 s", "3 min", "6 h", "16 h 40 min", "0 s",
    ]  # fmt: skip
    assert [hours(None), dollars(None), tokens(None)] == ["unknown"] * 3


def test_times_are_local_and_say_how_far_away_they_are() -> None:
    now, berlin = datetime(2026, 11, 20, 12, 53, tzinfo=UTC), timezone(timedelta(hours=1))
    shown = [moment(now + timedelta(minutes=m), now, berlin) for m in (12, -90, 60 * 26, 60 * 24 * 30)]
    assert shown == ["14:05, in 12 min", "12:23, 1 h 30 min ago", "Sat 15:53, in 1 d 2 h", "2026-12-20 13:53, in 30 d"]
    assert clock(now, now, berlin) == "13:53"

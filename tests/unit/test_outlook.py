"""What is said before a mission starts: likely cost, estimates above the caps, and that nothing starts pulses."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission

from mission_cli.app.queries.outlook import estimated_hours, likely_cost, outlook
from mission_cli.app.results.outlook import LikelyCost
from mission_cli.document.reading.load import load

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission
    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Two files
budget: {money_usd: 5, time_hours: 2}
milestones:
  - name: Files
    estimate: 3h
    features:
      - {title: one, estimate: 90m}
      - {title: two, estimate: 45m}
  - name: More
    estimate: 4h
    features: [{title: three}]
"""
DONE = [Decimal(n) for n in ("0.10", "0.20", "0.30", "0.40", "2.00")]


def nothing(_spec: JobSpec) -> Outcome:
    return Outcome(1.0)


@pytest.mark.parametrize(
    ("done", "features", "expected"),
    [
        (DONE[:4], 10, None),
        (DONE, 0, None),
        ([Decimal("0.25")] * 5, 4, LikelyCost(Decimal("1.00"), Decimal("1.00"), 5)),
        (DONE, 10, LikelyCost(Decimal("5.90"), Decimal("9.30"), 5)),
    ],
)
def test_the_likely_cost_is_drawn_from_features_that_are_done(
    done: list[Decimal], features: int, expected: LikelyCost | None
) -> None:
    assert likely_cost(done, features) == expected
    assert likely_cost(done, features) == likely_cost(list(done), features)


@pytest.mark.parametrize(
    ("old", "new", "hours", "unknown"),
    [
        ("", "", "6.25", 0),
        ("estimate: 45m", "depends: [one]", "7", 0),
        ("    estimate: 4h\n", "", "2.25", 1),
    ],
)
def test_open_work_is_estimated_by_its_features_or_else_by_its_milestones(
    old: str, new: str, hours: str, unknown: int
) -> None:
    assert estimated_hours(planned(PLAN.replace(old, new))) == (Decimal(hours), unknown)


def test_what_may_go_wrong_is_said_with_what_to_do() -> None:
    host = make_host(nothing)
    ahead = outlook(host.context(), planned(PLAN))
    assert (ahead.cost, ahead.hours, ahead.scheduled) == (None, Decimal("6.25"), False)
    assert [(one.text, str(one.remedy)) for one in ahead.notices] == [
        (
            "its features are estimated at 6 h 15 min, and its cap is 2 h",
            "mission set m budget.time_hours 6.25",
        ),
        (
            "no pulse is scheduled on this machine: retries and later steps wait until you run one",
            "mission cron install, or in the background: mission run --detach m",
        ),
    ]


def planned(plan: str) -> Mission:
    """The mission of a plan, not started."""
    host = make_host(nothing)
    identity = make_mission(host, plan)
    return load(host.context().state.snapshot().missions[identity].text, "m").mission

"""A mistake in the front matter never widens a cap, and is always told with what mends it."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from mission_cli.app.addressing import Address
from mission_cli.app.commands.set_value import setting
from mission_cli.document.changes import SetFront
from mission_cli.document.editing import patch
from mission_cli.document.reading.front_schema import KEYS
from mission_cli.document.reading.load import load
from mission_cli.document.reading.values_in_force import BOUNDS, recorded_with
from mission_cli.domain.ids import MissionId, Sha
from mission_cli.domain.status import HoldKind, MissionStatus
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.core.moves.mission import RecordValues
from mission_cli.planner.core.observation import Observation
from mission_cli.planner.core.policy import Policy, RunnerPolicy
from mission_cli.planner.decide import decide
from mission_cli.planner.mission.bounds import with_known_runner
from mission_cli.ports.git.state import Stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.domain.mission import Mission
    from mission_cli.planner.core.decisions import Decisions

FRONT = """\
---
id: m-1
title: "A mission"
status: active
type: development
mode: full
priority: normal
repo: ""
created: "2026-11-20"
started: "2026-11-20T09:00:00Z"
completed: ""
deadline: "2026-12-24"
pause_at: "2026-12-24"
schedule: "0 3 * * 1"
end_date: "2027-01-31"
executions: 1
managed: mission
host: here
base: main
quality_threshold: 0
autonomous: true
owner: ann
notify: [ann]
origin:
  agent: ""
  conversation: ""
budget:
  time_hours: 8
  money_usd: 5
  token_limit: 100000
  alert_threshold_pct: 80
  per_feature_usd: 2
model_routing:
  workers: sonnet
preferences:
  tech_stack: []
  deploy_target: ""
  test_framework: ""
  ci_provider: ""
  coding_style: ""
  max_parallel_workers: 2
  runner: script
  land: ask
  worker_command: ""
in_force:
  status: active
  mode: full
  base: main
  deadline: "2026-12-24"
  pause_at: "2026-12-24"
  schedule: "0 3 * * 1"
  end_date: "2027-01-31"
  money_usd: 5
  time_hours: 8
  token_limit: 100000
  per_feature_usd: 2
  alert_threshold_pct: 80
  runner: script
  max_parallel_workers: 2
noted:
  mission.started: "2026-11-20T09:00:00Z"
---

# A mission

## Milestones

### Milestone 1: One

**Status:** active

| # | Feature | Task ID | Status | Estimate | Worker | PR |
|---|---------|---------|--------|----------|--------|----|
| 1.1 | First | | pending | 1h | | |
"""
POLICY = Policy(runners={"script": RunnerPolicy()})
SEEN = Observation(datetime(2026, 11, 21, tzinfo=UTC), "here", base=Sha("b" * 40), work=Sha("a" * 40), free_slots=4)
GOOD = load(FRONT).mission

TEXTS = {
    "missing": None,
    "empty": '""',
    "null": "null",
    "a list": "[1, 2]",
    "a mapping": "{a: 1}",
    "words": "about five",
    "with a unit": "5 dollars",
    "huge": "99999999999999999999",
    "huge exponent": "1e400",
    "negative": "-5",
    "zero": "0",
    "infinite": ".inf",
    "not a number": ".nan",
    "other locale": "5,50",
    "other thousands": "5.000.000",
    "a thousand times": "5000",
    "unlimited": "unlimited",
    "a far date": "9999-12-31",
    "no date": "2026-13-45",
    "a letter too few": "actve",
}


def with_value(path: tuple[str, ...], value: str | None, name: str = "") -> str:
    """The file with another text behind one key, or under another name, or without its line."""
    lines = FRONT.split("\n")
    group = path[0] if len(path) > 1 else ""
    if group and f"{group}:" not in lines:
        lines.insert(1, f"{group}:")
    start = lines.index(f"{group}:") + 1 if group else 1
    indent = "  " if group else ""
    key = f"{indent}{path[-1]}:"
    at = next((n for n in range(start, len(lines)) if lines[n].startswith(key)), None)
    if at is None:
        at = start
        lines.insert(at, key)
    if not name:  # a misspelled mapping keeps what is below it
        del lines[at + 1 : next(n for n in range(at + 1, len(lines)) if not lines[n].startswith(f"{indent}  "))]
    lines[at : at + 1] = [] if value is None else [f"{indent}{name or path[-1]}: {value}".rstrip()]
    return "\n".join(lines)


def mutations() -> list[tuple[str, str, str]]:
    found = []
    front = load(FRONT).layout.front
    for key in KEYS.values():
        found += [(key.path, name, with_value(key.steps, text)) for name, text in TEXTS.items()]
        misspelled = key.steps[-1][:-2] + key.steps[-1][-1] + key.steps[-1][-2]
        kept = f'"{front.text(*key.steps)}"' if front.value(*key.steps) is not None else ""
        found.append((key.path, "misspelled", with_value(key.steps, kept, misspelled)))
    for name in BOUNDS:
        found += [(f"in_force.{name}", how, with_value(("in_force", name), text)) for how, text in TEXTS.items()]
    return found


CASES = mutations()


def caps(mission: Mission) -> dict[str, Decimal]:
    limits, endless = mission.limits, Decimal("Infinity")
    return {
        "usd": endless if limits.usd is None else limits.usd,
        "hours": endless if limits.hours is None else limits.hours,
        "tokens": endless if limits.tokens is None else limits.tokens,
        "per feature": endless if limits.per_feature_usd is None else limits.per_feature_usd,
        "threshold": limits.alert_pct,
        "workers": Decimal(mission.preferences.max_parallel_workers or 99),
    }


def plan_of(text: str) -> tuple[Mission, Decisions]:
    mission = with_known_runner(load(text, "m-1").mission, POLICY)
    return mission, decide(mission, SEEN, POLICY)


def test_every_mistake_is_made_in_every_key(record_property: Callable[[str, object], None]) -> None:
    keys = {key for key, _, _ in CASES}
    assert keys == {*KEYS, *(f"in_force.{name}" for name in BOUNDS)}
    assert len(CASES) == len(KEYS) * (len(TEXTS) + 1) + len(BOUNDS) * len(TEXTS)
    record_property("counts", {"keys with a mistake": len(CASES)})


@pytest.mark.parametrize("key", sorted({key for key, _, _ in CASES}))
def test_no_single_mistake_widens_a_cap_or_stops_the_mission_in_silence(key: str) -> None:
    for where, how, text in CASES:
        if where != key:
            continue
        mission, plan = plan_of(text)
        what = f"{key}: {how}"
        now, before = caps(mission), caps(GOOD)
        widened = {name for name in before if now[name] > before[name]}
        assert not widened, (what, widened)
        held = [h for h in plan.holds if h.person and (not h.subject or h.kind is HoldKind.PLACE)]
        starts = any(isinstance(m, Dispatch) for m in plan.transitions)
        assert starts or held or plan.wake_at, f"{what}: nothing moves, and nobody is told"


@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_what_does_not_count_is_an_error_that_names_the_key_and_the_command(name: str) -> None:
    key = BOUNDS[name].key
    for where, how, text in CASES:
        if where != key:
            continue
        mission, plan = plan_of(text)
        found = mission.in_force.overrules(key)
        if found is None:
            continue
        assert found.counts == GOOD.in_force.values[name], how
        told = [h for h in plan.holds if h.kind == "value" and f"`{key}`" in h.detail]
        assert [str(h.unblock) for h in told] == [shlex.join(["mission", "set", "m-1", key, found.counts])], how
        if key != "preferences.runner":
            assert [p.severity for p in load(text, "m-1").problems if f"`{key}`" in p.message] == ["error"], how


def test_each_command_that_mends_a_value_is_accepted() -> None:
    seen = set()
    for where, how, text in CASES:
        mission, plan = plan_of(text)
        address = Address(
            Stored(MissionId("m-1"), "m-1/mission.md", text, "m-1/runs"), replace(load(text, "m-1"), mission=mission)
        )
        for remedy in [r for h in plan.holds if h.kind == "value" for r in h.unblock.remedies if r.command == "set"]:
            _, key, value = remedy.args
            assert setting(address, key, value).new == value, (where, how)
            seen.add(key)
    assert {bound.key for bound in BOUNDS.values()} <= {*seen, "base"}
    assert "managed" in seen


@pytest.mark.parametrize(("before", "wider"), [("0", ""), ("3", "grows from 3 to 31, more than tenfold")])
def test_a_first_cap_limits_and_needs_no_confirmation(before: str, wider: str) -> None:
    text = FRONT[: FRONT.index("in_force:")] + FRONT[FRONT.index("---", 4) :]
    text = re.sub(r"  money_usd: .*", f"  money_usd: {before}", text)
    address = Address(Stored(MissionId("m-1"), "m-1/mission.md", text, "m-1/runs"), load(text, "m-1"))
    assert setting(address, "budget.money_usd", "31").wider == wider


@pytest.mark.parametrize("name", ["money_usd", "time_hours", "token_limit"])
@pytest.mark.parametrize("record", ["", "in_force:\n  status: active\n", "in_force:\n  {name}x: 5\n"])
def test_a_cap_under_a_misspelled_name_is_not_lifted(name: str, record: str) -> None:
    front = FRONT[: FRONT.index("in_force:")].replace(f"  {name}:", f"  {name}{'' if 'x' in record else 'x'}:")
    if "x" in record:
        front = "".join(line for line in front.splitlines(keepends=True) if f"  {name}:" not in line)
    text = front + record.format(name=name) + "---\n" + FRONT.partition("\n---\n")[2]
    plan = decide(load(text, "m-1").mission, SEEN, POLICY)
    assert not any(isinstance(m, Dispatch) for m in plan.transitions)
    words = f"`budget.{name}` was removed, and the unknown key `{name}x` may be meant as it"
    assert [h.detail for h in plan.holds if h.kind == "value"] == [f"{words}, and no earlier value is known"]


def test_a_runner_that_is_not_configured_any_more_is_not_advised() -> None:
    mission = load(with_value(("preferences", "runner"), None), "m-1").mission
    plan = decide(mission, SEEN, Policy(runners={"other": RunnerPolicy()}))
    assert [str(h.unblock) for h in plan.holds if h.kind == "value"] == ["mission edit m-1"]


def test_values_below_a_misspelled_record_count_and_are_recorded_again() -> None:
    text = FRONT.replace("in_force:", "in_forcex:").replace("  time_hours: 8\n", "", 1)
    mission, plan = plan_of(text)
    assert caps(mission) == caps(GOOD)
    (recorded,) = [m for m in plan.transitions if isinstance(m, RecordValues)]
    assert {name: value for name, _, value in recorded.changes} == GOOD.in_force.values


def test_a_status_that_looks_like_a_stop_starts_nothing() -> None:
    for word in ("pausd", "cancelld", "stoped"):
        mission, plan = plan_of(with_value(("status",), word))
        assert mission.status is MissionStatus.ACTIVE
        assert not any(isinstance(m, Dispatch) for m in plan.transitions)
    _, plan = plan_of(with_value(("status",), "actve"))
    assert any(isinstance(m, Dispatch) for m in plan.transitions)


def test_a_good_change_counts_at_once_and_is_recorded_with_who_made_it() -> None:
    text = with_value(("budget", "money_usd"), "10")
    mission = load(text, "m-1").mission
    assert mission.limits.usd == 10
    plan = decide(mission, replace(SEEN, editor="Ann"), POLICY)
    assert [m for m in plan.transitions if isinstance(m, RecordValues)] == [
        RecordValues((("money_usd", "5", "10"),), by="Ann")
    ]


def test_what_a_command_sets_is_recorded_with_it() -> None:
    changes = [SetFront(("status",), "paused"), SetFront(("budget", "money_usd"), "7")]
    text = patch.apply(FRONT, [*changes, *recorded_with(FRONT, changes)])
    mission = load(text).mission
    assert (mission.in_force.written["status"], mission.in_force.written["money_usd"]) == ("paused", "7")
    assert not mission.in_force.overruled
    assert not list(mission.in_force.changed())


def test_without_a_record_a_cap_that_cannot_be_read_starts_nothing() -> None:
    bare = FRONT[: FRONT.index("in_force:")] + "---\n" + FRONT.partition("\n---\n")[2]
    mission = load(bare.replace("money_usd: 5", "money_usd: 5 dollars")).mission
    plan = decide(mission, SEEN, POLICY)
    assert not any(isinstance(m, Dispatch) for m in plan.transitions)
    words = "`budget.money_usd` is `5 dollars`, which is not a number, and no earlier value is known"
    assert [h.detail for h in plan.holds if h.kind == "value"] == [words]


@pytest.mark.parametrize("name", ["money_usd", "time_hours"])
def test_a_cap_that_is_gone_and_whose_record_cannot_be_read_starts_nothing(name: str) -> None:
    value = load(FRONT).mission.in_force.written[name]
    text = FRONT.replace(f"{name}: {value}", f"{name}x: {value}", 1).replace(f"{name}: {value}", f"{name}: 5 dollars")
    mission = load(text).mission
    plan = decide(mission, SEEN, POLICY)
    assert not any(isinstance(m, Dispatch) for m in plan.transitions)
    words = f"`budget.{name}` was removed, and its value under `in_force` is `5 dollars`, which is not a number"
    assert [h.detail for h in plan.holds if h.kind == "value"] == [f"{words}, and no earlier value is known"]


def test_a_file_of_another_tool_is_read_as_before() -> None:
    foreign = FRONT.replace("managed: mission\n", "").replace("money_usd: 5\n", "money_usd: about 5\n", 1)
    mission = load(foreign).mission
    assert not mission.managed
    assert mission.limits.usd is None
    assert not mission.in_force.overruled

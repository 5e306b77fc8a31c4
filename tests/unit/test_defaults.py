"""The tables of defaults in docs/machines.md say what the code does: every key is there, with its default."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from mission_cli.document.keys import KEYS
from mission_cli.document.plan import Plan, PlanFeature, PlanMilestone
from mission_cli.engine.world import policy_of
from mission_cli.planner.policy import Policy
from mission_cli.settings import RunnerSettings, Settings, TreeSettings

PAGE = (Path(__file__).resolve().parents[2] / "docs/machines.md").read_text(encoding="utf-8")
SETTABLE, FIXED = PAGE.partition("## Defaults\n")[2].partition("\n## ")[0].split("These numbers are fixed")
FROM_SETTINGS = {name for name in Policy.__match_args__ if name in Settings.__match_args__}
COMPUTED = {"runners", "checks_salt", "checks_at_once"}
"""Of the policy: what is made for each tick."""


def table(text: str) -> dict[str, str]:
    """Default by key."""
    rows = re.findall(r"^\|[^|]*\| `([^`|]+)` \| ([^|]*) \|$", text, re.MULTILINE)
    found = dict(rows)
    assert len(found) == len(rows), "a key stands there twice"
    return found


def shown(value: Any) -> str:
    """A value as the page writes it."""
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        unit = next(u for u in (3600, 60, 1) if seconds % u == 0 and (seconds or u == 1))
        return f"{seconds // unit}{ {3600: 'h', 60: 'm', 1: 's'}[unit] }"
    if isinstance(value, tuple):
        return ", ".join(map(shown, value)) or "empty"
    if isinstance(value, bool):
        return str(value).casefold()
    if isinstance(value, int | float):
        return f"{value:g}"
    return str(value or "empty") if not hasattr(value, "items") else "empty"


def of_plan(path: str) -> Any:
    """What a plan that says nothing puts into the front matter."""
    value: Any = Plan(title="x", milestones=[PlanMilestone(name="x", features=[PlanFeature(title="x")])])
    for step in path.split("."):
        value = getattr(value, step)
    return value


def test_what_is_settable_is_in_the_table_with_its_key_and_its_default() -> None:
    names = [name for name in Settings.__match_args__ if name not in {"tree", "runners"}]
    expected: dict[str, Any] = {name: getattr(Settings(), name) for name in names}
    expected |= {f"tree.{name}": getattr(TreeSettings(), name) for name in TreeSettings.__match_args__}
    expected |= {f"runners.NAME.{name}": getattr(RunnerSettings(), name) for name in RunnerSettings.__match_args__}
    page = table(SETTABLE)
    front = {key: key.removeprefix("front:") for key in page if key.startswith("front:")}
    assert {path if path in KEYS else path.partition(".")[0] for path in front.values()} <= set(KEYS)
    expected |= {key: of_plan(path) for key, path in front.items()}
    assert page == {key: shown(value) for key, value in expected.items()}


def test_what_is_fixed_is_in_the_other_table_with_its_value() -> None:
    fixed = [name for name in Policy.__match_args__ if name not in FROM_SETTINGS | COMPUTED]
    assert table(FIXED) == {name: shown(getattr(Policy(), name)) for name in fixed}
    assert policy_of.__doc__ is not None
    assert {name: getattr(Policy(), name) for name in FROM_SETTINGS} == {
        n: getattr(Settings(), n) for n in FROM_SETTINGS
    }

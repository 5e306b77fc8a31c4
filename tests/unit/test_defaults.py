"""docs/settings.md lists every setting with its range and default; docs/machines.md lists the fixed numbers."""

from __future__ import annotations

import re
import runpy
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mission_cli.document.plans.model import (
    Plan,
    PlanFeature,
    PlanMilestone,
)
from mission_cli.document.reading.front_schema import KEYS
from mission_cli.domain.errors import UsageError
from mission_cli.engine.context import policy_of
from mission_cli.planner.core.policy import Policy
from mission_cli.settings import (
    BudgetSettings,
    CurrencySettings,
    DashboardSettings,
    DeciderSettings,
    DeploySettings,
    FeedbackSettings,
    ForgeSettings,
    HookSettings,
    HostSettings,
    MailSettings,
    McpSettings,
    NotificationSettings,
    PaymentSettings,
    PreviewSettings,
    PriceSettings,
    PurchaseLimitSettings,
    RunnerSettings,
    ServeSettings,
    Settings,
    SkillSettings,
    TreeSettings,
    WatcherSettings,
    check,
    parse,
)
from mission_cli.settings.described import GROUPS, described, example

DOCS = Path(__file__).resolve().parents[2] / "docs"
SETTINGS = (DOCS / "settings.md").read_text(encoding="utf-8")
FIXED = (DOCS / "machines.md").read_text(encoding="utf-8").partition("## Fixed numbers\n")[2].partition("\n## ")[0]
FROM_SETTINGS = {name for name in Policy.__match_args__ if name in Settings.__match_args__}
COMPUTED = {
    "previews",
    "targets",
    "checks_grace",
    "issues",
    "runners",
    "default_runner",
    "checks_salt",
    "checks_at_once",
    "hook_rules",
    "shared_budgets",
    "sandboxed",
}
"""Fields of the policy that are set for each pulse."""
PREFIXES = {
    "`[tree]`": "tree.",
    "`[forge]`": "forge.",
    "`[mail]`": "mail.",
    "`[payments]`": "payments.",
    "`[purchase_limits.NAME]`": "purchase_limits.NAME.",
    "`[mcp]`": "mcp.",
    "`[preview]`": "preview.",
    "`[deploy.NAME]`": "deploy.NAME.",
    "`[skills]`": "skills.",
    "`[feedback]`": "feedback.",
    "`[dashboard]`": "dashboard.",
    "`[hooks]`": "hooks.",
    "`[watchers.NAME]`": "watchers.NAME.",
    "`[budgets.NAME]`": "budgets.NAME.",
    '`[prices."MODEL"]`': 'prices."MODEL".',
    "`[currency]`": "currency.",
    "`[notifications.NAME]`": "notifications.NAME.",
    "`[serve]`": "serve.",
    "`[deciders.NAME]`": "deciders.NAME.",
    "`[runners.NAME]`": "runners.NAME.",
    "`[hosts.NAME]`": "hosts.NAME.",
    "Defaults in the mission file": "front:",
}
TABLES = {
    "tree",
    "forge",
    "dashboard",
    "feedback",
    "hooks",
    "watchers",
    "budgets",
    "prices",
    "currency",
    "mail",
    "payments",
    "purchase_limits",
    "mcp",
    "preview",
    "deploy",
    "skills",
    "notifications",
    "serve",
    "deciders",
    "runners",
    "hosts",
}
WHOLE = {"integer": int, "MiB": int, "true or false": bool, "duration": timedelta}


def rows() -> dict[str, tuple[str, str, str]]:
    """Return (type, range, default) of each setting on the page, by its full name."""
    found: dict[str, tuple[str, str, str]] = {}
    for part in SETTINGS.split("\n## ")[1:]:
        title = part.partition("\n")[0].partition(":")[0]
        for name, about, kind, span, default in re.findall(
            r"^\| `(.+)` \|(.*)\|(.*)\|(.*)\|(.*)\|$", part, re.MULTILINE
        ):
            full = PREFIXES.get(title, "") + name
            assert about.strip()
            assert full not in found, f"{full} is listed twice"
            found[full] = (kind.strip(), span.strip(), default.strip())
    return found


def shown(value: Any) -> str:
    """Return a value as the page writes it."""
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
    """Return what a plan that names no value puts into the front matter."""
    value: Any = Plan(title="x", milestones=[PlanMilestone(name="x", features=[PlanFeature(title="x")])])
    for step in path.split("."):
        value = getattr(value, step)
    return value


def defaults() -> dict[str, Any]:
    """Return the default of every setting of the code, by its full name."""
    names = [name for name in Settings.__match_args__ if name not in TABLES]
    found: dict[str, Any] = {name: getattr(Settings(), name) for name in names}
    found |= {f"tree.{name}": getattr(TreeSettings(), name) for name in TreeSettings.__match_args__}
    found |= {f"preview.{name}": getattr(PreviewSettings(), name) for name in PreviewSettings.__match_args__}
    found |= {f"deploy.NAME.{name}": getattr(DeploySettings(), name) for name in DeploySettings.__match_args__}
    found |= {f"skills.{name}": getattr(SkillSettings(), name) for name in SkillSettings.__match_args__}
    found |= {f"payments.{name}": getattr(PaymentSettings(), name) for name in PaymentSettings.__match_args__}
    found |= {
        f"purchase_limits.NAME.{name}": getattr(PurchaseLimitSettings(), name)
        for name in PurchaseLimitSettings.__match_args__
    }
    found |= {f"mail.{name}": getattr(MailSettings(), name) for name in MailSettings.__match_args__}
    found |= {f"forge.{name}": getattr(ForgeSettings(), name) for name in ForgeSettings.__match_args__}
    found |= {f"feedback.{name}": getattr(FeedbackSettings(), name) for name in FeedbackSettings.__match_args__}
    found |= {f"dashboard.{name}": getattr(DashboardSettings(), name) for name in DashboardSettings.__match_args__}
    found |= {f"hooks.{name}": getattr(HookSettings(), name) for name in HookSettings.__match_args__}
    found |= {f"watchers.NAME.{name}": getattr(WatcherSettings(), name) for name in WatcherSettings.__match_args__}
    found |= {f"budgets.NAME.{name}": getattr(BudgetSettings(), name) for name in BudgetSettings.__match_args__}
    found |= {f'prices."MODEL".{name}': getattr(PriceSettings(), name) for name in PriceSettings.__match_args__}
    found |= {f"currency.{name}": getattr(CurrencySettings(), name) for name in CurrencySettings.__match_args__}
    found |= {f"mcp.{name}": getattr(McpSettings(), name) for name in McpSettings.__match_args__}
    found |= {
        f"notifications.NAME.{name}": getattr(NotificationSettings(), name)
        for name in NotificationSettings.__match_args__
    }
    found |= {f"serve.{name}": getattr(ServeSettings(), name) for name in ServeSettings.__match_args__}
    found |= {f"deciders.NAME.{name}": getattr(DeciderSettings(), name) for name in DeciderSettings.__match_args__}
    found |= {f"hosts.NAME.{name}": getattr(HostSettings(), name) for name in HostSettings.__match_args__}
    return found | {f"runners.NAME.{name}": getattr(RunnerSettings(), name) for name in RunnerSettings.__match_args__}


def test_the_page_lists_every_setting_with_its_default_and_no_other() -> None:
    page = {name: default for name, (_, _, default) in rows().items()}
    front = {name: name.removeprefix("front:") for name in page if name.startswith("front:")}
    assert {path if path in KEYS else path.partition(".")[0] for path in front.values()} <= set(KEYS)
    expected = defaults() | {name: of_plan(path) for name, path in front.items()}
    assert page == {name: shown(value) for name, value in expected.items()}


def test_the_page_is_what_the_settings_say_and_each_has_a_heading() -> None:
    page = runpy.run_path(str(DOCS / "settings.py"))["page"]()
    assert page == SETTINGS, "run `make docs`"
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(described())
    assert len(grouped) == len(set(grouped))


def test_the_example_has_every_setting_and_is_valid_with_and_without_its_comments() -> None:
    text = example()
    assert {line[:1] for line in text.splitlines() if line} == {"#"}
    assert parse(text, "as it is") == Settings()
    found = parse("\n".join(line.removeprefix("# ") for line in text.splitlines()), "uncommented")
    check(found)
    assert (
        replace(
            found,
            hours="",
            protect=(),
            notify="",
            tree=TreeSettings(),
            forge=ForgeSettings(),
            mcp=McpSettings(),
            preview=PreviewSettings(),
            deploy={},
            skills=SkillSettings(),
            dashboard=DashboardSettings(),
            feedback=FeedbackSettings(),
            hooks=HookSettings(),
            watchers={},
            budgets={},
            prices={},
            currency=CurrencySettings(),
            mail=MailSettings(),
            payments=PaymentSettings(),
            purchase_limits={},
            notifications={},
            serve=ServeSettings(),
            deciders={},
            runners={},
            hosts={},
        )
        == Settings()
    )
    assert found.tree.setup == "npm ci"
    assert found.runners["script"].command == ("sh", "worker.sh")
    assert len(re.findall(r"^# [a-z_]+ = ", text, re.MULTILINE)) == len(described())
    assert max(map(len, text.splitlines())) <= 130


def test_the_page_names_the_type_of_each_setting() -> None:
    for name, value in defaults().items():
        kind = rows()[name][0]
        assert type(value) is WHOLE.get(kind, type(value)), name
        assert isinstance(value, tuple) == kind.startswith("list"), name
        assert hasattr(value, "items") == kind.startswith("table"), name


def _with(name: str, value: Any) -> Settings:
    if name.startswith("runners."):
        return Settings(runners={"x": replace(RunnerSettings(), **{name.rpartition(".")[2]: value})})
    if name.startswith("notifications."):
        rule = NotificationSettings(("json://localhost",))
        return Settings(notifications={"x": replace(rule, **{name.rpartition(".")[2]: value})})
    if name.startswith("deploy."):
        return Settings(deploy={"x": replace(DeploySettings(command="x"), **{name.rpartition(".")[2]: value})})
    if name.startswith("hosts."):
        return Settings(hosts={"x": replace(HostSettings(address="x"), **{name.rpartition(".")[2]: value})})
    if name.startswith("budgets."):
        budget = BudgetSettings(usd=Decimal(1))
        return Settings(budgets={"x": replace(budget, **{name.rpartition(".")[2]: value})})
    table, dot, key = name.partition(".")
    if dot:
        return replace(Settings(), **{table: replace(getattr(Settings(), table), **{key: value})})
    return replace(Settings(), **{name: value})


def _is_allowed(name: str, value: Any) -> bool:
    with suppress(UsageError):
        check(_with(name, value))
        return True
    return False


RANGED = {n: span for n, (_, span, _) in rows().items() if "–" in span and not n.startswith("front:")}


@pytest.mark.parametrize("name", sorted(RANGED))
def test_the_ends_of_a_range_are_allowed_and_what_is_beyond_is_refused(name: str) -> None:
    least, most = RANGED[name].split("–")
    low: Any = int(least.removesuffix("s"))
    high: Any = int(most.removesuffix("d"))
    step: Any = 1
    if most.endswith("d"):
        low, high, step = timedelta(seconds=low), timedelta(days=high), timedelta(seconds=1)
    allowed = [_is_allowed(name, value) for value in (low - step, low, high, high + step)]
    assert allowed == [False, True, True, False]


def test_every_number_is_ranged() -> None:
    numbers = {
        name for name, value in defaults().items() if isinstance(value, int | timedelta) and not isinstance(value, bool)
    }
    assert numbers == set(RANGED)


def test_the_other_page_lists_every_fixed_number_with_its_value() -> None:
    fixed = [name for name in Policy.__match_args__ if name not in FROM_SETTINGS | COMPUTED]
    page = re.findall(r"^\|[^|]*\| `([^`|]+)` \| ([^|]*) \|$", FIXED, re.MULTILINE)
    assert dict(page) == {name: shown(getattr(Policy(), name)) for name in fixed}
    assert len(dict(page)) == len(page), "a number is listed twice"
    assert policy_of.__doc__ is not None
    assert {name: getattr(Policy(), name) for name in FROM_SETTINGS} == {
        n: getattr(Settings(), n) for n in FROM_SETTINGS
    }

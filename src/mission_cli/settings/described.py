"""Every setting described: for `docs/settings.md`, and as an example of a settings file."""

from __future__ import annotations

import textwrap
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli._support.docstrings import field_texts
from mission_cli.domain.notice import Remedy
from mission_cli.settings.checks import LONGEST, MOST_FOR_A_PLAN, NEVER_ZERO, RANGES
from mission_cli.settings.dashboard import DashboardSettings
from mission_cli.settings.deploying import DeploySettings
from mission_cli.settings.feedback import FeedbackSettings
from mission_cli.settings.hosts import MOST_MEMORY_MB, MOST_WORKERS, HostSettings
from mission_cli.settings.model import (
    ForgeSettings,
    MailSettings,
    McpSettings,
    NotificationSettings,
    PreviewSettings,
    RunnerSettings,
    Settings,
    SkillSettings,
    TreeSettings,
)
from mission_cli.settings.money import BudgetSettings, CurrencySettings, PriceSettings
from mission_cli.settings.outside import DeciderSettings, ServeSettings
from mission_cli.settings.payments import PaymentSettings, PurchaseLimitSettings
from mission_cli.settings.watching import HookSettings, WatcherSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

RUNNERS, NOTIFICATIONS, DECIDERS = "runners.NAME", "notifications.NAME", "deciders.NAME"
TARGETS, HOSTS = "deploy.NAME", "hosts.NAME"
WATCHERS, BUDGETS, PRICES, LIMITS = "watchers.NAME", "budgets.NAME", 'prices."MODEL"', "purchase_limits.NAME"
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Workers and attempts": (
        *("max_parallel_workers", "machine_workers", "attempts", "max_steps", "retry_delays", "outage_delays"),
        *("stall_after", "stuck_after", "lost_grace", "hours"),
    ),
    "Checks and milestones": ("check_timeout", "validation_rounds"),
    "Sandbox and safety": (
        *("sandbox", "network", "sandbox_read", "sandbox_write", "protect", "secret_exceptions", "max_file_mib"),
        *("min_free_memory_mib", "min_free_disk_mib"),
    ),
    "Planning, questions and notifications": ("plan_max_usd", "plan_deadline", "request_lifetime", "notify"),
    "Where missions live": ("state", "trees", "identity", "sign", "remote", "remote_every"),
    "Timing of the loop": ("full_look", "agree_after"),
    "`[tree]`: prepare each clone": tuple(f"tree.{name}" for name in TreeSettings.__match_args__),
    "`[forge]`: pull requests": tuple(f"forge.{name}" for name in ForgeSettings.__match_args__),
    "`[mcp]`: agents that use the tools": tuple(f"mcp.{name}" for name in McpSettings.__match_args__),
    "`[preview]`: show finished work": tuple(f"preview.{name}" for name in PreviewSettings.__match_args__),
    "`[deploy.NAME]`: deploy finished work": tuple(f"{TARGETS}.{name}" for name in DeploySettings.__match_args__),
    "`[skills]`: what missions learn": tuple(f"skills.{name}" for name in SkillSettings.__match_args__),
    "`[feedback]`: where drafts of issues are filed": tuple(
        f"feedback.{name}" for name in FeedbackSettings.__match_args__
    ),
    "`[dashboard]`: files for readers": tuple(f"dashboard.{name}" for name in DashboardSettings.__match_args__),
    "`[hooks]`: commands before and after steps": tuple(f"hooks.{name}" for name in HookSettings.__match_args__),
    "`[watchers.NAME]`: do one thing on an event": tuple(
        f"{WATCHERS}.{name}" for name in WatcherSettings.__match_args__
    ),
    "`[budgets.NAME]`: what missions may use together": tuple(
        f"{BUDGETS}.{name}" for name in BudgetSettings.__match_args__
    ),
    '`[prices."MODEL"]`: prices of your own': tuple(f"{PRICES}.{name}" for name in PriceSettings.__match_args__),
    "`[currency]`: show amounts in another currency": tuple(
        f"currency.{name}" for name in CurrencySettings.__match_args__
    ),
    "`[mail]`: send and get mail": tuple(f"mail.{name}" for name in MailSettings.__match_args__),
    "`[payments]`: buy what a mission needs": tuple(f"payments.{name}" for name in PaymentSettings.__match_args__),
    "`[purchase_limits.NAME]`: the most that may be bought": tuple(
        f"{LIMITS}.{name}" for name in PurchaseLimitSettings.__match_args__
    ),
    "`[notifications.NAME]`: who gets which events": tuple(
        f"{NOTIFICATIONS}.{name}" for name in NotificationSettings.__match_args__
    ),
    "`[serve]`: links and webhooks": tuple(f"serve.{name}" for name in ServeSettings.__match_args__),
    "`[deciders.NAME]`: who may decide from outside": tuple(
        f"{DECIDERS}.{name}" for name in DeciderSettings.__match_args__
    ),
    "`[runners.NAME]`: one agent or program": tuple(f"{RUNNERS}.{name}" for name in RunnerSettings.__match_args__),
    "`[hosts.NAME]`: machines and clusters for attempts": tuple(
        f"{HOSTS}.{name}" for name in HostSettings.__match_args__
    ),
}
"""The settings by the heading of the page that they are below."""
_LISTS = {
    "sandbox_read": "paths",
    "sandbox_write": "paths",
    "protect": "patterns",
    "secret_exceptions": "patterns",
    "copy": "patterns",
    "keys": "names",
    "needs": "names",
    "required": "names",
    "reviewers": "names",
    "assignees": "names",
    "deciding_clients": "names",
    "channels": "addresses",
    "events": "patterns",
    "attach": "patterns",
    "on": "patterns",
    "missions": "patterns",
    "may": "patterns",
    "runners": "patterns",
}
"""What the elements of a list are, if not just texts."""
_TYPES: Mapping[type, str] = {timedelta: "duration", bool: "true or false", Decimal: "dollars", str: "text"}
_SPANS = {
    f"{BUDGETS}.headroom_pct": "0–90",
    f"{TARGETS}.health_status": "100–599",
    f"{HOSTS}.workers": f"1–{MOST_WORKERS}",
    f"{HOSTS}.memory_mb": f"0–{MOST_MEMORY_MB}",
}
_EXAMPLES: Mapping[str, str] = {
    "hours": '"22:00-07:00"',
    "protect": '["docs/legal/*"]',
    "notify": '\'notify-send "$MISSION_TITLE" "$MISSION_WORDS"\'',
    "tree.setup": '"npm ci"',
    "preview.run": '"npm run preview -- --port $MISSION_PORT"',
    "preview.cleanup": '"./cleanup.sh"',
    "preview.health": '"/health"',
    "preview.keys": '["DEPLOY_TOKEN"]',
    f"{TARGETS}.command": '"./deploy.sh"',
    f"{TARGETS}.url": '"https://words.example.org"',
    f"{TARGETS}.health": '"/health"',
    f"{TARGETS}.health_contains": '"ok"',
    f"{TARGETS}.rollback": '"./deploy.sh $MISSION_PREVIOUS"',
    f"{TARGETS}.needs": '["hosting"]',
    f"{TARGETS}.keys": '["DEPLOY_TOKEN"]',
    "forge.url": '"https://git.example.org/api/v1"',
    "forge.token": '"env:FORGE_TOKEN"',
    "forge.required": '["build", "test"]',
    "forge.reviewers": '["alice", "acme/core"]',
    "tree.copy": '[".env.test"]',
    "mcp.deciding_clients": '["my-agent"]',
    "feedback.repository": '"acme/shop"',
    "feedback.mission": '"https://github.com/OWNER/NAME"',
    "hooks.before_landing": '"./scripts/may-land.sh"',
    f"{WATCHERS}.on": '["feature.failed"]',
    f"{WATCHERS}.do": '"run: ./scripts/page.sh"',
    f"{BUDGETS}.usd": "200",
    f"{BUDGETS}.hours": "40",
    f"{BUDGETS}.tokens": "500_000_000",
    f"{BUDGETS}.runners": '["team-*"]',
    f"{PRICES}.input": "3",
    f"{PRICES}.output": "15",
    f"{PRICES}.cache_read": "0.30",
    f"{PRICES}.cache_write": "3.75",
    "currency.code": '"EUR"',
    "currency.rate": "0.92",
    "currency.date": '"2026-11-02"',
    "mail.smtp": '"mail.example.org"',
    "mail.imap": '"mail.example.org"',
    "mail.user": '"env:MAIL_USER"',
    "mail.password": '"env:MAIL_PASSWORD"',
    "mail.sender": '"Missions <missions@example.org>"',
    "mail.sent_folder": '"Sent"',
    "mail.server": '"mail.example.org"',
    "mail.questions": '"ada@example.org"',
    "payments.provider": '"stripe"',
    "payments.approvers": '["Ada Lovelace"]',
    "payments.ask_above": '{EUR = "5.00"}',
    "payments.merchants": '["example.com"]',
    "payments.hours": '"09:00-18:00"',
    "payments.key": '"env:STRIPE_KEY"',
    "payments.cardholder": '"ich_1Example"',
    "payments.categories": '["computer_software_stores"]',
    "payments.countries": '["DE"]',
    "payments.ledger": '"~/payments.csv"',
    f"{LIMITS}.amount": '"100 EUR"',
    f"{LIMITS}.merchants": '["example.com"]',
    f"{NOTIFICATIONS}.channels": '["env:OPS_CHANNEL", "ntfy://ntfy.example.org/missions"]',
    f"{NOTIFICATIONS}.events": '["milestone.*", "mission.*"]',
    f"{NOTIFICATIONS}.when": """'{"field": "spent_usd", "op": ">", "value": 5}'""",
    f"{NOTIFICATIONS}.attach": '["assets/*.png"]',
    f"{NOTIFICATIONS}.template": '"{{ mission }}: {{ words }}"',
    f"{NOTIFICATIONS}.quiet": '"22:00-07:00"',
    f"{NOTIFICATIONS}.decider": '"ada"',
    "serve.url": '"https://missions.example.org"',
    "serve.slack_secret": '"env:SLACK_SIGNING_SECRET"',
    "serve.telegram_secret": '"env:TELEGRAM_SECRET"',
    "serve.github_secret": '"env:FORGE_WEBHOOK_SECRET"',
    "serve.gitlab_secret": '"env:FORGE_WEBHOOK_SECRET"',
    "serve.forgejo_secret": '"env:FORGE_WEBHOOK_SECRET"',
    f"{DECIDERS}.email": '"ada@example.org"',
    f"{DECIDERS}.slack": '"U024BE7LH"',
    f"{DECIDERS}.telegram": '"123456789"',
    f"{DECIDERS}.may": '["words/*", "*/gate:code_review"]',
    f"{RUNNERS}.kind": '"command"',
    f"{RUNNERS}.command": '["sh", "worker.sh"]',
    f"{RUNNERS}.models": '{opus = "large-1", sonnet = "medium-1"}',
    f"{RUNNERS}.env": '{API_KEY = "env:API_KEY"}',
    f"{HOSTS}.address": '"me@machine"',
    f"{HOSTS}.labels": '["gpu"]',
    f"{HOSTS}.cpus": "2",
    f"{HOSTS}.gpus": "1",
}
"""What an example shows for settings whose default says nothing."""
_NAMES = {
    RUNNERS: "script",
    NOTIFICATIONS: "ops",
    DECIDERS: "ada",
    WATCHERS: "failures",
    BUDGETS: "month",
    TARGETS: "production",
    LIMITS: "small",
    HOSTS: "big-box",
    PRICES: 'prices."acme/large-1"',
}
"""The names in an example of tables that a person names."""
_HEAD = f"## Settings of this repository. `{Remedy('help', ('settings',))}` describes all, with ranges and defaults.\n"
_WIDTH = 118


@dataclass(frozen=True, slots=True)
class Described:
    """One setting."""

    name: str
    """Its full name, such as `tree.setup`."""
    about: str
    kind: str
    """Its type, with the unit."""
    span: str
    """The values that are allowed, or empty."""
    default: str
    value: Any
    """The default itself."""

    @property
    def key(self) -> str:
        """Return its name in its table."""
        return self.name.rpartition(".")[2]


def described() -> dict[str, Described]:
    """Return every setting by its full name."""
    tables: tuple[tuple[str, Any], ...] = (
        ("", Settings()),
        ("tree.", TreeSettings()),
        ("forge.", ForgeSettings()),
        ("mcp.", McpSettings()),
        ("preview.", PreviewSettings()),
        (f"{TARGETS}.", DeploySettings()),
        ("skills.", SkillSettings()),
        ("dashboard.", DashboardSettings()),
        ("feedback.", FeedbackSettings()),
        ("hooks.", HookSettings()),
        (f"{WATCHERS}.", WatcherSettings()),
        (f"{BUDGETS}.", BudgetSettings()),
        (f"{PRICES}.", PriceSettings()),
        ("currency.", CurrencySettings()),
        ("mail.", MailSettings()),
        ("payments.", PaymentSettings()),
        (f"{LIMITS}.", PurchaseLimitSettings()),
        (f"{NOTIFICATIONS}.", NotificationSettings()),
        ("serve.", ServeSettings()),
        (f"{DECIDERS}.", DeciderSettings()),
        (f"{RUNNERS}.", RunnerSettings()),
        (f"{HOSTS}.", HostSettings()),
    )
    found: dict[str, Described] = {}
    for prefix, table in tables:
        texts = field_texts(type(table))
        for key in table.__match_args__:
            if key in texts:
                value = getattr(table, key)
                name = f"{prefix}{key}"
                found[name] = Described(name, texts[key], _kind(key, value), _span(name, value), shown(value), value)
    return found


def shown(value: Any) -> str:
    """Return a default as people write it."""
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        unit = next(u for u in (3600, 60, 1) if seconds % u == 0 and (seconds or u == 1))
        return f"{seconds // unit}{ {3600: 'h', 60: 'm', 1: 's'}[unit] }"
    if isinstance(value, tuple):
        return ", ".join(map(shown, value)) or "empty"
    if isinstance(value, bool):
        return str(value).casefold()
    if value is None:
        return "empty"
    return (f"{value:g}" if isinstance(value, int) else str(value) if not hasattr(value, "items") else "") or "empty"


def page_tables() -> dict[str, str]:
    """Return the Markdown table of each heading of the page."""
    known = described()
    head = ["| name | what it does | type | range | default |", "|---|---|---|---|---|"]
    return {
        heading: "\n".join([*head, *(_row(known[name]) for name in names)]) + "\n" for heading, names in GROUPS.items()
    }


def example() -> str:
    """Return a settings file with every setting: each line is a comment, with the default or an example."""
    known = described()
    lines = [_HEAD]
    for heading, names in GROUPS.items():
        table = names[0].rpartition(".")[0]
        name = _NAMES.get(table, "")
        table = name if table == PRICES else table.replace("NAME", name)
        lines.append(f"\n# [{table}]\n" if table else f"\n## {heading}\n")
        for one in (known[name] for name in names):
            span = f" ({one.span})" if one.span else ""
            lines += [f"## {line}\n" for line in textwrap.wrap(f"{one.about}{span}", _WIDTH)]
            lines.append(f"# {one.key} = {_EXAMPLES.get(one.name) or _toml(one.value)}\n")
    return "".join(lines)


def _row(one: Described) -> str:
    return f"| `{one.key}` | {one.about} | {one.kind} | {one.span}{' ' if one.span else ''}| {one.default} |"


def _kind(key: str, value: object) -> str:
    if isinstance(value, tuple):
        return f"list of {'durations' if key.endswith('_delays') else _LISTS.get(key, 'texts')}"
    if isinstance(value, int) and not isinstance(value, bool):
        return "MiB" if key.endswith("_mib") else "integer"
    if value is None:
        return "number" if key in {"hours", "tokens", "rate", "cpus", "gpus"} else "dollars"
    return "path" if key == "trees" else _TYPES.get(type(value), "table of texts")


def _span(name: str, value: object) -> str:
    if isinstance(value, timedelta):
        return f"{'1s' if name.rpartition('.')[2] in NEVER_ZERO else '0'}–{LONGEST.days}d"
    if isinstance(value, Decimal):
        return f"above 0, up to {MOST_FOR_A_PLAN}"
    if value is None:
        return "0 or more" if name.startswith(PRICES) else "above 0"
    if name in _SPANS:
        return _SPANS[name]
    if name == f"{RUNNERS}.max_steps":
        return f"0–{RANGES['max_steps'][1]}"
    return f"{RANGES[name][0]}–{RANGES[name][1]}" if name in RANGES else ""


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, timedelta):
        return f'"{shown(value)}"'
    if isinstance(value, str):
        return f'"{value}"'
    return "{}" if hasattr(value, "items") else shown(value)

"""Format one mission for a terminal: progress, workers with elapsed time, cost, and what it waits for."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from mission_cli._support.text import counted
from mission_cli.domain.status import HoldKind
from mission_cli.surfaces.plain import clean
from mission_cli.surfaces.views.text import bar, money, so_far, status

if TYPE_CHECKING:
    from rich.console import RenderableType

    from mission_cli.app.results.views import (
        FeatureView,
        Line,
        MilestoneView,
        MissionView,
    )

_TITLE = 44


def status_view(view: MissionView) -> RenderableType:
    """Return the status of one mission."""
    parts: list[RenderableType] = [_head(view)]
    for milestone in view.milestones:
        parts += [Text(), _milestone(milestone)]
        for feature in milestone.features:
            parts.append(_feature(feature))
            if told := so_far(feature.tally):
                parts.append(Text(f"       {told}", style="dim"))
            if feature.finding and all(feature.finding != blocker.detail for blocker in feature.blocked_by[:1]):
                parts.append(Text(f"       {clean(feature.finding)}", style="yellow"))
    parts += [Text(), *_budget(view)]
    parts += _waiting(view)
    parts += _warnings(view)
    return Group(*parts)


def list_view(lines: list[Line]) -> RenderableType:
    """Return one line per mission."""
    if not lines:
        return Text("no missions")
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name in ("MISSION", "STATUS", "PROGRESS", "TITLE"):
        table.add_column(name, no_wrap=name != "TITLE", overflow="ellipsis")
    for line in lines:
        broken = f" ({counted(line.problems, 'error')})" if line.problems else ""
        table.add_row(
            Text(clean(line.id)),
            status(line.status),
            f"{bar(line.progress, 10)} {line.progress:4.0%}",
            Text(clean(line.title) + broken),
        )
        if line.error:
            table.add_row("", Text("error", style="red"), "", Text(clean(line.error), style="red"))
    return table


def _head(view: MissionView) -> Text:
    text = Text()
    text.append(clean(view.title), style="bold")
    text.append(f"  {clean(view.id)}\n", style="dim")
    text.append(f"{bar(view.progress)} {view.progress:.0%}  ")
    text.append(status(view.shown_as))
    text.append(f"  {view.mode} mode, base {clean(view.base)}", style="dim")
    for hold in view.holds:
        if hold.kind == HoldKind.MISSION and hold.until:
            text.append(f"\n{clean(hold.detail)}")
    return text


def _milestone(milestone: MilestoneView) -> Text:
    text = Text(f"Milestone {milestone.number}: {clean(milestone.name)}  ", style="bold")
    text.append(status(milestone.status))
    judged = [c for c in milestone.criteria if c.verdict]
    if judged:
        passed = sum(c.verdict == "passed" for c in judged)
        text.append(f"  {passed} of {len(milestone.criteria)} criteria passed", style="dim")
    if milestone.rounds:
        text.append(f"  {counted(milestone.rounds, 'failed validation')}", style="dim")
    return text


def _feature(feature: FeatureView) -> Text:
    title = clean(feature.title)
    title = title if len(title) <= _TITLE else title[: _TITLE - 1] + "…"
    text = Text(f"  {feature.number:<5}{title:<{_TITLE}} ")
    text.append(status(feature.shown_as, 11))
    words = []
    if feature.running_for:
        words.append(f"{clean(feature.worker)} for {feature.running_for}")
    elif feature.attempts > 1 or (feature.attempts and feature.shown_as not in {"done", "skipped"}):
        words.append(counted(feature.attempts, "attempt"))
    if feature.blocked_by and feature.shown_as not in {"done", "skipped"}:
        words.append(clean(feature.blocked_by[0].detail))
    text.append(" " + "; ".join(words) if words else "", style="dim")
    text.rstrip()
    return text


def _budget(view: MissionView) -> list[RenderableType]:
    rows: list[RenderableType] = []
    tallies = [f.tally for milestone in view.milestones for f in milestone.features if f.tally is not None]
    running = {
        "usd": sum((tally.usd or Decimal(0) for tally in tallies), Decimal(0)),
        "tokens": Decimal(sum(tally.total_tokens for tally in tallies)),
    }
    for category, name in (("usd", "money"), ("hours", "time"), ("tokens", "tokens")):
        amounts = view.budget[category]
        share = f"{bar(float(amounts.spent / amounts.cap), 10)} " if amounts.cap else " " * 11
        rows.append(Text(f"{name:<7} {share}{money(category, amounts, running.get(category))}"))
    return rows


def _waiting(view: MissionView) -> list[RenderableType]:
    shown = [waiting for waiting in view.waiting_for if waiting.kind is not HoldKind.ERROR]
    if not shown:
        return []
    rows: list[RenderableType] = [Text(), Text("Waiting for you", style="bold yellow")]
    for waiting in shown:
        rows.append(Text(f"  {clean(waiting.name)}"))
        if waiting.unblock:
            rows.append(Text(f"    {clean(str(waiting.unblock))}", style="green"))
    return rows


def _warnings(view: MissionView) -> list[RenderableType]:
    rows: list[RenderableType] = []
    if view.sandbox.startswith("off") and view.status == "active":
        rows += [Text(), Text(f"sandbox: {clean(view.sandbox)}", style="yellow")]
    if view.edits:
        count = len(view.edits)
        words = f"{count} uncommitted edit{'s' if count > 1 else ''}: {', '.join(map(clean, view.edits))}"
        rows += [Text(), Text(words, style="yellow")]
        rows += [Text(f"  → {clean(command)}", style="green") for command in view.commit_edits]
    for finding in view.pulse:
        style = "red" if finding.level == "wrong" else "yellow"
        rows += [Text(), Text(f"{clean(finding.subject)}: {clean(finding.words)}", style=style)]
        rows.append(Text(f"  → {clean(str(finding.todo))}", style="green"))
    errors = [p for p in view.problems if p.severity == "error"]
    rows += [Text(clean(p.at(view.path)), style="red") for p in errors]
    for waiting in view.waiting_for:
        if waiting.kind is HoldKind.ERROR:
            rows += [
                Text(),
                Text(clean(waiting.name), style="red"),
                Text(f"  → {clean(str(waiting.unblock))}", style="green"),
            ]
    return rows

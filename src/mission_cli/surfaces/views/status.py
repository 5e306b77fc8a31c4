"""One mission in lines: its head, what waits for you, warnings, and its milestones, folded or open."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from enum import IntEnum
from typing import TYPE_CHECKING

from mission_cli._support.shown import dollars, moment
from mission_cli._support.text import counted, parse_stamp, show_duration
from mission_cli.domain.deploys.rows import DeployStatus
from mission_cli.domain.phases.table import PhaseStatus
from mission_cli.domain.preview.rows import PreviewStatus
from mission_cli.domain.status import FeatureStatus, HoldKind, MilestoneStatus
from mission_cli.surfaces.lines import BLANK, columns, cut, flow, line, paragraph, said
from mission_cli.surfaces.views.features import Columns, feature_lines
from mission_cli.surfaces.views.landing.pulls import pull_words
from mission_cli.surfaces.views.text import bar, color_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mission_cli.app.results.views import MilestoneView, MissionView
    from mission_cli.domain.notice import Advice
    from mission_cli.surfaces.lines import Line, Span

_LEAST_TITLE = 20
_MOST_FLAKY = 3
_MARKS = {
    MilestoneStatus.PASSED: ("✓", "green"),
    MilestoneStatus.SKIPPED: ("–", "dim"),
    MilestoneStatus.FAILED: ("✗", "red"),
    MilestoneStatus.BLOCKED: ("✗", "red"),
    MilestoneStatus.PENDING: ("·", "dim"),
}
_PHASE_MARKS: Mapping[str, tuple[str, str]] = {
    PhaseStatus.DONE: ("✓", "green"),
    PhaseStatus.SKIPPED: ("–", "dim"),
    PhaseStatus.FAILED: ("✗", "red"),
    PhaseStatus.PENDING: ("·", "dim"),
    PhaseStatus.WAITING: ("▸", "bold yellow"),
}
_NOT_SHOWN = frozenset({PreviewStatus.FAILED, PreviewStatus.CLOSED})
_FINISHED = frozenset({MilestoneStatus.PASSED, MilestoneStatus.SKIPPED})
_AT_REST = frozenset({FeatureStatus.PENDING, FeatureStatus.DONE, FeatureStatus.SKIPPED})

Row = tuple["Line", str]
"""A line of the middle, and the number of the feature that it belongs to, or an empty string."""


class Fold(IntEnum):
    """How much of the milestones is folded; each step folds what the steps before it fold, and more."""

    NOTHING = 0
    OTHERS = 1
    """Milestones without running work: one line each."""
    PENDING = 2
    """Pending milestones: one line for all."""
    FINISHED = 3
    """Finished milestones: one line for all."""
    DONE = 4
    """Done features of open milestones: one line for all."""
    WAITING = 5
    """Pending features of open milestones: one line for all."""
    BRIEF = 6
    """What a feature does or waits for: at most one line."""


def head_lines(view: MissionView, width: int) -> list[Line]:
    """Return title and id, then progress, status, time and mode."""
    identity, title = said(view.id), said(view.title)
    if width:
        title = cut(title, max(_LEAST_TITLE, width - len(identity) - 2))
    lines = flow([line((title, "bold")), line((identity, "dim"))], width)
    facts = [
        line(f"{bar(view.progress)} {view.progress:.0%}"),
        line(f"{view.done} of {counted(view.planned, 'feature')}"),
        line((said(view.shown_as), color_of(view.shown_as))),
    ]
    facts += time_facts(view)
    if view.pull is not None:
        facts.append(line((pull_words(view.pull), "dim")))
    facts.append(line((f"{view.mode} mode, base {said(view.base)}", "dim")))
    lines += flow(facts, width)
    lines += _preview(view, width)
    lines += _deployments(view, width)
    for hold in view.holds:
        if hold.kind == HoldKind.MISSION and hold.until:
            lines += paragraph(hold.detail, width)
        elif hold.kind == HoldKind.JUDGMENT:
            lines += paragraph(said(": ".join(filter(None, (hold.subject, hold.detail)))), width, "cyan")
    return lines + phase_lines(view, width)


def time_facts(view: MissionView) -> list[Line]:
    """Return how long the mission has taken and will take, and what is known of its deadline."""
    facts: list[Line] = []
    if view.elapsed is not None:
        facts.append(line(f"{show_duration(view.elapsed)} elapsed"))
    if view.left is not None:
        left = view.forecast.left.p50 if view.forecast is not None else view.left
        facts.append(line(f"about {show_duration(left)} left"))
    if view.until_deadline is not None:
        facts.append(_deadline(view.until_deadline))
    if view.forecast is not None and view.forecast.words:
        facts.append(line((view.forecast.words, "yellow")))
    return facts


def phase_lines(view: MissionView, width: int) -> list[Line]:
    """Return the phases in one paragraph: what is over, the current one with its gate, what comes."""
    parts: list[Line] = []
    for phase in view.phases:
        mark, style = _PHASE_MARKS.get(phase.status, ("▸", "bold"))
        gate = f" waits for {said(phase.gate)}" if phase.status == PhaseStatus.WAITING else ""
        parts.append(line((f"{mark} {said(phase.name)}{gate}", style)))
    if view.phase is None:
        return []
    return flow([line((f"phases {view.phase.progress}%", "dim")), *parts], width)


def _deployments(view: MissionView, width: int) -> list[Line]:
    """Return the state of each target; one that failed waits for you below."""
    found: list[Line] = []
    for one in view.deployments:
        version = f" ({one.version})" if one.version else ""
        url = f": {one.url}" if one.url and one.status == DeployStatus.LIVE else ""
        words = f"{one.target}: {one.commit[:7]}{version} is {one.status}{url}"
        found += paragraph(said(words), width, "cyan")
    return found


def _preview(view: MissionView, width: int) -> list[Line]:
    """Return where the preview can be opened, or that it is on its way; one that failed waits for you below."""
    found = view.preview
    if found is None or found.status in _NOT_SHOWN:
        return []
    ends = f" (until {moment(at)})" if (at := parse_stamp(found.expires)) is not None else ""
    words = f"preview of {found.commit[:7]}: {found.url or found.status}{ends}"
    return paragraph(said(words), width, "cyan")


def _deadline(left: timedelta) -> Line:
    if left > timedelta(0):
        return line(f"deadline in {show_duration(left)}")
    return line((f"deadline passed {show_duration(-left)} ago", "yellow"))


def waiting_for_you(view: MissionView, width: int, most: int = 0) -> list[Line]:
    """Return what waits for a person, each with its command; at most so many lines, then how many are left out."""
    shown = [waiting for waiting in view.waiting_for if waiting.kind is not HoldKind.ERROR]
    if not shown:
        return []
    found = [line(("Waiting for you", "bold yellow"))]
    for at, waiting in enumerate(shown):
        item = paragraph(waiting.name, width, indent=2)
        if waiting.unblock:
            item.append(line("    ", (said(str(waiting.unblock)), "green")))
        left = len(shown) - at
        if most and at and len(found) + len(item) + (left > 1) > most:
            return [*found, line(f"  and {left} more: ", ("mission inbox", "green"))]
        found += item
    return found


def warnings(view: MissionView, width: int) -> list[list[Line]]:
    """Return blocks of lines: sandbox, edits that do not count yet, pulses, errors of the file, the next command."""
    found = [_block(words, commands, width, style) for style, words, commands in remarks(view)]
    errors = [p for p in view.problems if p.severity == "error"]
    if errors:
        found.append([row for p in errors for row in paragraph(p.at(view.path), width, "red")])
    broken = [waiting for waiting in view.waiting_for if waiting.kind is HoldKind.ERROR]
    found += [[*paragraph(waiting.name, width, "red"), _command(str(waiting.unblock))] for waiting in broken]
    if view.next_command:
        found.append([line("next: ", (said(view.next_command), "green"))])
    return found


def remarks(view: MissionView) -> Iterator[tuple[str, str, Sequence[str | Advice]]]:
    """Yield style, words and commands of what a person should know beside the file and what waits for them.

    The sandbox, edits that do not count yet, pulses, flaky tests, and features in the place of another runner.
    """
    if view.sandbox.startswith("off") and view.status == "active":
        yield "yellow", f"sandbox: {view.sandbox}", ()
    if view.edits:
        yield "yellow", f"{counted(len(view.edits), 'uncommitted edit')}: {', '.join(view.edits)}", view.commit_edits
    for finding in view.pulse:
        style = "red" if finding.level == "wrong" else "yellow"
        yield style, f"{finding.subject}: {finding.words}", (finding.todo,)
    if view.flaky:
        names = ", ".join(one.name for one in view.flaky[:_MOST_FLAKY])
        more = f" and {len(view.flaky) - _MOST_FLAKY} more" if len(view.flaky) > _MOST_FLAKY else ""
        yield "yellow", f"flaky, and quarantined: {names}{more}", ()
    for words in view.moved:
        yield "yellow", words, ()


def milestone_rows(view: MissionView, width: int, fold: Fold, chosen: str = "") -> list[Row]:
    """Return the milestones as rows, folded so far; the milestone of the chosen feature is open."""
    opened = [m for m in view.milestones if fold is Fold.NOTHING or is_open(m, chosen)]
    shape = Columns.of([f for m in opened for f in m.features], width)
    found: list[Row] = []
    closed: list[MilestoneView] = []
    for milestone in view.milestones:
        if milestone not in opened:
            closed.append(milestone)
            continue
        found += _closed(closed, width, fold, found)
        closed = []
        found += [(BLANK, "")] if found else []
        found += _opened(milestone, shape, width, fold, chosen)
    return found + _closed(closed, width, fold, found)


def is_open(milestone: MilestoneView, chosen: str = "") -> bool:
    """Whether a milestone is shown with its features: work on it runs, it needs a look, or it is chosen."""
    if any(f.number == chosen for f in milestone.features):
        return True
    if milestone.status in _FINISHED:
        return False
    return milestone.status != MilestoneStatus.PENDING or any(f.shown_as not in _AT_REST for f in milestone.features)


def _closed(milestones: Sequence[MilestoneView], width: int, fold: Fold, above: Sequence[Row]) -> list[Row]:
    """Return folded milestones: finished ones, then pending ones, a line each or one for all."""
    if not milestones:
        return []
    finished = [m for m in milestones if m.status in _FINISHED]
    pending = [m for m in milestones if m not in finished]
    apart = fold < Fold.FINISHED or len(finished) == 1
    cells = [_folded(m, width) for m in finished] if apart else [_folded_all(finished)] if finished else []
    if fold < Fold.PENDING or len(pending) == 1:
        cells += [_folded(m, width) for m in pending]
        lines = columns(cells)
    else:
        lines = columns(cells)
        if pending:
            planned = sum(m.planned for m in pending)
            numbers = f"{pending[0].number}–{pending[-1].number}"
            words = f"{counted(len(pending), 'pending milestone')}, {counted(planned, 'feature')}"
            lines.append(line(("· ", "dim"), (f"{numbers} {words}", "dim")))
    return [*([(BLANK, "")] if above else []), *((one, "") for one in lines)]


def _folded(milestone: MilestoneView, width: int) -> list[Line]:
    mark, style = _mark(milestone)
    name = said(milestone.name)
    if width:
        name = cut(name, max(_LEAST_TITLE, width - 34))
    done = milestone.status in _FINISHED
    return [
        line((mark, style), (f" {milestone.number} {name}", "" if done else "dim")),
        line(f"{milestone.done}/{milestone.planned}"),
        line(dollars(milestone.usd) if milestone.usd is not None else ""),
        line(show_duration(milestone.took) if milestone.took is not None else ""),
    ]


def _folded_all(milestones: Sequence[MilestoneView]) -> list[Line]:
    """Return finished milestones as one line; an amount that is not known of one of them is left out."""
    usd = [m.usd for m in milestones if m.usd is not None]
    done, planned = sum(m.done for m in milestones), sum(m.planned for m in milestones)
    name = f"{milestones[0].number}–{milestones[-1].number} {counted(len(milestones), 'finished milestone')}"
    cost = dollars(sum(usd, Decimal(0))) if len(usd) == len(milestones) else ""
    return [line(("✓", "green"), f" {name}"), line(f"{done}/{planned}"), line(cost)]


def _opened(milestone: MilestoneView, shape: Columns, width: int, fold: Fold, chosen: str) -> Iterable[Row]:
    yield from ((one, "") for one in _milestone_head(milestone, width))
    features = list(milestone.features)
    for folded, statuses, word in (
        (Fold.DONE, {FeatureStatus.DONE, FeatureStatus.SKIPPED}, "finished"),
        (Fold.WAITING, {FeatureStatus.PENDING}, "pending"),
    ):
        quiet = [f for f in features if f.shown_as in statuses and f.number != chosen and not f.finding]
        if word == "pending":
            quiet = [f for f in quiet if not f.attempts]
        if fold >= folded and len(quiet) > 1:
            features = [f for f in features if f not in quiet]
            mark = ("✓", "green") if word == "finished" else ("·", "dim")
            yield line("  ", mark, (f" {counted(len(quiet), f'{word} feature')}", "dim")), ""
    for feature in features:
        for one in feature_lines(feature, shape, width, chosen=feature.number == chosen, brief=fold >= Fold.BRIEF):
            yield one, feature.number


def _milestone_head(milestone: MilestoneView, width: int) -> list[Line]:
    mark, style = _mark(milestone)
    name = said(milestone.name)
    if width:
        name = cut(name, max(_LEAST_TITLE, width - 16))
    parts = [
        line((mark, style), " ", (f"{milestone.number} {name}", "bold")),
        line((said(milestone.status), color_of(milestone.status))),
        line(f"{milestone.done}/{milestone.planned}"),
    ]
    if milestone.usd is not None:
        parts.append(line(dollars(milestone.usd)))
    if milestone.took is not None:
        parts.append(line(show_duration(milestone.took)))
    if milestone.pull is not None:
        parts.append(line((pull_words(milestone.pull), "dim")))
    judged = [c for c in milestone.criteria if c.verdict]
    if judged:
        passed = sum(c.verdict in {"passed", "flaky"} for c in judged)
        parts.append(line((f"{passed} of {counted(len(milestone.criteria), 'criterion', 'criteria')} passed", "dim")))
    if milestone.rounds:
        parts.append(line((counted(milestone.rounds, "failed validation"), "dim")))
    return flow(parts, width, indent=4)


def _mark(milestone: MilestoneView) -> Span:
    return next((mark for status, mark in _MARKS.items() if status == milestone.status), ("▸", "cyan"))


def _block(words: str, commands: Sequence[str | Advice], width: int, style: str) -> list[Line]:
    return [*paragraph(words, width, style), *(_command(str(command)) for command in commands)]


def _command(words: str) -> Line:
    return line("  → ", (said(words), "green"))

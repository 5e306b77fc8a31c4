"""A report in the values that its templates show: amounts and times as text, charts as numbers, safe links."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from mission_cli._support.curve import steps
from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.shown import dollars, plain_number, quantity_of, tokens
from mission_cli._support.text import counted, parse_stamp, show_duration, span_of
from mission_cli.domain.budget.amounts import LABELS
from mission_cli.domain.judging.test_results import changes, counts
from mission_cli.domain.status import PASSES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.app.results.mission_report import MissionReport, ReportedTask

_LONGEST = 2_000
"""Characters of one text in a page."""
_MOST = 200
"""Rows of one table in a page."""
_MOST_IMAGES, _LARGEST, _LARGEST_SUM = 24, 400_000, 4_000_000
"""Screenshots in a page, and their bytes: of one, and of all."""
_KINDS = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF8", "gif"))
_TILES = {"usd": "Money", "hours": "Working time", "tokens": "Tokens"}
_LINKED = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class Chart:
    """One line over time, in a box of 640 by 160."""

    title: str
    unit: str
    points: str
    """Pairs of coordinates, as SVG writes them."""
    least: str
    most: str
    begin: str
    end: str


@dataclass(frozen=True, slots=True)
class Image:
    """A screenshot: its name, and its content as a data URI; without content it was too large."""

    name: str
    data: str


def values_of(report: MissionReport, assets: Mapping[str, bytes], *, opened: bool = False) -> dict[str, Any]:
    """Return what the templates of the report need; `opened`: what can be folded is shown, for paper."""
    report = _tame(report)
    return {
        "report": report,
        "opened": opened,
        "state": report.state[:7],
        "title": report.title or str(report.missionId),
        "duration": _ms(report.totalDuration),
        "totals": [*_totals(report)],
        "tasks": [_task(task) for task in report.tasks],
        "charts": [*_charts(report)],
        "images": [*_images(assets)],
        "spend": [*_spend(report)],
        "cut": _cut,
        "most": _MOST,
        "link": link,
        "short": lambda commit: commit[:7],
        "passes": lambda verdict: verdict in PASSES,
        "number": lambda amount: "" if amount is None else plain_number(amount),
        "dollars": dollars,
        "test_counts": counts,
        "test_changes": changes,
    }


def picture_type(content: bytes) -> str:
    """Return the media type of a picture by its first bytes; empty for everything else."""
    return next((f"image/{kind}" for begin, kind in _KINDS if content.startswith(begin)), "")


def link(value: str) -> str:
    """Return the address if it is one of the web; empty for everything else, such as `javascript:`."""
    plain = value.strip()
    return plain if plain.casefold().startswith(_LINKED) and not any(c.isspace() for c in plain) else ""


def _tame(value: Any) -> Any:
    """Return a report in which no text is longer than a page can hold, or has control characters."""
    if type(value) is str:
        return _cut(value)
    if isinstance(value, list | tuple):
        return [_tame(one) for one in value]
    names = getattr(value, "__match_args__", ())
    return replace(value, **{name: _tame(getattr(value, name)) for name in names}) if names else value


def _cut(value: object, longest: int = _LONGEST) -> str:
    """Return a text without control characters, and not longer than a page can hold."""
    whole = str(value)
    text = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in whole[:longest])
    more = len(whole) - longest
    return text if more <= 0 else f"{text}… ({counted(more, 'more character')})"


def _ms(milliseconds: int) -> str:
    return show_duration(span_of(milliseconds // 1000))


def _totals(report: MissionReport) -> Iterator[tuple[str, str]]:
    done = sum(task.state == "done" for task in report.tasks)
    yield "Features", f"{done} of {len(report.tasks)} done"
    passed = sum(milestone.status == "passed" for milestone in report.milestones)
    yield "Milestones", f"{passed} of {len(report.milestones)} passed"
    everything = [v for m in report.milestones for v in m.verdicts] + [v for t in report.tasks for v in t.verdicts]
    verdicts = [v for v in everything if not v.side]
    yield "Verdicts", f"{sum(v.verdict in PASSES for v in verdicts)} of {len(verdicts)} passed"
    for spend in report.spend:
        if spend.spent:
            yield _TILES[spend.category], quantity_of(spend.category, spend.spent)
    if report.unknown:
        yield "Cost unknown", counted(report.unknown, "attempt")
    if report.listPrices is not None:
        apart = report.listPrices
        words = f"{dollars(apart.listed)} where agents say {dollars(apart.told)}"
        yield "List prices", f"{words}, for {counted(apart.attempts, 'attempt')}"
    yield "Retries", str(sum(task.retries for task in report.tasks))
    yield "From start to end", _ms(report.totalDuration)
    if report.avgScore is not None:
        yield "Reviews", f"{plain_number(report.avgScore)} of 5"


def _task(task: ReportedTask) -> dict[str, Any]:
    unknown = f" + {counted(task.unknown, 'attempt')} unknown" if task.unknown else ""
    added, removed = (sum(getattr(f, name) or 0 for f in task.files) for name in ("added", "removed"))
    files = f"{counted(len(task.files), 'file')}, +{added} -{removed}" if task.files else ""
    facts = [_ms(task.duration), dollars(task.usd) + unknown, tokens(task.tokens) if task.tokens else ""]
    facts += [counted(task.retries, "retry", "retries") if task.retries else "", files]
    return {"task": task, "facts": ", ".join(filter(None, facts))}


def _spend(report: MissionReport) -> Iterator[dict[str, str]]:
    for spend in report.spend:
        parts = [
            f"milestone {number}: {quantity_of(spend.category, amount)}" if number else f"other: {amount}"
            for number, amount in sorted(spend.milestones.items())
        ]
        cap = "no cap" if spend.cap is None else quantity_of(spend.category, spend.cap)
        amount = quantity_of(spend.category, spend.spent)
        yield {"label": LABELS[spend.category], "spent": amount, "cap": cap, "parts": ", ".join(parts)}


def _charts(report: MissionReport) -> Iterator[Chart]:
    times = [at for point in report.points if (at := parse_stamp(point.at)) is not None]
    if len(times) != len(report.points) or len(times) < 2 or times[-1] <= times[0]:  # noqa: PLR2004 - a line has two
        return
    whole = (times[-1] - times[0]).total_seconds()
    across = [(at - times[0]).total_seconds() / whole for at in times]
    begin, end = report.points[0].at, report.points[-1].at
    usd = [float(point.usd) for point in report.points]
    if max(usd) > 0:
        yield Chart("Spend", "$", steps(across, usd), "$0", dollars(report.points[-1].usd), begin, end)
    left = [float(point.open) for point in report.points]
    if max(left) > 0:
        yield Chart("Open features", "", steps(across, left), "0", str(int(max(left))), begin, end)


def _images(assets: Mapping[str, bytes]) -> Iterator[Image]:
    """Yield the screenshots; what is too large, or one too many, without its content."""
    total = count = 0
    for name, content in sorted(assets.items()):
        kind = picture_type(content)
        if not kind:
            continue
        fits = count < _MOST_IMAGES and len(content) <= _LARGEST and total + len(content) <= _LARGEST_SUM
        if fits:
            count, total = count + 1, total + len(content)
        yield Image(name, f"data:{kind};base64,{base64.b64encode(content).decode()}" if fits else "")

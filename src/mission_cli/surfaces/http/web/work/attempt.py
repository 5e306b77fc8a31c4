"""The page of an attempt: its log as in `mission logs`, its change, verdicts and pictures, and what each step cost."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.shown import dollars, tokens
from mission_cli.domain.ids import attempt_name
from mission_cli.domain.status import PASSES
from mission_cli.ports.agents.logs import LogKind
from mission_cli.surfaces.http.problems import RefusedRequestError
from mission_cli.surfaces.http.web.files import packed
from mission_cli.surfaces.http.web.rendering import HEADERS, render
from mission_cli.surfaces.markup.logs import lines_html

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.ports.agents.logs import LogEntry
    from mission_cli.surfaces.charts.svg import Chart
    from mission_cli.surfaces.http.web.site import Held, Site, Visit
    from mission_cli.surfaces.markup.elements import Html

_RUN = pattern(r"(?P<feature>\d{1,9}\.\d{1,9})(?:-a(?P<attempt>\d{1,9}))?")
_MOST_LOG = 300_000
"""Characters of a log; of a longer one the end is shown."""
_MOST_STEPS = 500
_PATH = "/missions/{id}/attempts/{run}"
_SEEN = "seen"
_NOTHING_NEW = 204


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of the agent used."""

    number: int
    tokens: str
    usd: str
    sum: str
    """Dollars of this step and those before it."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """The log of an attempt now."""

    html: Html
    mark: str
    """Changes with the log."""
    cut: bool
    steps: Sequence[Step]
    spark: Chart | None
    """The cost by step; None with fewer than two known costs."""


def routes(site: Site) -> list[Route]:
    """Return the routes."""
    return [
        Route(_PATH, site.show(_attempt), methods=["GET"]),
        Route(f"{_PATH}/log", site.show(_log), methods=["GET"]),
    ]


def _attempt(visit: Visit) -> Response:
    from mission_cli.app.report.attempt import attempt_report
    from mission_cli.surfaces.markup.changes import change_html

    with visit.mission() as held:
        record, every = _records(visit, held)
        report = attempt_report(held.ctx, held.address, record)
        change = report.change
        return visit.page(
            "attempt.html",
            report=report,
            held=held,
            mission=held.address.mission,
            attempts=[attempt_name(one.run) for one in every],
            name=attempt_name(record.run),
            used=", ".join(_used(report.attempt.usd, report.attempt.tokens, ended=not report.open)),
            change=change_html(change.patch, change.files) if change is not None else None,
            passes=PASSES,
            log=_shown(held, record),
            running=record.open,
            now=held.ctx.clock.now(),
        )


def _log(visit: Visit) -> Response:
    """Return the log alone, if there is something new: the page asks when an attempt of the mission prints."""
    with visit.mission() as held:
        record, _ = _records(visit, held)
        shown = _shown(held, record)
        if record.open and visit.given(_SEEN) == shown.mark:
            return Response(status_code=_NOTHING_NEW)
        values = {"log": shown, "running": record.open, "held": held, "name": attempt_name(record.run)}
    return packed(visit.request, render("log.html", **values).encode(), HEADERS)


def _records(visit: Visit, held: Held) -> tuple[RunRecord, list[RunRecord]]:
    """Return the attempt that the path names, and all of its feature. Raises RefusedRequestError."""
    from mission_cli.app.report.history import records_by_run

    named = _RUN.fullmatch(visit.part("run"))
    if named is not None:
        records = records_by_run(held.ctx, held.address).values()
        mine = sorted((r for r in records if r.feature == named["feature"]), key=lambda r: r.attempt)
        found = [r for r in mine if named["attempt"] is None or r.attempt == int(named["attempt"])]
        if found:
            return found[-1], mine
    raise RefusedRequestError(404, f"there is no attempt {visit.part('run')}", "the page of the mission links to all")


def _shown(held: Held, record: RunRecord) -> _Shown:
    from mission_cli.app.queries.logs import AttemptLog
    from mission_cli.surfaces.views.log import whole_log

    log = AttemptLog(held.ctx, record)
    cut = len(held.ctx.executor.logs(record.run, _MOST_LOG)) >= _MOST_LOG
    entries = log.recent(_MOST_LOG) if cut else log.whole()
    html = lines_html(whole_log(record, entries, 0))
    steps = [one for one in entries if one.kind is LogKind.STEP]
    mark = sha256(html.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return _Shown(html, mark, cut, [*steps_of(steps)][-_MOST_STEPS:], cost_line(steps))


def steps_of(entries: Sequence[LogEntry]) -> Iterator[Step]:
    """Yield what each step used, and the sum so far; of a step whose cost is unknown, nothing is added."""
    total = Decimal(0)
    for number, entry in enumerate(entries, 1):
        total += entry.usd or Decimal(0)
        yield Step(number, tokens(sum(entry.tokens.values())), dollars(entry.usd), dollars(total))


def cost_line(entries: Sequence[LogEntry]) -> Chart | None:
    """Return the cost of the steps as a line; None with fewer than two known costs."""
    from mission_cli.surfaces.charts.small import spark_line

    known = [one.usd for one in entries if one.usd is not None]
    if len(known) < 2:  # noqa: PLR2004 - a line has two points
        return None
    words = f"{len(known)} steps, {dollars(min(known))} to {dollars(max(known))} each."
    return spark_line([float(usd) for usd in known], "Cost by step", words, "steps")


def _used(usd: Any, count: int, *, ended: bool) -> Iterator[str]:
    if ended:
        yield f"cost {dollars(usd)}"
    if count:
        yield tokens(count)

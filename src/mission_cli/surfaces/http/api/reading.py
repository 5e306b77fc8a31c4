"""Operations that show something: the same results as those of the command line."""

from __future__ import annotations

import base64
import binascii
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli.app.queries.listing import lines_of
from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.deciding.access import Scope
from mission_cli.domain.errors import UsageError
from mission_cli.domain.status import PRIORITIES, MissionStatus
from mission_cli.surfaces.http.api.operation import Field, Operation
from mission_cli.surfaces.http.planners import need_repo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.app.addressing import Address
    from mission_cli.app.playbooks.results import ListedPlaybooks, ShownPlaybook
    from mission_cli.app.results.reports import HistoryEntry
    from mission_cli.app.results.views import FeatureView, Line
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context
    from mission_cli.ports.templates import PlaybookFiles
    from mission_cli.surfaces.http.api.operation import Call, Everything

MOST_MISSIONS, MOST_EVENTS = 200, 1000
_MOST_RECENT = 50


@dataclass(frozen=True, slots=True)
class ListedMission:
    """One mission of a list."""

    mission: Line
    type: str
    """development, research, or any other word of the file."""
    priority: str
    tasks: Sequence[FeatureView] | None
    """Its features; null unless they were asked for."""
    recent_events: Sequence[HistoryEntry] | None
    """Newest first; null unless they were asked for."""


@dataclass(frozen=True, slots=True)
class MissionPage:
    """A part of the list of missions, sorted by repository and id."""

    missions: Sequence[ListedMission]
    next: str
    """`cursor` of the next page; empty after the last one."""


def _playbooks(everything: Everything) -> ListedPlaybooks:
    from mission_cli.app.playbooks.library import listed

    return listed(_library(everything))


def _playbook(everything: Everything) -> ShownPlaybook:
    from mission_cli.app.playbooks.library import choose_known, shown

    return shown(choose_known(_library(everything), everything.given["playbook"]))


def _library(everything: Everything) -> PlaybookFiles:
    from mission_cli.wiring.host import playbook_files

    return playbook_files(Path(need_repo(list(everything.names), everything.given.get("repo", ""))))


LIMIT = Field("limit", "how many at most", "integer", least=1, most=MOST_MISSIONS)


def _listed(everything: Everything) -> MissionPage:
    given = everything.given
    limit, after = given.get("limit", 50), _after(given.get("cursor", ""))
    found: list[ListedMission] = []
    for repo, ctx in everything.contexts:
        if given.get("repo", repo) != repo:
            continue
        snapshot = ctx.state.snapshot()
        for line in sorted(lines_of(ctx, repo=repo), key=attrgetter("id")):
            stored = next((one for one in snapshot.missions.values() if one.id == line.id), None)
            if stored is None or (repo, line.id) <= after:
                continue
            mission = load_placed(stored.text, stored.id).mission
            if not _wanted(mission, line, given):
                continue
            if len(found) == limit:
                last = found[-1].mission
                return MissionPage(found, _cursor(last.repo, last.id))
            found.append(ListedMission(line, mission.kind, mission.priority, *_more(ctx, line.id, given)))
    return MissionPage(found, "")


def _wanted(mission: Mission, line: Line, given: Mapping[str, Any]) -> bool:
    for name, value in (("status", line.status), ("priority", mission.priority), ("type", mission.kind)):
        wanted = given.get(name, [])
        if wanted and value.casefold() not in wanted:
            return False
    return True


def _more(
    ctx: Context, mission: str, given: Mapping[str, Any]
) -> tuple[Sequence[FeatureView] | None, Sequence[HistoryEntry] | None]:
    from mission_cli.app.addressing import resolve
    from mission_cli.app.queries.status import status_of

    recent = given.get("include_recent_events", 0)
    if not (recent or given.get("include_tasks", False)):
        return None, None
    snapshot = ctx.state.snapshot()
    address = resolve(snapshot, mission)
    tasks = None
    if given.get("include_tasks", False):
        view = status_of(ctx, snapshot, address)
        tasks = [feature for milestone in view.milestones for feature in milestone.features]
    return tasks, list(_events(ctx, address, recent)) if recent else None


def _events(ctx: Context, address: Address, limit: int) -> Iterator[HistoryEntry]:
    from mission_cli.app.report.history import journal

    yield from journal(ctx, address, ctx.state.history(address.stored, limit=limit)).events


def _cursor(repo: str, mission: str) -> str:
    return base64.urlsafe_b64encode(f"{repo}\n{mission}".encode("utf-8", "surrogateescape")).decode()


def _after(cursor: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError) as error:
        raise UsageError("`cursor` is not one of this server", hint="take `next` of the page before") from error
    repo, _, mission = text.partition("\n")
    return repo, mission


def _shown(call: Call) -> Any:
    from mission_cli.app.queries.status import status_of

    snapshot, address = call.address()
    return status_of(call.ctx, snapshot, address)


def _history(call: Call) -> Any:
    from mission_cli.app.results.reports import History

    _, address = call.address()
    return History(call.mission, list(_events(call.ctx, address, call.get("limit", 50))))


def _why(call: Call) -> Any:
    from mission_cli.app.addressing import resolve
    from mission_cli.app.queries.why import explain

    snapshot = call.ctx.state.snapshot()
    part = call.get("part")
    return explain(call.ctx, snapshot, resolve(snapshot, f"{call.mission}/{part}" if part else call.mission))


def _file(call: Call) -> Any:
    from mission_cli.app.queries.whole import whole_mission

    return whole_mission(call.ctx, call.address()[1])


def _context(call: Call) -> Any:
    from mission_cli.app.report.briefing import briefing
    from mission_cli.app.report.fitting import fitted
    from mission_cli.surfaces.as_json import json_line

    snapshot, address = call.address()
    whole = briefing(call.ctx, snapshot, address, call.get("max_tokens", 2000))
    about = {"stopped": call.ctx.runtime.stopped()}
    return fitted(whole, lambda some: len(json_line(some, about, ascii_only=False)))


def _report(call: Call) -> Any:
    from mission_cli.app.report.report import mission_report

    return mission_report(call.ctx, call.address()[1])


def _inbox(everything: Everything) -> Any:
    from mission_cli.app.queries.inbox import inbox_of
    from mission_cli.app.results.waiting import Inbox
    from mission_cli.domain.asking.urgency import urgency_rank

    several = len(everything.names) > 1
    found = [
        inbox_of(ctx, repo=repo if several else "")
        for repo, ctx in everything.contexts
        if everything.given.get("repo", repo) == repo
    ]
    items = sorted((item for one in found for item in one.inbox), key=lambda item: -urgency_rank(item.urgency))
    return Inbox(items, [note for one in found for note in one.notes])


def _hosts(everything: Everything) -> Any:
    from mission_cli.app.hosts.commands import listed_of

    several, wanted = len(everything.names) > 1, everything.given.get("repo", "")
    return listed_of((repo if several else "", ctx) for repo, ctx in everything.contexts if wanted in {"", repo})


def operations() -> tuple[Operation, ...]:
    """Return them."""
    return (*_of_missions(), *_of_playbooks(), *_of_hosts())


def _of_hosts() -> tuple[Operation, ...]:
    from mission_cli.app.hosts.results import HostList

    words, repo = "List hosts with what runs there, as they were found last.", (Field("repo", "only this repository"),)
    return (Operation("list_hosts", "GET", "/hosts", words, Scope.READ, HostList, None, _hosts, repo),)


def _of_playbooks() -> tuple[Operation, ...]:
    from mission_cli.app.playbooks.results import ListedPlaybooks, ShownPlaybook

    read, repo = Scope.READ, (Field("repo", "the repository, if the server has several"),)
    one, words = "/playbooks/{playbook}", "Show a playbook: its parameters, and its plan."
    return (
        Operation(
            *("list_playbooks", "GET", "/playbooks", "List playbooks.", read, ListedPlaybooks, None, _playbooks, repo)
        ),
        Operation("get_playbook", "GET", one, words, read, ShownPlaybook, None, _playbook, repo),
    )


def _of_missions() -> tuple[Operation, ...]:
    from mission_cli.app.results.briefing import Briefing
    from mission_cli.app.results.mission_report import MissionReport
    from mission_cli.app.results.reasons import Why
    from mission_cli.app.results.reports import History, WholeMission
    from mission_cli.app.results.views import MissionView
    from mission_cli.app.results.waiting import Inbox

    repo = Field("repo", "only this repository")
    filters = (
        Field("status", "one or several, with commas", choices=tuple(MissionStatus), many=True),
        Field("priority", "one or several, with commas", choices=PRIORITIES, many=True),
        Field("type", "one or several, with commas: development, research, operations or your own", many=True),
        Field("include_tasks", "with the features of each mission", "boolean"),
        Field("include_recent_events", "with this many events of each mission", "integer", most=_MOST_RECENT),
        LIMIT,
        Field("cursor", "`next` of the page before"),
        repo,
    )
    read, events = Scope.READ, Field("limit", "how many at most", "integer", least=1, most=MOST_EVENTS)
    one = "/missions/{id}"
    most = Field("max_tokens", "the limit; 4 characters count as a token", "integer", least=200, most=100_000)
    part = Field("part", "a milestone or a feature: 1 or 1.2")
    return (
        Operation("list_missions", "GET", "/missions", "List missions.", read, MissionPage, None, _listed, filters),
        Operation(
            "get_mission",
            "GET",
            one,
            "Show a mission.",
            read,
            MissionView,
            _shown,
            stopped=True,
            aliases=("/missions/{id}/test_status",),
        ),
        Operation(
            "get_history",
            "GET",
            f"{one}/history",
            "Show what happened.",
            read,
            History,
            _history,
            None,
            (events,),
            stopped=True,
        ),
        Operation("get_why", "GET", f"{one}/why", "Show what holds it.", read, Why, _why, None, (part,), stopped=True),
        Operation("get_file", "GET", f"{one}/file", "Show all of its file.", read, WholeMission, _file, stopped=True),
        Operation(
            "get_context",
            "GET",
            f"{one}/context",
            "Show what a new conversation has to know.",
            read,
            Briefing,
            _context,
            None,
            (most,),
            stopped=True,
        ),
        Operation(
            "get_report",
            "GET",
            f"{one}/report",
            "Compare goal and outcome.",
            read,
            MissionReport,
            _report,
            stopped=True,
        ),
        Operation(
            "get_inbox",
            "GET",
            "/inbox",
            "List what waits for a person.",
            read,
            Inbox,
            None,
            _inbox,
            (repo,),
            stopped=True,
        ),
    )

"""Decide what becomes of a draft: the next pulse carries it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import did_you_mean, one_line
from mission_cli.app.transaction import Done, Wanted, commit_change
from mission_cli.document.changes import Change, SetCell
from mission_cli.domain.agents.drafts import DraftRow, Fate, name_in, read_draft, rows_of
from mission_cli.domain.agents.workspace import AGENTS, SCRIPTS
from mission_cli.domain.errors import NotFoundError, UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.notice import do
from mission_cli.domain.status import RequestStatus
from mission_cli.engine.recording.rows import draft_decided, fate_cell
from mission_cli.planner.core.moves.drafts import MoveDraft
from mission_cli.planner.drafts.deciding import request_about
from mission_cli.ports.git.state import Write, folder_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.app.addressing import Address
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context

TARGETS: Mapping[str, Fate] = {"me": Fate.TO_ME, "repo": Fate.TO_REPO}
_DONE = frozenset({Fate.MINE, Fate.REPO})


def promote(ctx: Context, text: str, name: str, to: str) -> Done:
    """Record that a draft goes to the person's own (`me`) or to the repository (`repo`)."""
    if to not in TARGETS:
        raise UsageError(f"`{one_line(to, 40)}` is not known", hint=did_you_mean(to, TARGETS, "use me or repo"))

    def change(address: Address) -> Wanted:
        row = _row(address.mission, name)
        found = read_draft(row.path, _files(ctx, address).get(row.path, ""))
        if found.wrong:
            raise UsageError(f"{row.path} cannot be promoted: {found.wrong}", hint="correct the file first")
        where = "the person's own" if to == "me" else "the repository"
        return _decided(address, row, TARGETS[to], f"{row.path} is promoted to {where}")

    return commit_change(ctx, text, change)


def discard(ctx: Context, text: str, name: str) -> Done:
    """Remove a draft: later attempts do not get it. Git keeps its history, and the row stays."""

    def change(address: Address) -> Wanted:
        row = _row(address.mission, name)
        files = _files(ctx, address)
        place = f"{folder_of(address.stored)}/{row.path}"
        gone = (Write(place, None, files[row.path]),) if row.path in files else ()
        return _decided(address, row, Fate.DISCARDED, f"{row.path} is discarded", *gone)

    return commit_change(ctx, text, change)


def _decided(address: Address, row: DraftRow, fate: Fate, words: str, *files: Write) -> Wanted:
    move = MoveDraft(row.agent, row.path, fate, words)
    if row.fate is fate:
        return Wanted(f"{row.path} is {fate} already")
    if row.fate in _DONE and fate is Fate.DISCARDED:
        words = f"{words}; what was promoted stays where it is"
    return Wanted(
        words,
        EventKind.DRAFT_MOVED,
        (fate_cell(row.agent, move.cell), *_withdrawn(address.mission, row)),
        decisions=draft_decided(move),
        reason=str(do("agents")),
        files=files,
        about=row.path,
    )


def _withdrawn(mission: Mission, row: DraftRow) -> Iterator[Change]:
    """Yield the change that withdraws the open request about a draft."""
    request = request_about(mission, row)
    if request is not None and request.open:
        yield SetCell("Input Requests", {"#": str(request.number)}, "Status", RequestStatus.WITHDRAWN)


def _row(mission: Mission, name: str) -> DraftRow:
    rows = rows_of(mission)
    known = {name_in(row.path): row for row in rows}
    wanted = next((row for row in rows if name in {row.agent, row.path, name_in(row.path)}), None)
    if wanted is None:
        hint = did_you_mean(name, known, f"its drafts: {', '.join(known)}" if known else "it has no drafts")
        raise NotFoundError(f"{mission.id} has no draft `{one_line(name, 60)}`", hint=hint)
    if wanted.fate is Fate.DISCARDED:
        raise UsageError(f"{wanted.path} is discarded", hint=do("history", mission.id))
    return wanted


def _files(ctx: Context, address: Address) -> Mapping[str, str]:
    head = ctx.state.snapshot().head
    return ctx.state.workspace(address.stored, head, AGENTS, SCRIPTS) if head else {}

"""List the drafts of a mission with what they changed, what was promoted before, and the folders of the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.addressing import resolve
from mission_cli.app.commands.features import records_of
from mission_cli.domain.agents.drafts import DraftRow, read_draft, rows_of, usable
from mission_cli.domain.agents.effect import Figures, effect_of
from mission_cli.domain.agents.shown import DraftShown, DraftsShown, EffectShown, FolderShown, OwnShown
from mission_cli.domain.agents.workspace import AGENTS, FOLDERS, LARGEST, SCRIPTS, size_of
from mission_cli.engine.drafts.given import promoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.app.addressing import Address
    from mission_cli.domain.ids import Sha
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context


def drafts_of(ctx: Context, text: str) -> DraftsShown:
    """Return the drafts of a mission."""
    snapshot = ctx.state.snapshot()
    address = resolve(snapshot, text)
    address.need_whole()
    mission = address.mission
    drafts = drafts_shown(ctx, address, snapshot.head, records_of(ctx, address)) if snapshot.head else ()
    base = ctx.code.branch(mission.base) if mission.base else None
    return DraftsShown(
        mission.id,
        drafts,
        tuple(OwnShown(one.name, one.kind, one.path, one.description) for one in promoted(ctx, base or "")),
    )


def drafts_shown(ctx: Context, address: Address, head: Sha, records: Sequence[RunRecord]) -> tuple[DraftShown, ...]:
    """Return the drafts of a mission as of a commit."""
    rows = rows_of(address.mission)
    files = ctx.state.workspace(address.stored, head, AGENTS, SCRIPTS) if rows else {}
    wrong = {row.path: found.wrong for row, found in usable(rows, files)}
    return tuple(_shown(row, files, wrong, records) for row in rows)


def workspace_of(ctx: Context, address: Address, head: Sha) -> tuple[FolderShown, ...]:
    """Return the folders beside a mission file that have files."""
    found = ctx.state.workspace(address.stored, head, *FOLDERS)
    sizes: dict[str, list[int]] = {}
    for path, text in found.items():
        sizes.setdefault(path.partition("/")[0], []).append(size_of(text))
    there = ((name, sizes[name]) for name in FOLDERS if name in sizes)
    return tuple(FolderShown(name, len(each), sum(each), LARGEST[name]) for name, each in there)


def _shown(
    row: DraftRow, files: Mapping[str, str], wrong: Mapping[str, str], records: Sequence[RunRecord]
) -> DraftShown:
    text = files.get(row.path, "")
    found = read_draft(row.path, text)
    why = wrong.get(row.path, "")
    effect = effect_of(row.path, found.created, records)
    return DraftShown(
        name=found.name,
        kind=row.kind,
        path=row.path,
        purpose=row.purpose or found.description,
        promote=row.promote,
        used=row.used and not why,
        wrong=why,
        created=found.created,
        source=found.source,
        tools=found.tools,
        size=size_of(text),
        before=_figures(effect.before),
        after=_figures(effect.after),
    )


def _figures(found: Figures) -> EffectShown:
    return EffectShown(
        found.features, found.attempts, found.failures, found.tokens, found.attempts_each, found.tokens_each
    )

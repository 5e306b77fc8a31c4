"""One attempt: how it ended, the verdicts, what it changed, and the pictures of its criteria."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from mission_cli.app.queries.before.change import change_between
from mission_cli.app.report.report import assets_of
from mission_cli.app.report.tasks import attempt_shown
from mission_cli.app.results.mission_report import AttemptReport, ReportedAsset
from mission_cli.domain.judging.test_results import from_lines
from mission_cli.domain.status import CriterionKind
from mission_cli.engine.assets import stem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.app.addressing import Address
    from mission_cli.app.results.mission_report import Change
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context


def attempt_report(ctx: Context, address: Address, record: RunRecord) -> AttemptReport:
    """Return what is known of an attempt at a feature."""
    feature = address.mission.feature(record.feature)
    return AttemptReport(
        run=record.run,
        feature=record.feature,
        title=feature.title if feature is not None else "",
        open=record.open,
        attempt=attempt_shown(record),
        steps=record.steps,
        base=record.base,
        head=record.head,
        saved=record.saved,
        tests=[*from_lines(record.evidence.splitlines())],
        evidence=record.evidence,
        change=change_of(ctx, record),
        pictures=[*_pictures(ctx, address, record)],
    )


def change_of(ctx: Context, record: RunRecord) -> Change | None:
    """Return what an attempt changed; None if it left no commit, or its commits are not in this clone."""
    start, tip = (ctx.code.find_commit(name) if name else None for name in (record.base, record.head))
    if start is None or tip is None:
        return None
    return change_between(ctx, start, tip)


def _pictures(ctx: Context, address: Address, record: RunRecord) -> Iterator[ReportedAsset]:
    """Yield the stored files of the criteria of its feature that look at pages."""
    feature = address.mission.feature(record.feature)
    criteria = feature.criteria if feature is not None else ()
    stems = tuple({stem(one) for one in criteria if one.kind is CriterionKind.BROWSER})
    if stems:
        for path, content in sorted(assets_of(ctx, address).items()):
            if path.startswith(stems):
                yield ReportedAsset(path, len(content), sha256(content).hexdigest())


def asset_of(ctx: Context, address: Address, digest: str) -> bytes | None:
    """Return a stored file of a mission by the SHA-256 of its content; None if the mission has none with it."""
    found: Mapping[str, bytes] = assets_of(ctx, address)
    return next((content for content in found.values() if sha256(content).hexdigest() == digest), None)

"""One attempt: how it ended, the verdicts, what it changed, and the pictures of its criteria."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from mission_cli.app.report.report import assets_of
from mission_cli.app.report.tasks import attempt_shown
from mission_cli.app.results.mission_report import AttemptReport, Change, ReportedAsset
from mission_cli.domain.judging.test_results import from_lines
from mission_cli.domain.status import CriterionKind
from mission_cli.engine.assets import stem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.app.addressing import Address
    from mission_cli.domain.branches.landing import LandedFile
    from mission_cli.domain.runs import RunRecord
    from mission_cli.engine.context import Context

_MOST_FILES = 300
_MOST_LINES, _MOST_LINES_OF_FILE = 6_000, 2_000


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
    files = ctx.code.content(start, tip).files
    return Change(start, tip, files, ctx.secrets.scrub(ctx.code.diff(start, tip, [*_shown(files)])))


def _shown(files: tuple[LandedFile, ...]) -> Iterator[str]:
    """Yield the files whose lines a person can read: not binary, not too large, and not too many."""
    total = 0
    for file in files[:_MOST_FILES]:
        lines = (file.added or 0) + (file.removed or 0)
        if file.added is not None and lines <= _MOST_LINES_OF_FILE and total + lines <= _MOST_LINES:
            total += lines
            yield file.path


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

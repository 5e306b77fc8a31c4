"""What an attempt takes over from one that was cut off: the commit that it starts with, and a note about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli._support.text import one_line
from mission_cli.domain.events import EventKind
from mission_cli.domain.ids import Sha, attempt_name
from mission_cli.domain.paths import findings_folders
from mission_cli.engine.observing.judge_files import Judges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context

_MOST_COMMITS, _MOST_FILES, _MOST_NOTES = 20, 50, 5
_LONGEST_LINE, _LONGEST_WORDS = 200, 1500


@dataclass(frozen=True, slots=True)
class Handover:
    """The note about the work that an attempt starts from. Every text in it is data."""

    attempt: int
    runner: str
    detail: str
    commits: tuple[str, ...] = ()
    """Id and subject, newest first, without that of uncommitted work."""
    files: tuple[str, ...] = ()
    saved: str = ""
    """The last commit, if it holds what was not committed; empty: everything was."""
    last_words: str = ""
    notes: tuple[str, ...] = ()
    taken: frozenset[int] = field(default_factory=frozenset)
    """The attempts whose work it starts from."""


def startable(ctx: Context, case: Case, record: RunRecord) -> RunRecord:
    """Return the record of an attempt; one that cannot start from earlier work starts from finished work.

    The work has to be here, to follow the commit that it started from, and to change no file that workers may not
    change. Where only what was not committed fails, the commits are taken over without it.
    """
    if not record.starts:
        return record
    earlier = [r for r in case.observation.records if r.feature == record.feature and r.attempt < record.attempt]
    last = max(earlier, key=lambda r: r.attempt, default=None)
    others = [last.head, last.starts] if last is not None else []
    for commit in dict.fromkeys(filter(None, [record.starts, *others])):
        if commit != record.base and _is_usable(ctx, case, record, commit, last.head if last is not None else ""):
            return replace(record, starts=commit)
    return replace(record, starts="", base=case.observation.work or record.base)


def handover_of(ctx: Context, mission: Mission, record: RunRecord, earlier: Sequence[RunRecord]) -> Handover | None:
    """Return the note for an attempt that starts from the work of the last one; None for any other."""
    if not record.starts or not earlier:
        return None
    last, name = earlier[-1], f"{attempt_name(earlier[-1].run)}: "
    saved = record.starts if last.saved == record.starts else ""
    content = ctx.code.content(Sha(record.base), Sha(record.starts))
    commits = [f"{c.commit[:10]} {one_line(c.subject, _LONGEST_LINE)}" for c in content.commits if c.commit != saved]
    notes = [row.details for row in mission.progress if row.event == EventKind.MESSAGE_AGENT]
    return Handover(
        attempt=last.attempt,
        runner=last.runner,
        detail=": ".join(filter(None, (str(last.cause), one_line(last.detail, _LONGEST_LINE)))),
        commits=tuple(commits[:_MOST_COMMITS]),
        files=tuple(one_line(file.path, _LONGEST_LINE) for file in content.files[:_MOST_FILES]),
        saved=saved,
        last_words=last.last_words[-_LONGEST_WORDS:],
        notes=tuple(one_line(n.removeprefix(name), _LONGEST_LINE) for n in notes if n.startswith(name))[-_MOST_NOTES:],
        taken=frozenset(r.attempt for r in earlier if _is_in(ctx, r.saved or r.head, record.starts)),
    )


def _is_usable(ctx: Context, case: Case, record: RunRecord, commit: str, head: str) -> bool:
    """Whether an attempt may start from a commit that holds everything that the one before had committed."""
    if ctx.code.find_commit(commit) is None or not _is_in(ctx, record.base, commit):
        return False
    if head and commit != head and ctx.code.find_commit(head) is not None and not _is_in(ctx, head, commit):
        return False
    mission = case.mission
    judges = Judges(ctx, mission, ctx.code.heads(mission.id, mission.base), case.observation.records)
    protects, own = judges.protected(record), findings_folders(mission.id)
    changed = ctx.code.changes(Sha(record.base), Sha(commit), lambda p: not p.startswith(own) and protects(p, True))  # noqa: FBT003 - it may be new or not
    return not changed


def _is_in(ctx: Context, older: str, newer: str) -> bool:
    """Whether a commit contains another one."""
    if not older or ctx.code.find_commit(older) is None:
        return False
    return older == newer or ctx.code.common(Sha(older), Sha(newer)) == older

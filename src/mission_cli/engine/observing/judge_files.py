"""The test files of a mission: which files workers may not change, and how they are on the base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.branches.against import Against
from mission_cli.domain.host import is_elsewhere
from mission_cli.domain.paths import always_protected, is_named
from mission_cli.planner.milestones.meant import meant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mission_cli.domain.ids import RunId, Sha
    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.code import Heads


class Judges:
    """The test files of one mission, and their state in the part of the base that `work` has merged in."""

    def __init__(self, ctx: Context, mission: Mission, heads: Heads, records: Sequence[RunRecord]) -> None:
        self._world, self._mission, self._records = ctx, mission, records
        self._base_head = heads.base
        self._base = ctx.code.common(heads.base, heads.work) if heads.base and heads.work else None
        self._criteria = [c for m in mission.milestones for c in m.criteria]
        self._criteria += [c for f in mission.features() for c in f.criteria]
        self._known: frozenset[str] | None = None

    @property
    def _scripts(self) -> frozenset[str]:
        """The scripts that only judge, for the criteria of all milestones and features."""
        if self._known is None:
            self._known = self._world.checks.judges(self._criteria, self._read) if self._base else frozenset()
        return self._known

    def _read(self, paths: Iterable[str]) -> Mapping[str, str]:
        return self._world.code.read(self._base, paths) if self._base else {}

    def protected(self, record: RunRecord) -> Callable[[str, bool], bool]:
        """Return a function that tells whether a path is protected from a worker and the change was not asked for."""
        asked = meant(self._mission, self._mission.feature(record.feature), self._records)

        def protects(path: str, existed: bool) -> bool:  # noqa: FBT001 - the port's signature
            if always_protected(path) or any(is_named(path, p) for p in self._world.settings.protect):
                return True
            return existed and path in self._scripts and not asked(path)

        return protects

    def on_base(self, tip: Sha, start: Sha) -> bool:
        """Whether the base contains an attempt's commits, which only landing may bring there."""
        return bool(self._base_head and tip != start and self._world.code.common(tip, self._base_head) == tip)

    def against(self, commit: Sha, feature: Feature | None = None) -> Against:
        """Return the commit with the test files of the base; `feature` None: judge it as the work of all features."""
        checks, code, base = self._world.checks, self._world.code, self._base
        if base is None or base == commit:
            return Against()
        changes = code.changes(base, commit, lambda path: checks.concerns(path) or path in self._scripts)
        if not changes:
            return Against()
        asked = meant(self._mission, feature, self._records)
        found = checks.against(changes, self._criteria, self._scripts, asked, self._read)
        made = code.overlay(commit, found.restored) if found.restored else None
        return Against(
            commit=made,
            tree=code.code_tree(made) if made else "",
            restored=tuple(found.restored),
            findings=found.findings,
            lost_tests=found.lost_tests,
            person=found.person,
        )


def movers_of(ctx: Context, heads: Heads, records: Sequence[RunRecord], me: str) -> tuple[RunId, ...]:
    """Return the attempts without a sandbox that may have moved `work`; none if it is where this program put it."""
    if heads.ours is None or heads.ours == heads.work:
        return ()
    here = tuple(r.run for r in unboxed(ctx, records, me))
    return (ctx.code.makers(heads.work, here) if heads.work else ()) or here


def base_movers_of(ctx: Context, heads: Heads, records: Sequence[RunRecord], me: str) -> tuple[RunId, ...]:
    """Return the attempts without a sandbox that moved the base; none if others have committed there, too."""
    before, now = heads.known_base, heads.base
    open_here = unboxed(ctx, records, me) if before and now and before != now else ()
    here = tuple(r.run for r in open_here)
    if not here or before is None or now is None:
        return ()
    makers = [ctx.code.makers(commit, here) for commit in ctx.code.gained(before, now, heads.ours)]
    return tuple(dict.fromkeys(run for runs in makers for run in runs)) if all(makers) else ()


def unboxed(ctx: Context, records: Sequence[RunRecord], me: str) -> tuple[RunRecord, ...]:
    """Return the attempts that are open on this machine, if workers run without a sandbox."""
    if ctx.machine.sandbox().on:
        return ()
    return tuple(r for r in records if r.open and not r.by and not is_elsewhere(r.host, me))

"""`mission doctor`: check that the programs that criteria run exist where checks run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.optional import all_criteria, missing_package
from mission_cli.domain.notice import Finding, do, doubtful, wrong
from mission_cli.domain.status import JobKind
from mission_cli.ports.executor import Caps, JobSpec, Program, SandboxAccess, Tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context
    from mission_cli.ports.diagnostics import Instruments

_SECONDS = 60


def criteria_findings(ctx: Context, tools: Instruments, missions: Sequence[Mission], nonce: str) -> list[Finding]:
    """Return a diagnosis for each criterion of these missions that cannot run on this machine."""
    found = []
    for mission in missions:
        criteria = list(all_criteria(mission))
        needs = sorted({need for criterion in criteria for need in ctx.checks.needs(criterion)})
        base = ctx.code.heads(mission.id, mission.base).base
        lacking = _lacking(ctx, tools, needs, base, f"doctor/{nonce}/{mission.id}") if needs and base else frozenset()
        for criterion in criteria:
            words, _, helps = missing_package(criterion.kind).rpartition(": ")
            if words:
                found.append(wrong("criterion", f"`{criterion.text}` of {mission.id} cannot run here: {words}", helps))
            gone = [need for need in ctx.checks.needs(criterion) if need in lacking]
            if gone:
                found.append(_finding(ctx, mission, criterion, gone[0]))
    return found


def setup_findings(ctx: Context, missions: Sequence[Mission]) -> list[Finding]:
    """Return that no setup installs the dependencies of these missions' repository, although it has some."""
    if ctx.settings.tree.setup:
        return []
    bases = dict.fromkeys(ctx.code.heads(mission.id, mission.base).base for mission in missions)
    found = [ctx.checks.setup(ctx.code.glance(base, ctx.checks.manifest_names)) for base in bases if base]
    commands = dict.fromkeys(one.command for one in found if one.command)
    return [
        doubtful("setup", f"nothing installs dependencies in new clones: `setup` of `[tree]` could be `{command}`")
        for command in commands
    ]


def _lacking(ctx: Context, tools: Instruments, needs: Sequence[str], commit: Sha, job: str) -> frozenset[str]:
    """Return those programs that do not exist where checks of this commit run, before the setup of the tree.

    In the sandbox a job finds out, which hides what checks do not see. Raises MissionError.
    """
    if not ctx.machine.sandbox().on:
        return ctx.checks.lacking(tools.output(ctx.checks.search(needs), ctx.settings.tree.env))
    ctx.executor.submit(
        JobSpec(
            key=job,
            kind=JobKind.CHECK,
            tree=Tree(commit=commit, copy=ctx.settings.tree.copy),
            program=Program(argv=ctx.checks.search(needs), env=ctx.settings.tree.env),
            caps=Caps(deadline_s=_SECONDS),
            sandbox=SandboxAccess(on=True),
        )
    )
    ctx.executor.wait(job)
    return ctx.checks.lacking(ctx.executor.logs(job, 100_000))


def _finding(ctx: Context, mission: Mission, criterion: Criterion, need: str) -> Finding:
    words = f"`{criterion.text}` of {mission.id} cannot run here: `{need}` does not exist"
    if ctx.settings.tree.setup:
        return doubtful("criterion", f"{words}, unless `setup` of `[tree]` installs it")
    return wrong("criterion", words, do("edit", mission.id))

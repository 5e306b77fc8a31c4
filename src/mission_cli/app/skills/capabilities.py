"""Look up what there is already, before anything is planned or built."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from mission_cli.domain.errors import MissionError
from mission_cli.domain.ids import MissionId
from mission_cli.domain.skills.capabilities import (
    DOCUMENTS,
    LEARNED,
    OWN_AGENTS,
    PLAYBOOKS,
    Capability,
    CapabilityKind,
    in_repository,
    summary,
)
from mission_cli.domain.skills.choosing import usable
from mission_cli.engine.learning.pasts import known_skills

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.ids import Sha
    from mission_cli.engine.context import Context

_NEW = MissionId("new")


def capabilities(ctx: Context, commit: Sha | None, runner: str = "") -> tuple[Capability, ...]:
    """Return what a commit and this machine have for a runner; empty: the default one."""
    return tuple(_found(ctx, commit, runner or ctx.default_runner()))


def _found(ctx: Context, commit: Sha | None, runner: str) -> Iterator[Capability]:
    here, settings = ctx.equipment, ctx.settings.runners.get(runner)
    agent = (settings.kind if settings is not None else "") or runner
    if commit is not None:
        skills, agents = here.skill_folders(), [*here.agent_folders(), OWN_AGENTS]
        documents = [*DOCUMENTS, *here.documents()]
        paths = ctx.code.below(commit, [*documents, PLAYBOOKS, *skills, *agents])
        yield from in_repository(paths, documents, skills, agents)
        place = here.servers_file(agent) if settings is not None and settings.project_settings else ""
        for text in ctx.code.read(commit, [place]).values() if place else ():
            yield from (Capability(CapabilityKind.SERVER, name, place) for name in here.servers_in(agent, text))
    yield from (Capability(CapabilityKind.SERVER, name, "runner") for name in here.servers(agent))
    for path in ctx.own_agents.texts():
        kind, _, name = path.partition("/")
        if kind == "agents":
            yield Capability(CapabilityKind.AGENT, name.removesuffix(".md"), "person")
    yield from (Capability(CapabilityKind.PLAYBOOK, name, "person") for name in here.playbooks())
    yield from (Capability(CapabilityKind.SKILL, name, LEARNED) for name in _learned(ctx))


def _learned(ctx: Context) -> Iterator[str]:
    """Yield the names of what missions learned; none before there is a mission."""
    if ctx.settings.skills.learn:
        with suppress(MissionError):  # the state may not have been made yet
            yield from usable(known_skills(ctx, ctx.clock.now()).values())


def there_on(ctx: Context, branch: str, runner: str = "") -> tuple[Capability, ...]:
    """Return what there is on a branch and this machine."""
    return capabilities(ctx, ctx.code.heads(_NEW, branch).base if branch else None, runner)


def there_in(ctx: Context, branch: str, runner: str = "") -> str:
    """Return the same in one line for the mission file; empty if there is nothing to tell."""
    return summary(there_on(ctx, branch, runner))

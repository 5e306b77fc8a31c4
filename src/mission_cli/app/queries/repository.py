"""What `mission` finds in a repository and on this machine before the first mission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.queries.agents import installed_agents
from mission_cli.app.results.machine import FoundRepository
from mission_cli.engine.guards.health import is_scheduled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.ids import Sha
    from mission_cli.engine.context import Context


def found_repository(
    ctx: Context, *, branch: str, remotes: Sequence[tuple[str, str]], head: Sha | None
) -> FoundRepository:
    """Return what is known of the repository whose checked-out commit is `head`."""
    files = ctx.code.glance(head, ctx.checks.manifest_names) if head is not None else {}
    checks = tuple(criterion.command for criterion in ctx.checks.detect(files))
    setup = ctx.checks.setup(files)
    names = [f"{name} {url}".rstrip() for name, url in remotes]
    lint = tuple(ctx.checks.linters(files))
    agents, scheduled = installed_agents(ctx), is_scheduled(ctx)
    return FoundRepository(branch, names, agents, checks, setup.command, scheduled, lint, setup.caches)

"""What `mission` finds in a repository and on this machine before the first mission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.queries.agents import installed_agents
from mission_cli.app.results.repository import FoundRepository
from mission_cli.engine.guards.health import is_scheduled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.ids import Sha
    from mission_cli.engine.context import Context

_INSTALLS = (
    ("package-lock.json", "npm ci"),
    ("pnpm-lock.yaml", "pnpm install --frozen-lockfile"),
    ("yarn.lock", "yarn install --frozen-lockfile"),
    ("bun.lock", "bun install --frozen-lockfile"),
    ("uv.lock", "uv sync --frozen"),
    ("poetry.lock", "poetry install"),
    ("Pipfile.lock", "pipenv sync --dev"),
    ("Gemfile.lock", "bundle install"),
    ("composer.lock", "composer install"),
    ("mix.lock", "mix deps.get"),
)
"""What installs the dependencies that a lock file at the top of a repository names."""


def found_repository(
    ctx: Context, *, branch: str, remotes: Sequence[tuple[str, str]], head: Sha | None
) -> FoundRepository:
    """Return what is known of the repository whose checked-out commit is `head`."""
    files = ctx.code.glance(head, ctx.checks.manifest_names) if head is not None else {}
    checks = tuple(criterion.command for criterion in ctx.checks.detect(files))
    setup = next((command for name, command in _INSTALLS if name in files), "")
    names = [f"{name} {url}".rstrip() for name, url in remotes]
    return FoundRepository(branch, names, installed_agents(ctx), checks, setup, is_scheduled(ctx))

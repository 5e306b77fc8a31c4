"""Find out which targets of a mission file the settings do not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import did_you_mean
from mission_cli.domain.problems import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.engine.context import Context


def target_problems(ctx: Context, loaded: Loaded) -> Iterator[Problem]:
    """Yield a warning for each name in `deploy_target` that is not a table of the settings."""
    known = ctx.settings.deploy
    for name in loaded.mission.preferences.deploy_targets:
        if name not in known:
            line = loaded.layout.front.line_of("preferences", "deploy_target")
            hint = did_you_mean(name, known, f"add a table [deploy.{name}] to .mission.toml")
            words = f"nothing is deployed to `{name}`: the settings have no such target"
            yield Problem(line, 1, words, hint, Severity.WARNING)

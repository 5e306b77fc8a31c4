"""Open and close the issues of features, and remember what the forge answered."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import stamp
from mission_cli.document.syntax.escape import quiet_title
from mission_cli.domain.errors import ForgeError, ForgeTrouble
from mission_cli.domain.forge.references import reference
from mission_cli.planner.core.effects import CloseIssue
from mission_cli.ports.git.forge import NewIssue

if TYPE_CHECKING:
    from mission_cli.domain.forge.memory import ForgeMemory
    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.effects import OpenIssue
    from mission_cli.ports.git.forge import Forge

_REFUSED = frozenset({ForgeTrouble.FORBIDDEN, ForgeTrouble.NOT_FOUND, ForgeTrouble.REFUSED, ForgeTrouble.LOCKED})
"""What concerns issues alone: pull requests go on."""
_ASKED_AGAIN = timedelta(hours=1)
_LONGEST_TITLE = 120
_CUT = "\n\n(The rest is in the mission file.)\n"
LONGEST = 60_000
"""GitHub takes 65,536 characters."""


def about_issue(ctx: Context, mission: Mission, act: OpenIssue | CloseIssue, memory: ForgeMemory) -> ForgeMemory:
    """Open or close the issue of a feature. If the forge takes no issues, that alone is remembered."""
    forge, feature = ctx.forge.connect(), mission.feature(act.feature)
    try:
        if isinstance(act, CloseIssue):
            return _closed(forge, act, memory)
        if feature is None:
            return memory
        made = forge.open_issue(new_issue(ctx, mission, feature))
    except ForgeError as error:
        if error.trouble not in _REFUSED:
            raise
        until = ctx.clock.now() + _ASKED_AGAIN
        return replace(memory, no_issues=error.message, no_issues_until=stamp(until))
    return replace(memory, issues={**memory.issues, act.feature: reference(forge.kind, made.number)})


def _closed(forge: Forge, act: CloseIssue, memory: ForgeMemory) -> ForgeMemory:
    """Close the issue of a feature; one that does not exist any more counts as closed."""
    try:
        forge.close_issue(act.number, f"Closed by the program `mission`: {act.comment}.")
    except ForgeError as error:
        if error.trouble is not ForgeTrouble.NOT_FOUND:
            raise
    return replace(memory, closed=tuple(dict.fromkeys([*memory.closed, act.feature])))


def new_issue(ctx: Context, mission: Mission, feature: Feature) -> NewIssue:
    """Return the issue of a feature: its brief with its criteria, as data."""
    return NewIssue(
        key=f"{mission.id}/{feature.number}",
        title=f"[{mission.id}/{feature.number}] {quiet_title(ctx.secrets.scrub(feature.title), _LONGEST_TITLE)}",
        body=brief_of(ctx, mission, feature),
        labels=ctx.settings.forge.labels,
    )


def brief_of(ctx: Context, mission: Mission, feature: Feature) -> str:
    """Return what a feature asks for, with its criteria, as Markdown in which nothing acts."""
    milestone = mission.milestone_holding(feature.number)
    values = {"mission": mission, "milestone": milestone, "feature": feature, "most": LONGEST // 500}
    body = ctx.secrets.scrub(ctx.templates.render("issue.md.j2", values))
    return body if len(body) <= LONGEST else body[: body.rindex("\n", 0, LONGEST)] + _CUT

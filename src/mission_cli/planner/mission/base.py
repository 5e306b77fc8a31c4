"""The base branch of a mission that does not exist: what is said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.notice import Notice, do

if TYPE_CHECKING:
    from mission_cli.domain.mission import Mission


def base_gone(mission: Mission, renamed: str) -> Notice:
    """Return that the base branch is gone, with its new name if known, and the command that sets another one."""
    words = f"the base branch `{mission.base}` does not exist"
    if renamed:
        words += f": it was renamed to `{renamed}`"
    return Notice(words, do("set", mission.id, "base", renamed or "BRANCH"))

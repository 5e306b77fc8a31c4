"""Wait for a change of the state, by the look of some files: no git process runs while nothing is committed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.engine.context import Context

LOOK_SECONDS = 0.2
"""Between two looks: a few `stat` calls for each repository."""


class Watch:
    """The head of the state of one repository, and the look of the files that show whether it has moved since."""

    def __init__(self, ctx: Context) -> None:
        """Look first and read then: a commit in between looks different later."""
        self._runtime = ctx.runtime
        self._looks = ctx.runtime.looks(ctx.state.watch())
        self.head = ctx.state.head()

    def seems_old(self) -> bool:
        """Whether the head may have moved. Asks no git, and may be called in any thread."""
        return self._runtime.looks([*self._looks]) != self._looks


class Changes:
    """Notices that something was committed to the state of some repositories, by this process or another one."""

    def __init__(self, contexts: Mapping[str, Context]) -> None:
        """`contexts` has the ports of each repository, by a name."""
        self._contexts = dict(contexts)
        self._watches = {name: Watch(ctx) for name, ctx in self._contexts.items()}

    def changed(self) -> frozenset[str]:
        """Return the repositories in which something was committed since the last call, or since the beginning."""
        return frozenset(name for name in self._contexts if self._has_moved(name))

    def wait(self, seconds: float) -> frozenset[str]:
        """Return them as soon as there is one; none after so many seconds."""
        until = time.monotonic() + seconds
        while not (found := self.changed()) and (left := until - time.monotonic()) > 0:
            time.sleep(min(LOOK_SECONDS, left))  # a look is a few stat calls
        return found

    def _has_moved(self, name: str) -> bool:
        before = self._watches[name]
        if not before.seems_old():
            return False
        self._watches[name] = Watch(self._contexts[name])
        return self._watches[name].head != before.head

"""Wait for a change of the state, by the look of some files: no git process runs while nothing is committed."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.engine.context import Context
    from mission_cli.ports.runtime import Look

LOOK_SECONDS = 0.2
"""Between two looks: a few `stat` calls for each repository."""


class Changes:
    """Notices that something was committed to the state of some repositories, by this process or another one."""

    def __init__(self, contexts: Mapping[str, Context]) -> None:
        """`contexts` has the ports of each repository, by a name."""
        self._contexts = dict(contexts)
        self._looks: dict[str, dict[str, Look]] = {}
        self._heads: dict[str, str | None] = {}
        for name in self._contexts:
            self._look_again(name)

    def changed(self) -> frozenset[str]:
        """Return the repositories in which something was committed since the last call, or since the beginning."""
        return frozenset(name for name in self._contexts if self._has_moved(name))

    def wait(self, seconds: float) -> frozenset[str]:
        """Return them as soon as there is one; none after so many seconds."""
        until = time.monotonic() + seconds
        while not (found := self.changed()) and (left := until - time.monotonic()) > 0:
            time.sleep(min(LOOK_SECONDS, left))
        return found

    async def wait_async(self, seconds: float) -> frozenset[str]:
        """Do the same in a thread, so that the event loop goes on."""
        return await asyncio.to_thread(self.wait, seconds)

    def _has_moved(self, name: str) -> bool:
        looks = self._looks[name]
        if self._contexts[name].runtime.looks([*looks]) == looks:
            return False
        head = self._heads[name]
        self._look_again(name)
        return self._heads[name] != head

    def _look_again(self, name: str) -> None:
        """Look first and read then: a commit in between looks different at the next call."""
        ctx = self._contexts[name]
        self._looks[name] = ctx.runtime.looks(ctx.state.watch())
        self._heads[name] = ctx.state.head()

"""Watch one running process: its output, its usage, and everything that may end it early."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from mission_cli.adapters.proc import scan
from mission_cli.adapters.proc.wakeup import end_of
from mission_cli.domain.status import EndReason

if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import Popen

    from mission_cli.adapters.executors.jobs.limits import Limits
    from mission_cli.adapters.executors.jobs.output import Output
    from mission_cli.adapters.proc.wakeup import Bell

_BEAT_SECONDS = 1.0
_LOOK_SECONDS = 0.5
_QUICK_LOOK_SECONDS = 0.05
"""After output: a step may be over that only the probe sees."""
_SIGN_SECONDS = 0.25
_CAP_LOOK_SECONDS = 0.1
"""When only the usage file shows what it spends."""


_NOTHING_UNDER_WAY = frozenset({EndReason.CUT, EndReason.LIMITED})
"""The broken-off step is already in the cost; an agent that waits for a rate limit makes no step."""


class Stop(Exception):  # noqa: N818 - not an error: how the job ends
    """Raised to end a job before its process ends, or without one."""

    def __init__(self, reason: EndReason, detail: str = "", code: int | None = None) -> None:
        super().__init__(detail)
        self.reason, self.detail, self.code = reason, detail, code


class Watch:
    """Watches one process.

    `check` raises Stop if the job should end. `beat` renews the heartbeat and raises Stop if the job's folder was
    replaced. `keep` saves what has been spent. `said` is called when the process has printed something.
    """

    def __init__(
        self,
        output: Output,
        limits: Limits,
        bell: Bell,
        *,
        usage: Callable[[], str],
        check: Callable[[], None],
        beat: Callable[[], None],
        keep: Callable[[], None],
        said: Callable[[], None],
    ) -> None:
        self._output, self._limits, self._bell = output, limits, bell
        self._usage, self._check, self._beat, self._keep, self._said = usage, check, beat, keep, said
        self._looked = self._beaten = self._signed = 0.0

    def until_end(self, child: Popen[bytes], deadline: float | None) -> None:
        """Return when the child has ended. Raises Stop if it must be ended; its output never delays that."""
        ended = end_of(child.pid)
        patience = _CAP_LOOK_SECONDS if self._limits.by_file else _LOOK_SECONDS
        try:
            while child.poll() is None:
                left = patience if deadline is None else min(patience, max(0.0, deadline - time.monotonic()))
                self._bell.rest(left, [*self._output.open_pipes, *([ended] if ended is not None else [])])
                self._look(patience)
                if deadline is not None and time.monotonic() >= deadline:
                    raise Stop(EndReason.DEADLINE)
        finally:
            self._said()
            if ended is not None:
                os.close(ended)

    def _look(self, patience: float) -> None:
        said = self._output.read()
        now = time.monotonic()
        if said:
            self._said()
            if now - self._signed >= _SIGN_SECONDS:
                self._signed = now
                self._limits.sign(_cpu())
            self._limits.take(self._output.lines, self._output.notes)
            self._keep()
            _stop_if(self._limits.broken())
        if now - self._looked >= (_QUICK_LOOK_SECONDS if said else patience):
            self._looked = now
            self._limits.look(self._usage())
            self._keep()
            _stop_if(self._limits.broken())
            self._check()
        if now - self._beaten >= _BEAT_SECONDS:
            self._beaten = now
            self._beat()
            _stop_if(self._limits.stalled(_cpu()))


def _cpu() -> float:
    """Return the CPU time of everything below this supervisor, in seconds."""
    return scan.cpu_seconds(scan.descendants(os.getpid()))


def _stop_if(broken: tuple[EndReason, str] | None) -> None:
    if broken is not None:
        raise Stop(*broken)


def cut_short(reason: EndReason, code: int, limits: Limits) -> bool:
    """Whether a step was under way that will be charged. After a person's stop, only if a step is known to be open."""
    if reason is EndReason.CANCELLED:
        return limits.open_step()
    return code < 0 if reason is EndReason.EXIT else reason not in _NOTHING_UNDER_WAY

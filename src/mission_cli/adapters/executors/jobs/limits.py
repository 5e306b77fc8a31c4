"""Live limits of one job: what it has used so far, and which limit that exceeds."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.shown import dollars, tokens
from mission_cli._support.text import counted, parse_stamp, stamp
from mission_cli.adapters.agents import FILES
from mission_cli.adapters.agents.question import with_question
from mission_cli.adapters.agents.usage import read_usage
from mission_cli.domain.runs.jobs import AgentReport
from mission_cli.domain.runs.usage import Tally, Usage
from mission_cli.domain.status import Cause, EndReason, JobKind
from mission_cli.ports.agents.usage import Unreported

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.ports.agents.agent import Reader
    from mission_cli.ports.agents.usage import Prices
    from mission_cli.ports.executor import JobSpec

_BY_FILE = "command"
"""The agent whose cost is only in its usage file."""
_CUTS = 3
_BREATH = 2.0
"""Seconds in which an agent may give up by itself."""
_IDLE_SHARE = 0.02
"""Less CPU than this share of one core since the last output counts as idle."""


class Limits:
    """Tracks one run: its reader, and what the probe and the usage file add to it."""

    def __init__(self, spec: JobSpec, reader: Reader | None, prices: Prices, environment: Mapping[str, str]) -> None:
        self._spec, self._reader, self._prices = spec, reader, prices
        self._probe = FILES[spec.program.agent].probe(environment) if reader is not None else None
        self._extra = Unreported()
        self._reported: Usage | None = None
        self._peak = Usage()
        self._text = ""
        self._seen = Usage()
        self._grown = False
        self._dearest = Usage()
        self._sign = time.monotonic()
        self._cpu_at_sign = 0.0
        self.last_event = 0.0
        """When it last printed a line or reported its usage, in seconds since the epoch; 0: not yet."""

    @property
    def by_file(self) -> bool:
        """Whether there is a dollar cap that only the usage file can show to be exceeded."""
        return bool(self._spec.caps.max_usd) and self._spec.program.agent == _BY_FILE

    @property
    def reads(self) -> bool:
        """Whether an agent's output is read; it is not for setups and checks."""
        return self._reader is not None

    def sign(self, cpu: float) -> None:
        """Record that the job printed something. `cpu` is its CPU time in seconds."""
        self._sign, self._cpu_at_sign = time.monotonic(), cpu

    def take(self, lines: list[str], notes: list[str]) -> None:
        """Pass complete lines to the reader and empty the lists."""
        if lines or notes:
            self.last_event = time.time()
        if self._reader is not None:
            for text in lines:
                self._reader.line(text)
            for text in notes:
                self._reader.note(text)
        if lines:
            self._note_growth()
        lines.clear()
        notes.clear()

    def look(self, usage_text: str) -> None:
        """Take in the usage file's text, and ask the probe for what the stream does not report."""
        if usage_text == self._text:
            reported = self._reported
        else:
            reported = read_usage(usage_text, self._prices) or self._reported
            self._text = usage_text
        if reported != self._reported:
            self._reported = reported
            self._peak = self._peak.at_least(reported or Usage())
            self._grown, self.last_event = True, time.time()
        if self._reader is not None and self._probe is not None:
            self._extra = self._probe(self._reader.report(None).session)
            self._note_growth()

    def has_grown(self) -> bool:
        """Whether the cost has grown since the last call; then it must be saved."""
        grown, self._grown = self._grown, False
        return grown

    def open_step(self) -> bool:
        """Whether the agent has begun a step and not finished it."""
        return self._reader is not None and self._reader.tally().open_step

    def bill(self) -> Usage:
        """Return the highest cost seen so far."""
        return self._at_least(self._used()[0])

    def tally(self) -> Tally:
        """Return the highest cost seen so far, and what the job does."""
        used, steps = self._used()
        bill = self._at_least(used)
        action = self._reader.tally().action if self._reader is not None else ""
        return Tally(bill.usd, bill.tokens, steps, stamp(datetime.fromtimestamp(self.last_event, UTC)), action)

    def remember(self, bill: Usage) -> None:
        """Take over the cost that an earlier supervisor of this run has seen."""
        self._peak = self._peak.at_least(bill)

    def broken(self) -> tuple[EndReason, str] | None:
        """Return the first exceeded limit with a message, or None."""
        spec, tally = self._spec, self._reader.tally() if self._reader is not None else None
        if tally is not None and tally.cut_in_a_row >= _CUTS:
            return EndReason.CUT, f"the model's stream broke off {tally.cut_in_a_row} times in a row"
        limited = (tally.limited if tally is not None else "") or self._extra.limited
        if limited and self._waits_too_long((tally.reset_at if tally is not None else "") or self._extra.reset_at):
            return EndReason.LIMITED, f"it waits for a rate limit to end: {limited}"
        used, steps = self._used()
        usage = self._at_least(used)
        if spec.caps.max_steps and steps > spec.caps.max_steps:
            return EndReason.TOO_MANY_STEPS, f"{counted(steps, 'step')}, its limit is {spec.caps.max_steps}"
        if spec.caps.max_usd and usage.usd is not None and usage.usd > Decimal(spec.caps.max_usd):
            return (
                EndReason.OVER_BUDGET,
                f"it has spent {dollars(usage.usd)}, more than its cap of {dollars(Decimal(spec.caps.max_usd))}",
            )
        if spec.caps.max_tokens and usage.total_tokens > spec.caps.max_tokens:
            return (
                EndReason.OVER_BUDGET,
                f"it has used {tokens(usage.total_tokens)}, more than its cap of {tokens(spec.caps.max_tokens)}",
            )
        return None

    def _waits_too_long(self, reset_at: str) -> bool:
        """Whether an agent that waits for a rate limit has waited, or is going to wait, longer than allowed."""
        silent = time.monotonic() - self._sign
        reset = parse_stamp(reset_at) if reset_at else None
        if reset is not None and reset > datetime.now(UTC) + timedelta(seconds=self._spec.caps.limited_s):
            return silent > _BREATH
        return silent > self._spec.caps.limited_s

    def stalled(self, cpu: float) -> tuple[EndReason, str] | None:
        """Return a stall if it has neither printed nor used CPU for longer than allowed; CPU use restarts the wait."""
        silent = time.monotonic() - self._sign
        if not self._spec.caps.stall_s or silent < self._spec.caps.stall_s:
            return None
        if cpu - self._cpu_at_sign > silent * _IDLE_SHARE:
            self.sign(cpu)
            return None
        return EndReason.STALLED, f"no output and no CPU use for {silent:.0f} s"

    def report(self, code: int | None, transcript: str, *, cut_short: bool = False) -> AgentReport:
        """Return how the run went, and its cost including everything that was seen of it.

        A run that was cut short by a limit or a kill had a step under way that the provider charges. That step is
        estimated at the cost of the most expensive one before.
        """
        if self._reader is None:
            return AgentReport(transcript=transcript)
        found = self._reader.report(code)
        found = with_question(found) if self._spec.kind is JobKind.WORKER else found
        if self._extra.limited and code is None:
            found = replace(found, cause=Cause.RATE_LIMIT, reset_at=self._extra.reset_at)
        usage, steps = self._used()
        usage = self._at_least(usage)
        if cut_short and self._reported is None and self._dearest.total_tokens:
            usage, steps = _with(usage, self._dearest), steps + 1
        known = found.usage is not None or self._reported is not None or self._peak != Usage()
        return replace(found, usage=usage if known else None, steps=steps, transcript=transcript)

    def _at_least(self, usage: Usage) -> Usage:
        """Return usage that is not lower than what was seen: a report that shrinks does not lower the cost.

        An unknown cost stays unknown as long as the reserve covers what was seen.
        """
        seen = self._peak
        if usage.usd is None and (seen.usd is None or seen.usd <= Decimal(self._spec.caps.max_usd or 0)):
            seen = replace(seen, usd=None)
        higher = usage.at_least(seen)
        return usage if higher == usage else replace(higher, source=f"{usage.source}, more was seen before")

    def _note_growth(self) -> None:
        """Remember the step with the largest growth of the cost."""
        now, before = self._used()[0], self._seen
        if now.total_tokens <= before.total_tokens:
            return
        tokens = {kind: number - before.tokens.get(kind, 0) for kind, number in now.tokens.items()}
        usd = None if now.usd is None or before.usd is None else now.usd - before.usd
        step = Usage(usd=usd, tokens={kind: number for kind, number in tokens.items() if number > 0})
        if step.total_tokens > self._dearest.total_tokens:
            self._dearest = step
        self._seen, self._grown = now, True

    def _used(self) -> tuple[Usage, int]:
        """Return usage and steps: from the stream, plus the probe; a usage file overrides the stream."""
        reader = self._reader
        base = reader.report(None).usage if reader is not None else None
        steps = (reader.tally().steps if reader is not None else 0) + self._extra.steps
        if self._reported is not None:
            return self._reported, steps
        if base is None:
            return Usage(), steps
        if self._extra.whole and reader is not None:
            return self._of_whole(base, reader.tally().estimated), max(reader.tally().steps, self._extra.steps)
        tokens = dict(base.tokens)
        for kind, number in self._extra.tokens.items():
            tokens[kind] = tokens.get(kind, 0) + number
        usd = None if base.usd is None else base.usd + self._extra.usd
        more = f", {counted(self._extra.sessions, 'subagent')} included" if self._extra.sessions else ""
        return replace(base, tokens=tokens, usd=usd, source=base.source + more), steps

    def _of_whole(self, base: Usage, estimated: Mapping[str, int]) -> Usage:
        """Return the usage where probe and stream both count the whole conversation; the probe may be ahead."""
        told = Counter(base.tokens)
        told.subtract(estimated)
        total = Counter(self._extra.tokens)
        if total.total() <= told.total() and not self._extra.before:
            return base
        tokens = Counter(total if total.total() > told.total() else told)
        tokens.subtract(self._extra.before)
        tokens.update(estimated)
        return replace(base, tokens=dict(+tokens), usd=self._prices.cost(+tokens))


def _with(usage: Usage, step: Usage) -> Usage:
    tokens = Counter(usage.tokens)
    tokens.update(step.tokens)
    usd = None if usage.usd is None or step.usd is None else usage.usd + step.usd
    return replace(usage, usd=usd, tokens=dict(tokens), source=f"{usage.source}, the step under way estimated")

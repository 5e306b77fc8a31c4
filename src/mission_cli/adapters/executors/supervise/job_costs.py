"""The cost of one job: from its output, its usage file, and what an earlier supervisor has seen."""

from __future__ import annotations

import os
import time
from collections import deque
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import one_line
from mission_cli.adapters.agents import AGENTS
from mission_cli.adapters.agents.question import with_asked
from mission_cli.adapters.executors.jobs.folder import LONGEST_ACTION
from mission_cli.adapters.executors.jobs.limits import Limits
from mission_cli.adapters.executors.jobs.log import lines_of
from mission_cli.adapters.fs.atomic import read_foreign
from mission_cli.domain.asking.data import MOST_BYTES
from mission_cli.domain.status import JobKind
from mission_cli.ports.agents.usage import Prices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mission_cli.adapters.executors.jobs.folder import JobFolder
    from mission_cli.adapters.executors.jobs.output import Output
    from mission_cli.domain.runs.jobs import AgentReport
    from mission_cli.ports.agents.agent import Agent
    from mission_cli.ports.executor import JobSpec
    from mission_cli.ports.secrets import Secrets

_TOLD_LINES = 200
_LARGEST_USAGE = 200_000
_UNREADABLE = b"it asks something in a file that cannot be read, or that has more than 64 KiB"
_TALLY_SECONDS = 2.0
"""How often the tally is replaced while nothing is over."""


def describer(agent: Agent) -> Callable[[str], str]:
    """Return a function from a line of an agent's output to what people read of it."""
    reader = agent.log_reader()
    return lambda line: "\n".join(filter(None, map(str, reader.line(line))))


class Account:
    """The cost of one job."""

    def __init__(self, job: JobFolder, spec: JobSpec, environment: Mapping[str, str], rules: Secrets) -> None:
        self._job, self._spec, self._environment, self._rules = job, spec, environment, rules
        self._tallied = self._told = 0.0

    def limits(self, agent: Agent | None) -> Limits:
        """Return the limits for a run that begins, or whose log is read again."""
        prices = Prices({kind: Decimal(price) for kind, price in self._spec.program.prices.items()})
        reader = None
        if agent is not None:
            size = self._job.stdin.stat().st_size if self._job.stdin.exists() else 0
            reader = agent.reader(prompt_size=size, prices=prices)
        return Limits(self._spec, reader, prices, self._environment)

    def keep(self, limits: Limits, output: Output) -> None:
        """Save the cost durably if it has grown, so that it survives a power cut, except for the step under way."""
        grown = limits.has_grown()
        if grown:
            output.sync()
            self._job.write_bill(limits.bill())
        if limits.reads and (grown or self._is_tally_due(limits)):
            self._write_tally(limits)

    def usage_text(self) -> str:
        """Return the usage file's text; for something unreadable a text that is not a valid report."""
        found = read_foreign(self._job.usage, _LARGEST_USAGE)
        if found is None:
            return "no file" if os.path.lexists(self._job.usage) else ""
        return found.decode("utf-8", "replace")

    def _is_tally_due(self, limits: Limits) -> bool:
        return limits.last_event > self._told and time.monotonic() - self._tallied >= _TALLY_SECONDS

    def _write_tally(self, limits: Limits) -> None:
        """Replace what people see of the run: without secrets, and with paths as they are in the tree."""
        self._tallied, self._told = time.monotonic(), limits.last_event
        tally = limits.tally()
        tree = self._environment.get("PWD", "")
        action = self._rules.scrub(tally.action)
        for folder in (tree, os.path.realpath(tree)) if tree else ():
            action = action.replace(f"{folder}/", "")
        self._job.write_tally(replace(tally, action=one_line(action, LONGEST_ACTION)))

    def from_log(self, code: int | None) -> AgentReport:
        """Return the report of a run whose supervisor died, from its log."""
        agent = AGENTS.get(self._spec.program.agent)
        limits = self.limits(agent)
        limits.remember(self._job.read_bill())
        told: deque[str] = deque(maxlen=_TOLD_LINES)
        describe = describer(agent) if agent else str
        for line in lines_of(self._job.log):
            limits.take([line], [])
            told.append(describe(line))
        limits.look(self.usage_text())
        return self.clean(limits.report(code, "\n".join(filter(None, told)), cut_short=True))

    def clean(self, report: AgentReport) -> AgentReport:
        """Return a report with what a worker asked and told, without the person's secrets."""
        scrub = self._rules.scrub
        words, answer, detail = map(scrub, (report.last_words, report.answer, report.detail))
        report = replace(report, last_words=words, answer=answer, detail=detail)
        if self._spec.kind is not JobKind.WORKER:
            return report
        told = read_foreign(self._job.told, MOST_BYTES) or b""
        report = replace(report, told=scrub(told.decode("utf-8", "replace")))
        asked = read_foreign(self._job.asked, MOST_BYTES)
        if asked is None and os.path.lexists(self._job.asked):
            asked = _UNREADABLE
        return with_asked(report, scrub(asked.decode("utf-8", "replace"))) if asked else report

"""What an attempt did, read from the log of its worker: entry by entry, while it runs and afterwards."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.lazy_re import pattern
from mission_cli.app.addressing import resolve
from mission_cli.app.commands.features import records_of
from mission_cli.app.commands.steer.preview import log_key
from mission_cli.domain.errors import NotFoundError
from mission_cli.domain.ids import RunId
from mission_cli.domain.notice import advise, do
from mission_cli.domain.preview.rows import LOG
from mission_cli.domain.runs.record import RunRecord
from mission_cli.domain.status import RecordState
from mission_cli.ports.agents.logs import LogEntry, LogKind
from mission_cli.ports.agents.usage import Prices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.app.addressing import Address
    from mission_cli.engine.context import Context

_PROGRAM = "command"
"""The agent of runners that are any program: its log has no events."""

_ESCAPES = pattern(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)")
"""Colors, titles and links for a terminal."""


def attempt_of(ctx: Context, address: Address, attempt: int = 0) -> RunRecord:
    """Return the record of an attempt at a feature, by default the last one. Raises NotFoundError."""
    number = address.feature or address.need_feature().number  # the runs are there even if the row was deleted
    runs = sorted((r for r in records_of(ctx, address) if r.feature == number), key=lambda r: r.attempt)
    found = [r for r in runs if attempt in {0, r.attempt}]
    if found:
        return found[-1]
    where = f"{address.mission.id}/{number}"
    if not runs:
        address.need_feature()
        raise NotFoundError(f"{where} has no attempt yet", hint=do("why", where))
    known = ", ".join(str(r.attempt) for r in runs)
    raise NotFoundError(f"{where} has no attempt {attempt}", hint=advise(f"there are: {known}"))


def review_of(ctx: Context, address: Address, number: int = 0) -> RunRecord:
    """Return the record of a review of a feature, a milestone, or in a phase of the whole mission: the last one.

    Raises NotFoundError.
    """
    whole = address.feature is None and address.milestone is None
    owner = "" if whole else address.feature or str(address.need_milestone().number)
    mine = (r for r in records_of(ctx, address) if r.reviewing and (r.about == owner or (whole and r.of_whole)))
    runs = sorted(mine, key=lambda r: r.attempt)
    found = [r for r in runs if number in {0, r.attempt}]
    if found:
        return found[-1]
    where, known = f"{address.mission.id}/{owner}".rstrip("/"), ", ".join(str(r.attempt) for r in runs)
    words = f"{where} has no review {number}" if known else f"{where} has not been reviewed"
    raise NotFoundError(words, hint=advise(f"there are: {known}") if known else do("why", where))


def judgment_of(ctx: Context, address: Address, number: int = 0) -> RunRecord:
    """Return the record of a judgment about a feature, a milestone, or anything in a mission: the last one.

    Raises NotFoundError.
    """
    whole = address.feature is None and address.milestone is None
    owner = "" if whole else address.feature or str(address.need_milestone().number)
    runs = [r for r in records_of(ctx, address) if r.judging and (whole or r.about == owner)]
    found = [r for r in sorted(runs, key=lambda r: r.attempt) if number in {0, r.attempt}]
    if found:
        return found[-1]
    where = f"{address.mission.id}/{owner}".rstrip("/")
    words = f"{where} has no judgment {number}" if runs else f"{where} has not been judged by the orchestrator"
    known = ", ".join(str(r.attempt) for r in sorted(runs, key=lambda r: r.attempt))
    raise NotFoundError(words, hint=advise(f"there are: {known}") if known else do("why", where))


def preview_of(ctx: Context, text: str) -> RunRecord | None:
    """Return what stands for the newest preview, if an address names it: `ID/preview`. Raises NotFoundError."""
    mission, _, part = text.strip().rpartition("/")
    if part != LOG:
        return None
    return RunRecord(RunId(log_key(resolve(ctx.state.snapshot(), mission).mission)), RecordState.SETTLED)


class AttemptLog:
    """Reads the log of one attempt from its beginning. Without a log, the record has the end of what was said."""

    def __init__(self, ctx: Context, record: RunRecord) -> None:
        self._ctx, self._record = ctx, record
        runner = ctx.settings.runners.get(record.runner)
        kind = (runner.kind if runner is not None else "") or record.runner
        self._reader = ctx.agents[kind if kind in ctx.agents else _PROGRAM].log_reader()
        self._offset, self._rest, self._empty = 0, "", True
        self._tree = re.compile(rf"[^\s'\"=]*/{re.escape(record.run)}/")

    def read(self) -> tuple[list[LogEntry], bool]:
        """Return the entries since the last call, and whether these are the last ones."""
        text, ended = self.read_raw()
        lines = (self._rest + text).split("\n")
        self._rest = "" if ended else lines.pop()
        entries = [entry for line in lines if line for entry in self._reader.line(line)]
        return [self._finished(entry) for entry in entries], ended

    def recent(self, size: int) -> list[LogEntry]:
        """Return the entries in the last `size` characters, without those that begin before."""
        text = self._ctx.executor.logs(self._record.run, size)
        lines = text.split("\n")[1 if len(text) >= size else 0 :]
        entries = [entry for line in lines if line for entry in self._reader.line(line)]
        return [self._finished(entry) for entry in entries]

    def read_raw(self) -> tuple[str, bool]:
        """Return the output since the last call as it was printed, and whether this is the end of it."""
        part = self._ctx.executor.read_log(self._record.run, self._offset)
        self._offset = part.next_offset
        self._empty = self._empty and not part.text
        ended = part.ended and not part.text
        return (self._remembered() if ended and self._empty else part.text), ended

    def parts(self) -> Iterator[str]:
        """Yield the output until now as it was printed."""
        ended, text = False, "x"
        while text and not ended:
            text, ended = self.read_raw()
            yield text

    def whole(self) -> list[LogEntry]:
        """Return every entry until now."""
        found, ended, before = [], False, -1
        while not ended and self._offset != before:
            before = self._offset
            entries, ended = self.read()
            found += entries
        return found

    def _remembered(self) -> str:
        self._reader = self._ctx.agents[_PROGRAM].log_reader()
        return self._record.transcript or self._record.last_words

    def _finished(self, entry: LogEntry) -> LogEntry:
        """Return the entry without secrets, with paths relative to the tree, and with a cost by list prices."""
        if entry.kind is LogKind.STEP:
            usd = entry.usd
            prices = Prices() if usd is not None else self._ctx.prices.prices(entry.model or self._record.model)
            return entry if usd is not None else replace(entry, usd=prices.cost(entry.tokens), listed=True)
        plain = _ESCAPES.sub("", entry.text)
        return replace(entry, text=self._ctx.secrets.scrub(self._tree.sub("", plain)))

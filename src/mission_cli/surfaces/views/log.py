"""What a worker did, for people: what it said, its tools, folded results, errors, and the cost of each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.shown import dollars, tokens
from mission_cli._support.text import counted
from mission_cli.domain.judging.test_results import changes, counts, from_lines
from mission_cli.domain.status import Cause
from mission_cli.ports.agents.logs import LogEntry, LogKind
from mission_cli.surfaces.lines import BLANK, clip, line, said, wrap
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.surfaces.lines import Line

_FOLDED = 3
"""Lines of a result that are shown."""
_INDENT = "  "
_TAB = 4


class LogView:
    """Turns entries into lines, one after the other; it remembers whether a blank line is due."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._before: LogKind | None = None

    def lines(self, entries: Iterable[LogEntry]) -> Iterator[Line]:
        """Yield the lines of the next entries."""
        for entry in entries:
            spoken = LogKind.TEXT in {entry.kind, self._before}
            if self._before is not None and spoken and entry.kind is not LogKind.STEP:
                yield BLANK
            yield from self._entry(entry)
            self._before = entry.kind

    def _entry(self, entry: LogEntry) -> Iterator[Line]:
        match entry.kind:
            case LogKind.TOOL:
                yield clip(
                    line(("● ", "cyan"), (said(entry.tool), "bold"), f" {said(entry.text)}".rstrip()), self._width
                )
            case LogKind.EDIT:
                yield clip(line(("✎ ", "cyan"), said(entry.text), (entry.changed, "green")), self._width)
            case LogKind.RESULT:
                yield from self._result(entry)
            case LogKind.ERROR:
                yield from self._block(f"✗ {entry.text}", "red")
            case LogKind.STEP:
                yield line((f"{_INDENT}{_cost(entry)}", "dim"))
            case LogKind.TEXT:
                yield from self._block(entry.text.strip("\n"), "")
            case LogKind.OTHER:
                yield from self._block(entry.text, "dim")

    def _result(self, entry: LogEntry) -> Iterator[Line]:
        """Yield the first lines of a result, or the last ones of a failure, where its reason usually is."""
        every = [one for one in clean(entry.text).splitlines() if one.strip()]
        style = "red" if entry.failed else "dim"
        shown = every[-_FOLDED:] if entry.failed else every[:_FOLDED]
        hidden = len(every) - len(shown)
        more = line((f"{_INDENT}… {counted(hidden, 'more line')}", "dim"))
        if hidden and entry.failed:
            yield more
        for number, one in enumerate(shown or [""]):
            mark = "✗ " if entry.failed and not number else _INDENT if entry.failed else ""
            yield clip(line((f"{_INDENT}{mark}{one.expandtabs(_TAB)}".rstrip(), style)), self._width)
        if hidden and not entry.failed:
            yield more

    def _block(self, text: str, style: str) -> Iterator[Line]:
        for one in clean(text).splitlines():
            yield from (line((part, style)) for part in wrap(one.expandtabs(_TAB), self._width))


def whole_log(record: RunRecord, entries: Iterable[LogEntry], width: int) -> list[Line]:
    """Return everything that an attempt did, which attempt it is, and how it ended."""
    return [head_of(record), *LogView(width).lines(entries), *end_of(record)]


def head_of(record: RunRecord) -> Line:
    """Return the first line: which attempt it is, and who makes it."""
    names = [record.runner, record.model, f"on {record.ran_on}" if record.ran_on else ""]
    return line((said(record.run), "bold"), ("  " + ", ".join(said(n) for n in names if n), "dim"))


def end_of(record: RunRecord) -> list[Line]:
    """Return the last lines: how the attempt ended, and what it cost; nothing while it runs."""
    if record.cause is None:
        return []
    good = record.cause is Cause.DONE
    words = str(record.cause) if good else f"{record.cause}: {said(record.detail)}"
    used = [tokens(record.usage.total_tokens)] if record.usage.total_tokens else []
    used += [dollars(record.usage.usd)] if record.usage.usd is not None else ["cost unknown"]
    last = line((words, "green" if good else "red"), (f"  {', '.join(used)}", "dim"))
    return [BLANK, *_tests(record), last]


def _tests(record: RunRecord) -> Iterator[Line]:
    """Yield what the tests of its criteria reported: counts, what changed, and the names of what failed."""
    for found in from_lines(record.evidence.splitlines()):
        told = ", ".join(filter(None, (counts(found), changes(found))))
        yield line((f"tests: {told}", "red" if found.failed else "dim"))
        for name in (*found.failing.first[:_FOLDED], *(n for n in found.slow.first[:_FOLDED])):
            word = "failed" if name in found.failing.first else "slow"
            broke = word == "failed" and name in found.broken.first
            yield line((f"{_INDENT}{'broken' if broke else word}: {said(name)}", "dim"))


def _cost(entry: LogEntry) -> str:
    total = sum(entry.tokens.values())
    if entry.usd is None:
        return tokens(total)
    cost = dollars(entry.usd)
    about = "~" if entry.listed and cost.startswith("$") else ""
    return f"{tokens(total)}, {about}{cost}"

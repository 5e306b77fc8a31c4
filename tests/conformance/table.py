"""The table of `docs/coding-agents.md`: a section for each agent, a row for each case."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from tests.conformance.cases import Case, Result
    from tests.conformance.subjects import Subject
    from tests.conformance.verdict import Judged

PAGE = Path(__file__).resolve().parents[2] / "docs/coding-agents.md"
_HEAD = (
    "| case | what happens | verdict | billed | server counted | seconds | remarks |\n|---|---|---|---|---|---|---|\n"
)
_NONE = "–"
_VOLATILE = (
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1"),
    (re.compile(r"(?<![/:\w])(?:/[\w.@+-]+){3,}"), "…"),
    (re.compile(r"for \d+ s\b"), "for some seconds"),
    (re.compile(r"no work for some seconds"), "no work"),
)
_LONGEST = 110


def section(subject: Subject, rows: Iterable[str]) -> str:
    """The part of one agent, from its heading to its last row."""
    return f"### {subject.name} {subject.version()}\n\n{_HEAD}{''.join(rows)}"


def row(case: Case, result: Result | None) -> str:
    """One line of the table; what is wrong stands in it in capitals."""
    if result is None:
        return _line(case.name, case.about, _NONE, _NONE, _NONE, _NONE, case.none)
    outcome = result.outcome
    served = _bill(outcome.served, outcome.served_usd)
    if not case.counted:
        served += " and cut"
    remarks = "; ".join([*(f"WRONG: {words}" for words in result.wrong), *_remarks(case, result)])
    billed = _bill(outcome.billed, outcome.billed_usd)
    return _line(case.name, case.about, outcome.verdict, billed, served, f"{outcome.seconds:.0f}", remarks)


def write(sections: Mapping[str, str], verdicts: Mapping[str, Judged]) -> None:
    """Put the sections and verdicts of these agents into the page, in place of what it says of them."""
    text = PAGE.read_text(encoding="utf-8")
    for name, words in sections.items():
        old = re.search(rf"^### {name} .*\n\n(?:\|.*\n)+", text, re.MULTILINE)
        assert old is not None, f"{PAGE} has no section about {name}"
        text = text[: old.start()] + words + text[old.end() :]
        version = words.split()[2]
        judged = verdicts[name]
        row = _line(name, version, judged.verdict, one_line("; ".join(judged.reasons), _LONGEST * 2))
        old = re.search(rf"^\| {name} \| \d[^|]* \| [A-Z]+ \|.*\n", text, re.MULTILINE)
        assert old is not None, f"{PAGE} has no verdict about {name}"
        text = text[: old.start()] + row + text[old.end() :]
    PAGE.write_text(text, encoding="utf-8")


def read_verdicts() -> dict[str, tuple[str, str]]:
    """What the page says: (version, verdict) of each agent."""
    rows = re.findall(r"^\| (\w+) \| (\d[^ |]*) \| ([A-Z]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: (version, words) for name, version, words in rows}


def read() -> dict[str, tuple[str, dict[str, str]]]:
    """What the page says: (version, verdict by case) of each agent."""
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for part in re.findall(r"^### \w+ [\d.]+\n\n(?:\|.*\n)+", PAGE.read_text(encoding="utf-8"), re.MULTILINE):
        head, _, *rows = part.splitlines()
        _, name, version = head.split()
        cells = [[cell.strip() for cell in line.split("|")] for line in rows[2:]]
        found[name] = (version, {line[1]: line[3] for line in cells})
    return found


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _bill(tokens: Mapping[str, int], usd: Decimal | None) -> str:
    number = sum(tokens.values())
    if usd is None:
        return f"{number}, cost unknown"
    return f"{number}, ${usd.normalize():f}" if number else "0"


def _remarks(case: Case, result: Result) -> Iterable[str]:
    outcome = result.outcome
    words = outcome.exit.detail or outcome.exit.report.detail
    for pattern, plain in _VOLATILE:
        words = pattern.sub(plain, words)
    if words:
        yield one_line(words, _LONGEST)
    if outcome.exit.report.reset_at:
        yield "the end of the limit is known"
    if outcome.saved:
        yield f"saved `{outcome.saved}`"
    if result.case.slow:
        yield from (f"takes long: {why}" for name, why in case.slow.items() if name == outcome.agent)

"""Turn a plan's text of a criterion into an item of a mission file that reads back as the same criterion."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line
from mission_cli.document.criteria.body import FENCE
from mission_cli.document.criteria.fields import field_lines, split_last
from mission_cli.document.criteria.parse import KIND, PROSE_KINDS, read_criterion
from mission_cli.document.syntax import escape
from mission_cli.document.syntax.spans import code, spans
from mission_cli.domain.status import EXECUTABLE_KINDS, CriterionKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.criteria.criterion import Criterion

LONGEST = 8_000
"""The most characters of one criterion."""
_NEVER = pattern("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that a line cannot contain, or that make it look like something else."""
_TAME = pattern(r"[\w ./=:@%+,'\"()-]*")
_BEHIND = pattern(r"\s*(\(\s*time[- ]?out\b[^()]*\))\s*\Z", re.IGNORECASE)
_SIGNIFICANT = ("kind", "command", "paths", "pattern", "negated", "comparison", "bound", "unit", "timeout", "fields")
_SHORT = 72


def asked_criterion(text: str) -> Criterion:
    """Return the criterion in a plan's text, which may have several lines. Line ends become newlines."""
    text = text.replace("\r\n", "\n").strip("\n").rstrip()
    odd = _NEVER.search(text)
    if odd or len(text) > LONGEST:
        words = f"it contains the character U+{ord(odd[0]):04X}" if odd else f"it has {len(text)} characters"
        remedy = "put the command into a script in the repository and run that"
        return replace(read_criterion(one_line(text)), wrong=words, remedy=remedy)
    found = KIND.match(text)
    below: tuple[str, ...] = ()
    if found and found[1].casefold() not in PROSE_KINDS:
        text, below = split_last(text)
        found = KIND.match(text)
    if "\n" not in text or not found or found[1].casefold() != "run":
        joined = " ".join(line.strip() for line in text.split("\n")) if _joins(found, text) else text
        return _quoted(joined, below)
    return _script(found[2] if text[found.start(2) - 1] != "\n" else text[text.index("\n") + 1 :], below)


def item_text(criterion: Criterion) -> str:
    """Return the text of an item, after its box, that reads back as this criterion; "" if there is none."""
    if criterion.wrong:
        return ""
    if criterion.kind not in EXECUTABLE_KINDS:
        text = escape.closed(one_line(criterion.text, LONGEST))
        return text if read_criterion(text).kind is criterion.kind else ""
    below = field_lines([(name, value) for name, value in criterion.fields if name != "status"])
    for head in ("" if below else criterion.text, _spanned(criterion), _fenced(criterion)):
        text = "\n".join([head, *below])
        first, *more = text.split("\n")
        if (
            _is_safe(first)
            and not any("\t" in line for line in below)
            and _reads_as(read_criterion(first, more=more), criterion)
        ):
            return text
    return ""


def _quoted(text: str, below: Sequence[str]) -> Criterion:
    """Return the criterion with fields; a bare command of a plan needs no backticks."""
    bare = read_criterion(text)
    if below and bare.kind is CriterionKind.RUN and not bare.wrong and "`" not in text:
        text = _spanned(bare)
    return read_criterion(text, more=below)


def _joins(found: re.Match[str] | None, text: str) -> bool:
    """Whether the lines of a text can be joined: prose and paths can, commands and patterns cannot."""
    if found is None or found[1].casefold() in PROSE_KINDS:
        return True
    return found[1].casefold() == "file" and not any("\n" in span.code for span in spans(text))


def _script(text: str, below: Sequence[str]) -> Criterion:
    """Return the criterion for a command of several lines: in a fence, in one pair of backticks, or bare."""
    behind = _BEHIND.search(text)
    limit = f" {behind[1]}" if behind else ""
    body = textwrap.dedent(text[: behind.start()] if behind else text).strip("\n")
    first, *rest = body.split("\n")
    fence, covered = FENCE.match(first), spans(body.strip())
    if fence and rest and rest[-1].strip() == fence["mark"]:
        body = textwrap.dedent("\n".join(rest[:-1]))
    elif len(covered) == 1 and covered[0].end - covered[0].start == len(body.strip()):
        body = covered[0].code.strip("\n")
    elif any(line.lstrip().startswith("`") for line in body.split("\n")):
        remedy = "write the lines without backticks; instead of a backtick of the shell write $(…)"
        return replace(read_criterion(f"run: {limit}"), wrong="one of its lines begins with a backtick", remedy=remedy)
    fences = "~" * max(3, 1 + max(map(len, re.findall("~+", body)), default=0))
    return read_criterion(f"run:{limit}", more=[f"{fences}sh", *body.split("\n"), fences, *below])


def _spanned(criterion: Criterion) -> str:
    behind = _limit(criterion)
    paths = " ".join(map(code, criterion.paths))
    if criterion.kind is CriterionKind.FILE:
        return f"file: {paths}{behind}"
    if criterion.kind is CriterionKind.GREP:
        word = "not grep" if criterion.negated else "grep"
        return f"{word}: {code(criterion.pattern)}{' in ' if paths else ''}{paths}{behind}"
    if criterion.kind is CriterionKind.HTTP:
        return f"http: {code(criterion.command)} {dict(criterion.fields)['status']}{behind}"
    if criterion.kind is CriterionKind.BROWSER:
        return f"browser: {code(criterion.command)}{behind}"
    if criterion.kind is CriterionKind.METRIC:
        return f"metric: {code(criterion.command)} {criterion.comparison} {criterion.bound}{criterion.unit}{behind}"
    return f"run: {code(criterion.command)}{behind}"


def _fenced(criterion: Criterion) -> str:
    if criterion.kind is not CriterionKind.RUN:
        return ""
    fences = "~" * max(3, 1 + max(map(len, re.findall("~+", criterion.command)), default=0))
    lines = [f"{fences}sh", *criterion.command.split("\n"), fences]
    return "\n".join([f"run:{_limit(criterion)}", *(f"  {line}" if line else "" for line in lines)])


def _limit(criterion: Criterion) -> str:
    if criterion.timeout is None:
        return ""
    seconds = f"{criterion.timeout.total_seconds():f}".rstrip("0").rstrip(".")
    minutes, rest = divmod(criterion.timeout.total_seconds(), 60)
    return f" (timeout {seconds}s)" if rest else f" (timeout {minutes:.0f}m)"


def _is_safe(line: str) -> bool:
    """Whether neither a Markdown reader nor a formatter changes the meaning of a line."""
    bare, at = "", 0
    for span in spans(line):
        if "\t" in span.code:
            return False
        bare, at = bare + line[at : span.start], span.end
    bare = (bare + line[at:]).replace(">=", "").replace("<=", "").replace(" > ", "").replace(" < ", "")
    return bool(bare.strip()) and _TAME.fullmatch(bare) is not None and (at > 0 or len(line) <= _SHORT)


def _reads_as(read: Criterion, meant: Criterion) -> bool:
    return not read.wrong and all(getattr(read, name) == getattr(meant, name) for name in _SIGNIFICANT)

"""Read checklist items as criteria.

A criterion is read as a whole or not at all: if a part of it is not understood, nothing of it is run.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from mission_cli._support.lazy_re import pattern
from mission_cli._support.numbers import decimal_of
from mission_cli._support.quantities import quantity
from mission_cli.document.criteria.body import Body, body_of, verify_fields
from mission_cli.document.criteria.browser import FORM as BROWSER_FORM
from mission_cli.document.criteria.browser import read_browser
from mission_cli.document.criteria.fields import duration, field_meant, read_fields, split
from mission_cli.document.criteria.fields import wrong as _wrong
from mission_cli.document.criteria.http import FORM as HTTP_FORM
from mission_cli.document.criteria.http import read_http
from mission_cli.document.syntax import escape
from mission_cli.document.syntax.spans import Span, code, results, spans
from mission_cli.document.syntax.vocabulary import VERDICT_WORDS, verdict
from mission_cli.domain.criteria.criterion import LINE_MARK, Criterion, Result
from mission_cli.domain.status import CriterionKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

KIND = pattern(
    r"(not[ -]grep|run|file|grep|http|browser|metric|review|manual)[ \t]*:\s*(.*)\Z", re.DOTALL | re.IGNORECASE
)
_TIMEOUT = pattern(r"\(\s*time[- ]?out\b([^()]*)\)\s*\Z", re.IGNORECASE)
_BOUND = pattern(r"\s*(>=|<=|=>|=<|==|!=|>|<|=|≥|≤|at least\b|at most\b)\s*(.*)\Z", re.DOTALL | re.IGNORECASE)
_BOUND_BEHIND = pattern(
    r"((?:(?!\s[<>=]=|\s=[<>]).)*\S)\s+(>=|<=|=>|=<|==|!=|>|<|≥|≤|at least\b|at most\b)\s*(.*)\Z",
    re.DOTALL | re.IGNORECASE,
)
_SCORE = pattern(r"\(\s*(?:>=|=>|≥|at least)\s*(-?[0-9]{1,9}(?:\.[0-9]{1,9})?)\s*\)\s*\Z", re.IGNORECASE)
_LEAST_SCORE, _MOST_SCORE = 1, 5
_SIGNS = {"≥": ">=", "≤": "<=", "=>": ">=", "=<": "<=", "=": "==", "at least": ">=", "at most": "<="}
_IN = pattern(r"\s+in\s+", re.IGNORECASE)
_BETWEEN = pattern(r"\s*(?:,?\s*and\s|,|\s)\s*", re.IGNORECASE)
_QUOTED = pattern(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"")
_PROSE_WORDS = pattern(r"(?:^|\s)(?:and|exits?|must|should|passes|succeeds)(?=\s|$)", re.IGNORECASE)
PROSE_KINDS = frozenset({"review", "manual"})
_OF_A_SERVER = {"http": read_http, "browser": read_browser}
_KINDS = ("run", "file", "grep", "not grep", "metric", "http", "browser", "review", "manual")
_WORD = pattern(r"([a-z][a-z _-]{0,10}[a-z])[ \t]*:\s*(.*)\Z", re.DOTALL | re.IGNORECASE)
_LIKE = 0.75
"""How similar a word must be to a kind to be a misspelling of it, from 0 to 1."""
_ONE_SPAN = "write one command in one pair of backticks, run: `a && b`, or two criteria"
_FORMS = {
    "run": "write the command, and after it only (timeout 30m) if needed: run: `pytest -q`",
    "file": "write only paths, in backticks: file: `a.txt` `b.txt`",
    "grep": "write grep: `pattern` in `path`",
    "not grep": "write not grep: `pattern` in `path`",
    "metric": "write metric: `./coverage.sh` >= 80",
    "http": HTTP_FORM,
    "browser": BROWSER_FORM,
}


def read_criterion(
    raw: str, *, more: Iterable[str] = (), ticked: bool = False, line: int = 0, index: int = -1
) -> Criterion:
    """Return the criterion in an item's text; an unknown form is a criterion that a person judges.

    `more` are the lines of the item after its first one. If a part of it cannot be read, `wrong` says which.
    """
    lines = [raw, *more]
    body = body_of(raw, lines[1:])
    now, start = _results(lines[number] for number in body.marks)
    place: dict[str, Any] = {"ticked": ticked, "result": now, "baseline": start, "line": line, "index": index}
    return Criterion(**{"text": body.shown, **place, **_read(body)})


def kind_meant(text: str) -> str:
    """Return the kind that the word before the first colon is a misspelling of; empty if it is none."""
    found = None if KIND.match(text) else _WORD.match(text)
    if found is None:
        return ""
    word = found[1].casefold().replace("-", " ").replace("_", " ")
    close = difflib.get_close_matches(word, _KINDS, n=1, cutoff=_LIKE)
    return close[0] if close else ""


def misspelling(text: str, kind: str) -> tuple[str, str]:
    """Return what is wrong with a misspelled kind, and the remedy."""
    word = text.partition(":")[0].strip()
    return f"`{word}:` is not a kind of criterion", f"did you mean `{kind}:`? what a person should judge is `manual: …`"


def result_comment(result: Result, *, baseline: bool = False) -> str:
    """Return the comment that is written after a criterion."""
    start = "start " if baseline else ""
    return f"<!-- {start}{VERDICT_WORDS[result.verdict]} {result.at} {result.commit} -->"


def _read(body: Body) -> dict[str, Any]:
    found = KIND.match(body.text)
    if not found:
        return _prose(body)
    word = found[1].casefold().replace("-", " ")
    if word in PROSE_KINDS:
        judged = {**_prose(body), "kind": CriterionKind(word), "command": found[2].strip()}
        return {**judged, **_least_score(found[2])} if word == "review" and "wrong" not in judged else judged
    head, below = split(body.text)
    kind = CriterionKind.GREP if "grep" in word else CriterionKind(word)
    known: dict[str, Any] = {"kind": kind, "text": _shown(head, body.script, below)}
    rest = head[found.start(2) :].strip()
    limit = _TIMEOUT.search(rest)
    if limit and not any(s.start < limit.start() < s.end for s in spans(rest)):
        rest = rest[: limit.start()].rstrip()
        known |= _timeout(limit[1])
    if body.verify:
        known |= _wrong("it has a command and a `verify:` block", "remove one of them")
    if "wrong" not in known:
        known |= _with_fields(word, rest, body.script, below, limited="timeout" in known)
    if word in _OF_A_SERVER:
        return known
    if below and word == "run" and body.script is None and "`" not in rest and "wrong" not in known:
        known |= _wrong("there are fields below a command without backticks", "put the command in backticks")
    if "wrong" not in known:
        known |= _script(word, rest, body.script) if body.script is not None else _fields(word, rest)
    return known


def _with_fields(word: str, rest: str, script: str | None, below: Sequence[str], *, limited: bool) -> dict[str, Any]:
    """Return what the fields say, or what is wrong with them; for a kind with a server, what the item says, too.

    `limited`: the item has a timeout.
    """
    if word in _OF_A_SERVER:
        read = _script(word, rest, script) if script is not None else _OF_A_SERVER[word](rest, below)
    else:
        kind = CriterionKind.GREP if "grep" in word else CriterionKind(word)
        reading = read_fields(kind, below) if below else {}
        read = reading if isinstance(reading, dict) else reading.told
    return _wrong("it has two timeouts", "remove one of them") if limited and "timeout" in read else read


def _least_score(text: str) -> dict[str, Any]:
    """Return the score that a review must reach, if the text ends with one in parentheses."""
    found = _SCORE.search(text)
    if not found:
        return {}
    score = decimal_of(found[1])
    if score is None or not _LEAST_SCORE <= score <= _MOST_SCORE:
        return _wrong(f"`{found[0].strip()}` is not a score from 1 to 5", "write the minimum score as (>= 3.5)")
    return {"comparison": ">=", "bound": score}


def _prose(body: Body) -> dict[str, Any]:
    if body.verify:
        return verify_fields(body.verify)
    shown: dict[str, Any] = {"kind": CriterionKind.TEXT, "text": escape.opened(body.shown)}
    meant = kind_meant(body.text)
    if meant and body.text.partition(":")[2].lstrip().startswith("`"):
        return {**shown, **_wrong(*misspelling(body.text, meant))}
    if body.text.casefold().rstrip().rstrip(":") in PROSE_KINDS:
        return {**shown, **_wrong("it contains nothing to check", "write what a person should check")}
    return shown


def _shown(head: str, script: str | None, below: Sequence[str]) -> str:
    """Return the text of an item in one line."""
    flat = " ".join(head.split("\n"))
    code_too = "" if script is None else f" {LINE_MARK.join(script.split(chr(10)))}"
    return LINE_MARK.join([f"{flat}{code_too}", *below])


def _timeout(text: str) -> dict[str, Any]:
    span = duration(text)
    if span is None:
        return _wrong(f"`(timeout{text})` is not a timeout", "write (timeout 30m), at most 30 days")
    return {"timeout": span}


def _script(word: str, rest: str, script: str) -> dict[str, Any]:
    if word != "run":
        return _wrong(f"`{word}:` cannot have a block of code", _FORMS[word])
    if rest:
        return _wrong(f"`{_short(rest)}` is written before the block of code", "write only `run:` before the block")
    if not script.strip():
        return _wrong("it has no command", _FORMS[word])
    return {"command": script}


def _fields(word: str, rest: str) -> dict[str, Any]:
    codes = spans(rest)
    if not rest or any(not s.code.strip() for s in codes):
        return _wrong("it contains nothing to run", _FORMS[word])
    if word == "run":
        return _run(rest, codes)
    if word == "file":
        return _file(rest, codes)
    return _metric(rest, codes) if word == "metric" else _grep(word, rest, codes)


def _run(rest: str, codes: Sequence[Span]) -> dict[str, Any]:
    if len(codes) == 1 and (codes[0].start, codes[0].end) == (0, len(rest)):
        return _one_line(codes[0].code, "run")
    if len(codes) > 1:
        return _wrong(f"it has {len(codes)} commands in backticks, or one that contains backticks", _backticks(rest))
    if codes:
        outside = _around(rest, codes)
        remedy = field_meant(outside) or _backticks(rest)
        return _wrong(f"`{_short(outside)}` outside the backticks cannot be read", remedy)
    if "`" in rest:
        return _wrong("it has a single backtick", _backticks(rest))
    bare = _QUOTED.sub("''", rest)
    prose = _PROSE_WORDS.search(bare.partition(" #")[0])
    if "(timeout" in bare.casefold().replace(" ", "") or prose:
        what = prose[0].strip() if prose else "(timeout"
        return _wrong(f"`{what}` may belong to the command or describe it", "put the command in backticks")
    return _one_line(rest, "run")


def _backticks(rest: str) -> str:
    """Return the remedy for backticks that do not form one span."""
    return f"{_ONE_SPAN}; instead of a backtick of the shell write $(…)" if rest.count("`") else _ONE_SPAN


def _one_line(command: str, word: str) -> dict[str, Any]:
    if "\n" in command:
        return _continued(command.partition("\n")[2])
    return {"command": command} if command.strip() else _wrong("it has no command", _FORMS[word])


def _continued(line: str) -> dict[str, Any]:
    """Return what is wrong with a command that has another line, which may be meant as a field."""
    remedy = field_meant(line) or "write `run:` and a fenced block of code below it"
    return _wrong("its command continues in the next line", remedy)


def _file(rest: str, codes: Sequence[Span]) -> dict[str, Any]:
    if not codes:
        return (
            {"paths": tuple(p for p in re.split(r"[,\s]+", rest) if p)} if "`" not in rest else _leftover("file", "`")
        )
    wrong = _unread("file", _gaps(rest, codes))
    return wrong or _paths([s.code for s in codes], "file")


def _paths(names: list[str], word: str) -> dict[str, Any]:
    if any("\n" in name for name in names):
        return _wrong("a path continues in the next line", _FORMS[word])
    return {"paths": tuple(names)}


def _grep(word: str, rest: str, codes: Sequence[Span]) -> dict[str, Any]:
    known: dict[str, Any] = {"negated": word != "grep"}
    if codes and codes[0].start == 0:
        wanted, behind = codes[0].code, rest[codes[0].end :]
        parts = re.fullmatch(r"(?:\s+(?:in\s+|(?=`))(.*\S))?\s*", behind, re.DOTALL | re.IGNORECASE)
        if not parts:
            return _leftover(word, behind)
        where = parts[1] or ""
    else:
        before = rest[: codes[0].start] if codes else rest
        parted = _IN.split(before)
        if len(parted) > 2 or before.startswith(("'", '"')):  # noqa: PLR2004 - pattern and path
            return _wrong("it is not clear where its pattern ends", _FORMS[word])
        wanted = parted[0].strip()
        where = rest[len(before) :] if codes else ""
        where = (parted[1].strip() + where) if len(parted) > 1 else where
        if (codes and len(parted) < 2) or "`" in wanted or not wanted:  # noqa: PLR2004 - pattern and path
            return _leftover(word, rest)
    if "\n" in wanted:
        return _wrong("its pattern continues in the next line", _FORMS[word])
    known |= {"pattern": wanted, "paths": ()}
    return known | _file_list(word, where) if where else known


def _file_list(word: str, where: str) -> dict[str, Any]:
    read = _file(where, spans(where))
    return _leftover(word, where) if "wrong" in read else read


def _metric(rest: str, codes: Sequence[Span]) -> dict[str, Any]:
    if codes and codes[0].start == 0:
        command, bound = codes[0].code, _BOUND.match(rest, codes[0].end)
        sign, limit = (bound[1], bound[2]) if bound else ("", "")
    else:
        behind = _BOUND_BEHIND.match(rest)
        command, sign, limit = (behind[1], behind[2], behind[3]) if behind and "`" not in behind[1] else ("", "", "")
    if not sign or not command.strip():
        return _wrong("it has no command followed by a bound", _FORMS["metric"])
    number = quantity(limit)
    if isinstance(number, str):
        return _wrong(
            f"the bound `{_short(limit)}` is not one number", f"{_FORMS['metric']}; for two bounds write two criteria"
        )
    known = _one_line(command, "metric")
    sign = sign.casefold()
    return known | {"comparison": _SIGNS.get(sign, sign), "bound": number.value, "unit": number.unit}


def _gaps(rest: str, codes: Sequence[Span]) -> list[str]:
    edges = [0, *(edge for span in codes for edge in (span.start, span.end)), len(rest)]
    return [rest[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _around(rest: str, codes: Sequence[Span]) -> str:
    return " … ".join(gap.strip() for gap in _gaps(rest, codes) if gap.strip())


def _unread(word: str, gaps: list[str]) -> dict[str, Any]:
    first, *between, last = gaps
    for gap in (first, last):
        if gap.strip():
            return _leftover(word, gap)
    odd = next((gap for gap in between if not _BETWEEN.fullmatch(gap)), None)
    return {} if odd is None else _leftover(word, odd or "nothing between two paths")


def _leftover(word: str, what: str) -> dict[str, Any]:
    return _wrong(f"`{_short(what)}` in it cannot be read", _FORMS[word])


def _short(text: str) -> str:
    flat = " ".join(text.split()).replace("`", "'")
    return flat if len(flat) <= 60 else f"{flat[:59]}…"  # noqa: PLR2004 - characters of a message


def _results(marks: Iterable[str]) -> tuple[Result | None, Result | None]:
    now = start = None
    for found in (m for text in marks for m in results(text)):
        word = verdict(found["word"])
        if word is None:
            continue
        result = Result(word, found["at"], found["commit"])
        if found["start"]:
            start = result
        else:
            now = result
    return now, start


__all__ = ["KIND", "code", "kind_meant", "misspelling", "read_criterion", "result_comment"]

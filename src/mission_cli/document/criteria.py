"""Checklist items as criteria: what the person wrote, and how it is judged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mission_cli.document.words import VERDICT_WORDS, number, verdict
from mission_cli.domain.mission import Criterion, Result
from mission_cli.domain.patterns import pattern
from mission_cli.domain.status import CriterionKind
from mission_cli.domain.text import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterable

RESULT = pattern(
    r"(?<!\s)\s*<!--\s*(?P<start>start\s+)?(?P<word>pass|fail|skip|could-not-run)\s+(?P<at>\S+)\s+(?P<commit>\S+?)\s*-->"
)
_KIND = pattern(
    r"(not[ -]grep|run|file|grep|http|browser|metric|review|manual)\s*:\s*(.*)\Z",
    re.DOTALL | re.IGNORECASE,
)
_CODE = pattern(r"(`+)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_TIMEOUT = pattern(r"\(\s*timeout\s+([^)]+)\)\s*\Z", re.IGNORECASE)
_BOUND = pattern(r"\s*(>=|<=|==|!=|>|<|≥|≤)\s*([-+]?[\d.]+)")
_IN = pattern(r"\s+in\s+", re.IGNORECASE)
_VERIFY = pattern(r"^\s*(method|run|pattern|path)\s*:\s*(.*?)\s*$")
_PROSE: dict[str, object] = {"kind": CriterionKind.TEXT}
_SIGNS = {"≥": ">=", "≤": "<="}


def read_criterion(
    raw: str, *, more: Iterable[str] = (), ticked: bool = False, line: int = 0, index: int = -1
) -> Criterion:
    """Return the criterion that an item's text stands for; what has no known form is handed to a person."""
    text = (RESULT.sub("", raw) if "<!--" in raw else raw).strip()
    now, start = _results(raw)
    known: dict[str, Any] = {
        "text": text, "ticked": ticked, "result": now, "baseline": start, "line": line, "index": index,
    }  # fmt: skip
    spec = text
    found_timeout = _TIMEOUT.search(spec)
    if found_timeout:
        known["timeout"] = parse_duration(found_timeout[1])
        spec = spec[: found_timeout.start()].rstrip()
    kind = _KIND.match(spec)
    if not kind:
        return Criterion(**known | {"timeout": None} | _verify_block(more))
    word, rest = kind[1].casefold().replace("-", " "), kind[2].strip()
    codes = [_code(m[2]) for m in _CODE.finditer(rest)]
    return Criterion(**known | (_fields(word, rest, codes) or {**_PROSE, "timeout": None}))


def result_comment(result: Result, *, baseline: bool = False) -> str:
    """Return the comment that stands behind a criterion."""
    start = "start " if baseline else ""
    return f"<!-- {start}{VERDICT_WORDS[result.verdict]} {result.at} {result.commit} -->"


def _fields(word: str, rest: str, codes: list[str]) -> dict[str, object] | None:
    if word == "run":
        command = codes[0] if codes else rest
        return {"kind": CriterionKind.RUN, "command": command} if command else None
    if word == "file":
        paths = tuple(codes or [p for p in re.split(r"[,\s]+", rest) if p])
        return {"kind": CriterionKind.FILE, "paths": paths} if paths else None
    if word in {"grep", "not grep"}:
        parts = codes if len(codes) > 1 else [p.strip(" `") for p in _IN.split(rest, maxsplit=1)]
        if not parts[0]:
            return None
        return {
            "kind": CriterionKind.GREP,
            "pattern": parts[0],
            "paths": tuple(p for p in parts[1:] if p),
            "negated": word != "grep",
        }
    if word == "metric":
        return _metric(rest, codes)
    return {"kind": CriterionKind(word), "command": rest}


def _metric(rest: str, codes: list[str]) -> dict[str, object] | None:
    code = _CODE.search(rest)
    bound = _BOUND.match(rest, code.end()) if code else _BOUND.search(rest)
    command = codes[0] if codes else rest[: bound.start()].strip() if bound else ""
    limit = number(bound[2]) if bound else None
    if not bound or limit is None or not command:
        return None
    return {
        "kind": CriterionKind.METRIC,
        "command": command,
        "comparison": _SIGNS.get(bound[1], bound[1]),
        "bound": limit,
    }


def _verify_block(more: Iterable[str]) -> dict[str, object]:
    lines = list(more)
    if not any(line.strip().strip("`").startswith("verify:") for line in lines):
        return _PROSE
    keys = {m[1]: m[2].strip().strip("\"'") for m in map(_VERIFY.match, lines) if m}
    if keys.get("run"):
        return {"kind": CriterionKind.RUN, "command": keys["run"]}
    if keys.get("pattern"):
        paths = tuple(p for p in [keys.get("path", "")] if p)
        return {"kind": CriterionKind.GREP, "pattern": keys["pattern"], "paths": paths}
    return _PROSE


def _results(raw: str) -> tuple[Result | None, Result | None]:
    now = start = None
    for found in RESULT.finditer(raw) if "<!--" in raw else ():
        word = verdict(found["word"])
        if word is None:
            continue
        result = Result(word, found["at"], found["commit"])
        if found["start"]:
            start = result
        else:
            now = result
    return now, start


def _code(inner: str) -> str:
    return inner[1:-1] if inner.startswith(" ") and inner.endswith(" ") and inner.strip() else inner

"""Read and write run records: facts in the front matter, texts in the body. Only this program writes them."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

import frontmatter
import yaml
from frontmatter.default_handlers import YAMLHandler

from mission_cli._support.dataclass import replace
from mission_cli._support.lazy_re import pattern
from mission_cli._support.numbers import MOST, decimal_of
from mission_cli._support.text import LONGEST_DURATION, sha256_of
from mission_cli.document.runs.verdicts import facts_of, is_bound, verdict_from
from mission_cli.document.syntax.escape import fenced
from mission_cli.document.syntax.yaml_text import load_values
from mission_cli.domain.ids import RunId, split_run_id
from mission_cli.domain.runs.record import RunRecord
from mission_cli.domain.runs.usage import Reserve, Usage
from mission_cli.domain.status import Cause, RecordState

_BLOCK = pattern(
    r"^## (?P<name>Prompt|Last words|Transcript|Evidence)\n\n(?P<fence>~{3,})text\n(?P<text>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
_UNKNOWN = "unknown"
_FENCE = len("---\n")
_SEAL = pattern(r"\nseal: ([0-9a-f]{64})\n---\n")


class _Handler(YAMLHandler):
    """Reads YAML with limits, because records are in git and can be edited."""

    def load(self, fm: str, **_: object) -> Any:
        return load_values(fm)[1]


def write_run(record: RunRecord) -> str:
    """Return the file of a record."""
    facts: dict[str, Any] = {
        "run": str(record.run),
        "state": str(record.state),
        "cause": str(record.cause or ""),
        "detail": record.detail,
        "runner": record.runner,
        "model": record.model,
        "host": record.host,
        "base": record.base,
        "head": record.head,
        "tree": record.tree,
        "intended": record.intended,
        "started": record.started,
        "ended": record.ended,
        "exit": record.exit,
        "deadline_s": record.deadline_s,
        "reserved": {
            "usd": str(record.reserve.usd),
            "cap_usd": str(record.reserve.cap_usd),
            "hours": str(record.reserve.hours),
            "tokens": record.reserve.tokens,
            "cap_tokens": record.reserve.cap_tokens,
        },
        "cost_usd": _UNKNOWN if record.usage.usd is None else str(record.usage.usd),
        "cost_source": record.usage.source,
        "hours": str(record.usage.hours),
        "tokens": {str(k): v for k, v in record.usage.tokens.items()},
        "saved": record.saved,
        "session": record.session,
        "steps": record.steps,
        "reset_at": record.reset_at,
        "signature": record.signature,
        "verdict": record.verdict,
    }
    if record.priced:
        facts |= {"listed_usd": str(record.listed_usd), "prices": record.priced}
    if record.judged:
        facts |= {"onto": record.onto, "judged": [facts_of(verdict) for verdict in record.judged]}
    if record.by:
        facts |= {"by": record.by, "continues": record.continues}
    elif record.continues:
        facts |= {"continues": record.continues, "conversation": record.conversation}
    more = {"routed": record.routed, "drafts": list(record.drafts), "conflicts": list(record.conflicts)}
    more |= {"asks": str(record.asks), "skills": list(record.skills), "ran_on": record.ran_on}
    more |= {"expected": list(record.expected), "changed": list(record.changed)}
    more |= {"instead_of": record.instead_of, "starts": record.starts}
    facts |= {name: value for name, value in more.items() if value}
    if record.about or record.subject:
        facts |= {"about": record.about, "subject": record.subject, "criteria": list(record.criteria)}
    post = frontmatter.Post(_texts(record), **facts)
    text = str(frontmatter.dumps(post, sort_keys=False, allow_unicode=True, width=1000)) + "\n"
    return text if record.open else _sealed(text)


def _texts(record: RunRecord) -> str:
    """Return the body of a record: its name and its texts, each in a fence."""
    parts = [f"# {record.run}"]
    for name, text in (
        ("Prompt", record.prompt),
        ("Last words", record.last_words),
        ("Transcript", record.transcript),
        ("Evidence", record.evidence),
    ):
        if text:
            parts.append(f"## {name}\n\n{fenced(_printable(text))}")
    return "\n\n".join(parts)


def _sealed(text: str) -> str:
    """Return the text of a settled record with the hash over everything else as the last line of the front matter."""
    return text.replace("\n---\n", f"\nseal: {sha256_of(text)}\n---\n", 1)


def is_sealed(text: str) -> bool | None:
    """Whether a record is, byte for byte, what was sealed when it was settled; None if it has no seal."""
    front = text.find("\n---\n") + 1 + _FENCE
    found = _SEAL.search(text, 0, front)
    if found is None or found.end() != front:
        return None
    return sha256_of(text[: found.start() + 1] + text[found.end() - _FENCE :]) == found[1]


def unbound(text: str) -> list[str]:
    """Return the criteria of a record's verdicts that do not fit their hashes; none if it cannot be read."""
    if read_run(text) is None:
        return []
    found: list[dict[str, Any]] = frontmatter.loads(text, handler=_Handler()).metadata.get("judged") or []  # type: ignore[assignment]  # YAML
    return [str(facts["criterion"]) for facts in found if not is_bound(facts)]


_TEXTS = (
    "detail",
    "runner",
    "model",
    "host",
    "base",
    "head",
    "tree",
    "intended",
    "started",
    "ended",
    "exit",
    "saved",
    "session",
    "reset_at",
    "signature",
    "verdict",
    "by",
    "continues",
    "conversation",
    "onto",
    "about",
    "subject",
    "asks",
    "routed",
    "instead_of",
    "starts",
    "ran_on",
)
"""Fields that are read as text, under their own names."""


@lru_cache(maxsize=4096)  # records never change once they are settled, and each round of the loop reads all of them
def read_run(text: str) -> RunRecord | None:
    """Return the record in a file, or None if the text is not a valid record."""
    try:
        post = frontmatter.loads(text, handler=_Handler())
        facts: dict[str, Any] = dict(post.metadata)
        run = str(facts["run"])
        if split_run_id(run) is None:
            return None
        reserved = facts.get("reserved") or {}
        record = RunRecord(
            run=RunId(run),
            state=RecordState(str(facts["state"])),
            cause=Cause(str(facts["cause"])) if facts.get("cause") else None,
            deadline_s=min(_count(facts.get("deadline_s")), int(LONGEST_DURATION.total_seconds())),
            steps=_count(facts.get("steps")),
            criteria=tuple(map(str, facts.get("criteria") or ())),
            conflicts=tuple(map(str, facts.get("conflicts") or ())),
            expected=tuple(map(str, facts.get("expected") or ())),
            changed=tuple(map(str, facts.get("changed") or ())),
            drafts=tuple(map(str, facts.get("drafts") or ())),
            skills=tuple(map(str, facts.get("skills") or ())),
            reserve=Reserve(
                usd=_amount(reserved.get("usd")),
                cap_usd=_amount(reserved.get("cap_usd")),
                hours=_amount(reserved.get("hours")),
                tokens=_count(reserved.get("tokens")),
                cap_tokens=_count(reserved.get("cap_tokens")),
            ),
            usage=_usage(facts),
            listed_usd=decimal_of(facts.get("listed_usd", _UNKNOWN)),
            priced=str(facts.get("prices") or ""),
            judged=tuple(map(verdict_from, facts.get("judged") or ())),
        )
    except (yaml.YAMLError, KeyError, ValueError, TypeError, AttributeError, OverflowError):
        return None
    words = {found["name"]: found["text"].removesuffix("\n") for found in _BLOCK.finditer(post.content)}
    texts = {name: str(facts.get(name) or "") for name in _TEXTS}
    record = replace(record, **texts)  # type: ignore[arg-type]  # all of them are texts
    return replace(
        record,
        prompt=words.get("Prompt", ""),
        last_words=words.get("Last words", ""),
        transcript=words.get("Transcript", ""),
        evidence=words.get("Evidence", ""),
    )


def _usage(facts: dict[str, Any]) -> Usage:
    cost = decimal_of(facts.get("cost_usd", _UNKNOWN))
    tokens = facts.get("tokens") or {}
    return Usage(
        usd=None if cost is None or cost < 0 else cost,
        hours=_amount(facts.get("hours")),
        tokens={str(k): _count(v) for k, v in tokens.items()},
        source=str(facts.get("cost_source") or ""),
    )


def _amount(value: object) -> Decimal:
    """Return an amount; one that is not a number or out of range counts as the maximum, so that no budget is freed."""
    amount = decimal_of(value or 0)
    return MOST if amount is None else max(amount, Decimal(0))


def _count(value: object) -> int:
    """Return the same as a whole number."""
    return int(_amount(value))


def _printable(text: str) -> str:
    """Return a worker's output with control characters replaced."""
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)

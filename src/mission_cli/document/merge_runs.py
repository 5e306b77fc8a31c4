"""Two copies of one run record: it is written twice, at the intent and at the settlement, and the later one counts."""

from __future__ import annotations

import re

from mission_cli.document.merge_text import agree

_FACT = re.compile(r"^(run|state|cause|ended): *['\"]?([^'\"\n]*)", re.MULTILINE)


def merge_runs(base: str, ours: str, theirs: str) -> str | None:
    """Return the record that counts; None where the two are not records of one run.

    Settled beats intended; of two settlements the one that is done counts, then the one that ended later.
    """
    agreed = agree(base, ours, theirs)
    if agreed is not None:
        return agreed
    facts = [_facts(text) for text in (base, ours, theirs)]
    if not base or len({f.get("run") for f in facts}) != 1 or "state" not in facts[0]:
        return None
    return max((ours, theirs), key=_rank)


def _rank(text: str) -> tuple[bool, bool, str, str]:
    facts = _facts(text)
    return (facts.get("state") == "settled", facts.get("cause") == "done", facts.get("ended", ""), text)


def _facts(text: str) -> dict[str, str]:
    front = text.removeprefix("---\n").partition("\n---\n")[0]
    return {m[1]: m[2].strip() for m in _FACT.finditer(front)}

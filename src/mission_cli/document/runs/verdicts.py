"""Verdicts as mappings of plain values, as run records and evidence files store them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli.domain.evidence.verdicts import RecordedVerdict
from mission_cli.domain.status import CriterionKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXTS = ("rule", "at", "commit", "tree", "exit", "output", "side")


def facts_of(verdict: RecordedVerdict) -> dict[str, Any]:
    """Return what is stored of a verdict, with the hash over it."""
    facts = {"criterion": verdict.criterion, "kind": str(verdict.kind), "verdict": str(verdict.verdict)}
    facts |= {name: getattr(verdict, name) for name in _TEXTS if getattr(verdict, name)}
    return facts | {"sha256": verdict.digest}


def is_bound(facts: Mapping[str, Any]) -> bool:
    """Whether a stored verdict fits the hash that is stored with it. Raises as `verdict_from`."""
    return verdict_from(facts).digest == facts.get("sha256")


def verdict_from(facts: Mapping[str, Any]) -> RecordedVerdict:
    """Return the verdict in such a mapping. Raises KeyError, ValueError, TypeError, AttributeError."""
    return RecordedVerdict(
        criterion=str(facts["criterion"]),
        kind=CriterionKind(str(facts["kind"])),
        verdict=Verdict(str(facts["verdict"])),
        **{name: str(facts.get(name) or "") for name in _TEXTS},
    )

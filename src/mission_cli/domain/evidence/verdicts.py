"""A verdict as it is recorded, and the hashes that bind it to its criterion, its commit and its output."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import sha256_of
from mission_cli.domain.criteria.criterion import Criterion

if TYPE_CHECKING:
    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.mission import Milestone
    from mission_cli.domain.status import CriterionKind, Verdict

_PLACE = frozenset({"text", "ticked", "result", "baseline", "line", "index", "wrong", "remedy"})
"""Fields of a criterion that do not decide what is checked."""
BASE = "base"
"""The side of a verdict with the test files of the base."""
CONTRACT, START, VALIDATION, FINAL, DEMAND = "contract", "start", "validation", "final", "on demand"
"""The stages of evidence files: criteria at the start of a milestone, its negative control, and validations."""


@dataclass(frozen=True, slots=True)
class RecordedVerdict:
    """What one criterion said on one commit."""

    criterion: str
    kind: CriterionKind
    verdict: Verdict
    rule: str = ""
    """Hash of what is checked (`rule_of`): equal criteria have equal ones."""
    at: str = ""
    commit: str = ""
    tree: str = ""
    """Tree of the commit without mission folders, and of the findings."""
    exit: str = ""
    """How the check ended; empty if a person judged."""
    output: str = ""
    """SHA-256 of the end of the output, or of what the person wrote."""
    side: str = ""
    """`base`: with the test files of the base; else empty."""

    @property
    def digest(self) -> str:
        """SHA-256 over everything else that is recorded."""
        parts = [self.criterion, self.kind, self.verdict, self.rule, self.at, self.commit, self.tree, self.exit]
        return sha256_of(json.dumps([*map(str, parts), self.output, self.side], ensure_ascii=True))


def rule_of(criterion: Criterion) -> str:
    """Return a hash of text and fields of a criterion, without its place and results.

    A field that has its default does not count, so that a new kind of field changes no hash.
    """
    plain = Criterion("", criterion.kind)
    fields = [name for name in Criterion.__match_args__ if name not in _PLACE]
    said = {name: _plain(getattr(criterion, name)) for name in fields}
    usual = {name: _plain(getattr(plain, name)) for name in fields}
    told = {name: value for name, value in said.items() if name == "kind" or value != usual[name]}
    text = " ".join(criterion.text.split())
    return sha256_of(json.dumps([text, told], sort_keys=True, ensure_ascii=True))[:16]


def contract_of(milestone: Milestone) -> tuple[tuple[str, Criterion], ...]:
    """Return the criteria of a milestone and of its features, each with the number of its owner."""
    owners: list[tuple[str | FeatureNumber, tuple[Criterion, ...]]] = [(str(milestone.number), milestone.criteria)]
    owners += [(feature.number, feature.criteria) for feature in milestone.features]
    return tuple((str(owner), criterion) for owner, criteria in owners for criterion in criteria)


def contract_hash(rules: list[tuple[str, str]]) -> str:
    """Return the hash of a contract, given owner and rule of each criterion."""
    return sha256_of(json.dumps(sorted(rules)))[:16]


def _plain(value: object) -> object:
    """Return a value in a form that JSON writes the same way everywhere."""
    if isinstance(value, Enum | Decimal):
        return str(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    names = getattr(value, "__match_args__", None)
    if names:
        return {name: _plain(getattr(value, name)) for name in names}
    return value

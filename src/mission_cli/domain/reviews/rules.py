"""The rules for reviews in a mission: who reviews, how many reviews, which dimensions, and the cap on cost."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.numbers import decimal_of
from mission_cli.domain.status import CriterionKind

if TYPE_CHECKING:
    from collections.abc import Mapping

REVIEWED_KINDS = frozenset({CriterionKind.REVIEW, CriterionKind.TEXT})
"""Kinds of criteria that reviewers judge if the mission has any; otherwise a person does."""
LEAST, MOST = Decimal(1), Decimal(5)
"""The range of a score."""
USUAL_THRESHOLD = Decimal(3)
_WEIGHTED = pattern(r"\s*(\d{1,3}(?:\.\d{1,6})?|\.\d{1,6})\s*[:,–—-]?\s*(.*)\Z", re.DOTALL)
_FAMILIES = (
    ("claude", r"claude|anthropic|opus|sonnet|haiku"),
    ("gpt", r"gpt|openai|codex|\bo[134]\b"),
    ("gemini", r"gemini|gemma|google"),
    ("llama", r"llama|meta-"),
    ("qwen", r"qwen|qwq"),
    ("deepseek", r"deepseek"),
    ("mistral", r"mistral|mixtral|devstral|codestral|magistral"),
    ("grok", r"grok|xai"),
    ("kimi", r"kimi|moonshot"),
    ("glm", r"\bglm|zhipu|z-ai"),
)
_PATTERNS = tuple((name, pattern(text, re.IGNORECASE)) for name, text in _FAMILIES)


@dataclass(frozen=True, slots=True)
class Dimension:
    """One aspect that reviewers score from 1 to 5; `weight` is relative to the other dimensions."""

    name: str
    weight: Decimal
    rubric: str = ""
    """What to look at, in the words of the plan; empty if the name is enough."""


DIMENSIONS = (
    Dimension("correctness", Decimal("0.35"), "Does it do what the goal and the criteria say, without new errors?"),
    Dimension("completeness", Decimal("0.30"), "Is anything missing that was asked for?"),
    Dimension("quality", Decimal("0.20"), "Is the code clear, tested, and in the style of the repository?"),
    Dimension("edge cases", Decimal("0.15"), "Are unusual inputs, errors and limits handled?"),
)


@dataclass(frozen=True, slots=True)
class ReviewRules:
    """The rules of one mission. Without reviewers, a person judges criteria of the reviewed kinds."""

    reviewers: tuple[str, ...] = ()
    """`RUNNER:TIER`, `RUNNER:`, `TIER` or `@AGENT` of the team, the preferred one first."""
    per_feature: int = 1
    per_milestone: int = 3
    budget_pct: Decimal = Decimal(10)
    """The cap on what all reviews of a change reserve, in percent of what its attempts reserved."""
    threshold: Decimal = USUAL_THRESHOLD
    """The lowest weighted score that passes, for criteria without a bound of their own."""
    dimensions: tuple[Dimension, ...] = DIMENSIONS
    at_gates: bool = False
    """Features before a quality gate with `minScore` are reviewed even without a criterion for reviewers."""


def dimensions_of(texts: Mapping[str, str]) -> tuple[Dimension, ...]:
    """Return the dimensions of a plan, each written as `0.5` or `0.5 what to look at`; the default ones if it has none.

    A dimension without a readable weight above 0 is ignored.
    """
    found = []
    for name, text in texts.items():
        parts = _WEIGHTED.match(text)
        weight = decimal_of(parts[1]) if parts else None
        if parts and weight:
            found.append(Dimension(" ".join(name.split()), weight, " ".join(parts[2].split())))
    return tuple(found) or DIMENSIONS


def family_of(runner: str, model: str) -> str:
    """Return the family of a model, such as claude or gpt: by its name or its runner's, else the name itself."""
    for text in (model, runner):
        found = next((name for name, looks_like in _PATTERNS if looks_like.search(text)), "")
        if found:
            return found
    return (model or runner).casefold()

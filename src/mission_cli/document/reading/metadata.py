"""Read the values of the whole mission: from the front matter, or from the `## State` list of the first files."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.document.reading.front_schema import KEYS, TRUE, YES
from mission_cli.document.reading.values_in_force import (
    UNLIMITED,
    bound_of,
    in_force,
    is_managed,
)
from mission_cli.document.syntax.vocabulary import hours, number
from mission_cli.domain.forge.rows import Proposing
from mission_cli.domain.judgments.rules import Judging, Orchestrator
from mission_cli.domain.mission import Limits, Preferences
from mission_cli.domain.reviews.rules import LEAST, MOST, USUAL_THRESHOLD, ReviewRules, dimensions_of
from mission_cli.domain.values_in_force import InForce

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.document.syntax.layout import Field, Layout

STATE_SECTION = "State"
_IN_STATE = ("id", "status", "mode", "type", "created")
_CAPS = {"usd": "budget.money_usd", "hours": "budget.time_hours", "tokens": "budget.token_limit"}
_PATHS = {name: (key.steps, *((other,) for other in key.also)) for name, key in KEYS.items()}
_ALL_PCT = 100
MOST_REVIEWS = 9
_PARTS = pattern(r"\s*[/;,]\s+|\s+/\s*")


class Facts:
    """The texts of the keys in `front_schema.KEYS`, by dotted name; another name raises KeyError."""

    def __init__(self, layout: Layout) -> None:
        self.front = layout.front
        self._state = {field.name: field.text for field in state_fields(layout)}
        self.managed = is_managed(self.front)
        self.in_force = in_force(self.front, self.written) if self.managed else InForce()

    def text(self, name: str) -> str:
        """Return the value that counts: the written one, or for a limit of a managed mission the value in force."""
        bound = bound_of(name)
        overruled = bound is not None and self.in_force.overrules(name) is not None
        return self.in_force.values.get(bound.name, "") if bound is not None and overruled else self.written(name)

    def written(self, name: str) -> str:
        """Return the written scalar, under its own or another name, or from the State list; else empty."""
        if name in _CAPS.values() and not any(self._scalar(key) for key in _CAPS.values()):
            category = next(category for category, key in _CAPS.items() if key == name)
            return _state_caps(self._state.get("budget", ""))[category]
        return self._scalar(name)

    def _scalar(self, name: str) -> str:
        for path in _PATHS[name]:
            if found := self.front.text(*path):
                return found
        return self._state.get(name, "").strip("`") if name in _IN_STATE else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; a single text is a list of one."""
        return self.front.texts(*KEYS[name].steps)

    def names(self, name: str) -> tuple[str, ...]:
        """Return a list of names, each once; a text may hold several of them, separated by commas."""
        words = (word.strip() for text in self.texts(name) for word in text.split(","))
        return tuple(dict.fromkeys(word for word in words if word))

    def pairs(self, name: str) -> Mapping[str, str]:
        """Return a mapping from names to texts."""
        return self.front.pairs(*KEYS[name].steps)

    def limits(self) -> Limits:
        """Return the caps in force."""
        texts = {name: self.text(key) for name, key in _CAPS.items()}
        return Limits(
            **{name: number(text) or None for name, text in texts.items()},
            unlimited=frozenset(name for name, text in texts.items() if text.casefold() == UNLIMITED),
            alert_pct=number(self.text("budget.alert_threshold_pct").removesuffix("%")) or Decimal(80),
            per_feature_usd=number(self.text("budget.per_feature_usd")) or None,
            proposes=self.text("budget.when_short") == "propose",
        )

    def preferences(self) -> Preferences:
        """Return the preferences for the work."""
        workers = number(self.text("preferences.max_parallel_workers"))
        allowed = self.names("preferences.runners")
        words = []
        for key in ("tech_stack", "deploy_target", "test_framework", "ci_provider", "coding_style"):
            values = [v for v in self.texts(f"preferences.{key}") if v]
            if values:
                words.append(f"{key.replace('_', ' ')}: {', '.join(values)}")
        return Preferences(
            max_parallel_workers=int(workers) if workers else None,
            runner=self.text("preferences.runner") or (allowed[0].partition(":")[0].strip() if allowed else ""),
            runners=allowed,
            land=self.text("preferences.land") or "ask",
            pull_requests=_proposing(self.text("preferences.pull_requests")),
            auto_resume=self.text("preferences.auto_resume").casefold() in YES,
            shared_files=_sharing(self.text("preferences.shared_files")),
            worker_command=self.text("preferences.worker_command"),
            deploy_targets=self.names("preferences.deploy_target"),
            hosts=self.names("preferences.hosts"),
            tech_stack=tuple(v for v in self.texts("preferences.tech_stack") if v),
            lines=tuple(words),
        )

    def review_rules(self) -> ReviewRules:
        """Return how work is reviewed; a value that cannot be read or is out of range is the default."""
        pct = number(self.text("reviews.budget_pct").removesuffix("%"))
        return ReviewRules(
            reviewers=self.names("reviews.reviewers"),
            per_feature=self._reviews("reviews.per_feature", ReviewRules().per_feature),
            per_milestone=self._reviews("reviews.per_milestone", ReviewRules().per_milestone),
            budget_pct=pct if pct is not None and 0 < pct <= _ALL_PCT else ReviewRules().budget_pct,
            threshold=self.quality_threshold() or USUAL_THRESHOLD,
            dimensions=dimensions_of(self.pairs("reviews.dimensions")),
            at_gates=self.text("reviews.at_gates").casefold() in TRUE,
        )

    def orchestrator(self) -> Orchestrator:
        """Return what the orchestrator may ask a model for; a value that cannot be read is the default."""
        pct = number(self.text("orchestrator.budget_pct").removesuffix("%"))
        return Orchestrator(
            judgments=Judging.of(self.text("orchestrator.judgments")),
            drafts=self.text("orchestrator.drafts").casefold() in TRUE,
            narrative=self.text("orchestrator.narrative").casefold() in TRUE,
            budget_pct=pct if pct is not None and 0 <= pct <= _ALL_PCT else Orchestrator().budget_pct,
        )

    def quality_threshold(self) -> Decimal | None:
        """Return the least score that passes, from 1 to 5; None if there is none."""
        threshold = number(self.text("quality_threshold"))
        return threshold if threshold is not None and LEAST <= threshold <= MOST else None

    def _reviews(self, name: str, usual: int) -> int:
        count = number(self.text(name))
        return int(count) if count is not None and 1 <= count <= MOST_REVIEWS else usual


def good_values(layout: Layout) -> Mapping[str, str]:
    """Return the valid values of the keys that limit a mission, also for a file that is not managed yet."""
    return in_force(layout.front, Facts(layout).written).values


def state_fields(layout: Layout) -> tuple[Field, ...]:
    """Return the fields of the `## State` list; current files have none."""
    section = layout.find(STATE_SECTION)
    return tuple(f for f in layout.fields if f.section == section) if section > 0 else ()


def state_field(layout: Layout, path: tuple[str, ...]) -> Field | None:
    """Return the field of the State list for a key that is missing in the front matter, or None."""
    if len(path) != 1 or path[0] not in _IN_STATE or layout.front.node(*path) is not None:
        return None
    return next((f for f in state_fields(layout) if f.name == path[0]), None)


def _state_caps(text: str) -> dict[str, str]:
    """Return `40h / $300` as caps by category; what cannot be read is unset."""
    caps = dict.fromkeys(_CAPS, "")
    for part in _PARTS.split(text):
        worked = hours(part)
        if worked is not None:
            caps["hours"] = f"{worked:f}"
        elif "$" in part and number(part) is not None:
            caps["usd"] = part
        elif part.endswith("tokens"):
            caps["tokens"] = part.removesuffix("tokens").strip()
    return caps


def _sharing(text: str) -> str:
    """Return how features that change the same files are treated; empty: they run at the same time."""
    return text if text in {"wait", "predict"} else ""


def _proposing(word: str) -> Proposing | None:
    return Proposing(word) if word in set(Proposing) else None

"""What can be written into a mission file but has no effect yet: tables that `lint`, `start` and a test share.

`tests/unit/test_inert.py` enumerates every key, section, column, annotation and kind of criterion, and fails for each
that is neither listed here nor has a test that proves its effect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from mission_cli._support.dataclass import dataclass
from mission_cli.document.checking.odd_cells import odd_cells
from mission_cli.document.checking.unread import unread
from mission_cli.document.reading.sections import (
    SECTIONS,
    has_columns,
    rows_in,
)
from mission_cli.domain.forge.rows import Proposing
from mission_cli.domain.judgments.rules import Judging
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.research.topics import document_of, not_needed
from mission_cli.domain.reviews.rules import REVIEWED_KINDS
from mission_cli.domain.routing import Route, is_research, stand_ins
from mission_cli.domain.status import GateKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.mission import Feature, Mission

_NOTHING = frozenset({"", "0", "0.0", "null", "~"})
_ADDRESS = "it stays in the file, for you and for other tools"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the front matter without effect; `silent` are the values for which no warning is needed."""

    hint: str = _ADDRESS
    silent: frozenset[str] = frozenset({""})


KEYS: Mapping[str, Key] = {
    "type": Key("only development and research have an effect", frozenset({"", "development", "research"})),
    "owner": Key(),
    "origin.agent": Key(),
    "origin.conversation": Key(),
}
"""By dotted path."""
_NO_REVIEW = "no criterion is judged by reviewers; write one such as `review: errors are handled`"


def _is_reviewed(mission: Mission) -> bool:
    """Whether reviewers judge any criterion."""
    milestones = (c for m in mission.milestones for c in m.criteria)
    features = (c for f in mission.features() for c in f.criteria)
    return bool(mission.reviews.reviewers) and any(c.kind in REVIEWED_KINDS for c in (*milestones, *features))


def _scores_at_gates(mission: Mission) -> bool:
    """Whether reviewers score features for a quality gate."""
    scored = any(gate.kind is GateKind.QUALITY and gate.min_score is not None for gate in mission.gates)
    return scored and bool(mission.reviews.reviewers)


def _has_scores(mission: Mission) -> bool:
    """Whether anything compares a score with a threshold."""
    return _is_reviewed(mission) or any(gate.kind is GateKind.QUALITY for gate in mission.gates)


def _asks(mission: Mission) -> bool:
    """Whether the orchestrator asks a model for anything."""
    return mission.orchestrator.asks


def _is_judged(mission: Mission) -> bool:
    """Whether failures and the plan can be judged, or nothing asks for that."""
    return not mission.poc or mission.orchestrator.judgments is Judging.OFF


def _may_propose(mission: Mission) -> bool:
    """Whether pull requests can be opened, or are not asked for."""
    return not mission.poc or mission.preferences.pull_requests in {None, Proposing.NONE}


def _may_fail_over(mission: Mission) -> bool:
    """Whether another runner than the usual one may take over, or no list asks for that."""
    usual = Route(mission.preferences.runner, "")
    return not mission.preferences.runners or bool(stand_ins(mission, usual))


DEPENDENT: Mapping[str, tuple[Callable[[Mission], bool], str]] = {
    "preferences.pull_requests": (_may_propose, "a POC opens no pull requests"),
    "preferences.runners": (_may_fail_over, "it names no second runner that could take over"),
    "quality_threshold": (_has_scores, "it is the minimum score for quality gates and reviews, and there are none"),
    "model_routing.validation": (_is_reviewed, _NO_REVIEW),
    "reviews.reviewers": (_is_reviewed, _NO_REVIEW),
    "reviews.per_feature": (_is_reviewed, _NO_REVIEW),
    "reviews.per_milestone": (_is_reviewed, _NO_REVIEW),
    "reviews.budget_pct": (_is_reviewed, _NO_REVIEW),
    "reviews.dimensions": (_is_reviewed, _NO_REVIEW),
    "orchestrator.judgments": (_is_judged, "a POC is not judged"),
    "orchestrator.budget_pct": (_asks, "no judgment, draft or narrative is allowed, so nothing is reserved"),
    "reviews.at_gates": (_scores_at_gates, "it needs reviewers, and a quality gate with `minScore`"),
}
"""Keys that act only if something else is there: what tells whether it is, and what to do instead."""
ANNOTATIONS: Mapping[str, str] = {
    "parallel-group": "features run in parallel unless `[depends:…]` says otherwise",
    "repo": "all features are built in the repository of the mission",
}
"""By name, with what to do instead."""
COLUMNS: Mapping[tuple[str, str], str] = {}
"""By section and column."""
UNREAD_SECTIONS: Mapping[str, str] = {}
"""Sections whose rows are kept and shown but have no effect, with what to do instead."""


def inert(loaded: Loaded) -> tuple[Problem, ...]:
    """Return a warning, with its place, for everything in a mission file that is not read or has no effect yet."""
    found = [*_keys(loaded), *_annotations(loaded), *_columns(loaded), *_sections(loaded), *_unread(loaded.mission)]
    found += [*unread(loaded), *odd_cells(loaded)]
    return tuple(sorted(found))


def _keys(loaded: Loaded) -> Iterator[Problem]:
    front = loaded.layout.front
    for path, key in KEYS.items():
        value = front.value(*path.split("."))
        if value is not None and front.text(*path.split(".")) not in key.silent:
            shown = f"`{path}: {value.text}`" if len(key.silent) > 1 else f"`{path}`"
            yield _kept(value.line, value.column, shown, key.hint)
    for path, (acts, hint) in DEPENDENT.items():
        node = front.node(*path.split("."))
        written = node is not None and (not isinstance(node, yaml.ScalarNode) or node.value.strip() not in _NOTHING)
        if node is not None and written and not acts(loaded.mission):
            yield _kept(node.start_mark.line + 2, node.start_mark.column + 1, f"`{path}`", hint)


def _annotations(loaded: Loaded) -> Iterator[Problem]:
    team = {row.agent.casefold() for row in loaded.mission.team}
    for feature in loaded.mission.features():
        for name, text in _written(feature).items():
            yield _kept(feature.line, 1, f"`[{text}]` of {feature.number}", ANNOTATIONS[name])
        if feature.assign and feature.assign.casefold() not in team:
            hint = f"add a row `{feature.assign}` to `## Team`, with a runner or a model"
            yield _kept(feature.line, 1, f"`[assign:{feature.assign}]` of {feature.number}", hint)
        if feature.worth != 1 and not loaded.mission.limits.proposes:
            hint = "features are compared by it where the budget has `when_short: propose`"
            yield _kept(feature.line, 1, f"`[worth:{feature.worth}]` of {feature.number}", hint)
        if feature.research and not is_research(loaded.mission, feature):
            yield _kept(feature.line, 1, f"`[research]` of {feature.number}", "a fix feature always changes code")


def _unread(mission: Mission) -> Iterator[Problem]:
    """Yield a warning for each topic whose document no worker reads; in a mission of type research it is the result."""
    for topic, feature in not_needed(mission) if mission.kind != "research" else ():
        words = f"no feature depends on {feature.number}, so `research/{document_of(topic)}` is in no prompt"
        hint = f"write `[depends:{feature.number}]` at the features that need it"
        yield Problem(feature.line, 1, words, hint, Severity.WARNING)


def _written(feature: Feature) -> Mapping[str, str]:
    values = {"parallel-group": feature.group, "repo": feature.repo}
    return {name: f"{name}:{text}" for name, text in values.items() if text}


def _columns(loaded: Loaded) -> Iterator[Problem]:
    for (section, column), hint in COLUMNS.items():
        marks = SECTIONS[section].tables[0].marks
        for row in rows_in(loaded.layout, section, *marks):
            if has_columns(row.table, (column.casefold(),)) and row[column.casefold()]:
                yield _kept(row.line, row.column, f"the column `{column}` of `{section}`", hint)
                break


def _sections(loaded: Loaded) -> Iterator[Problem]:
    first = {row.section: row.line for row in reversed(list(loaded.mission.kept))}
    for section, hint in UNREAD_SECTIONS.items():
        if section in first:
            yield _kept(first[section], 1, f"the section `{section}`", hint)


def _kept(line: int, column: int, what: str, hint: str) -> Problem:
    return Problem(line, column, f"{what} is kept but has no effect yet", hint, Severity.WARNING)

"""Rows of feature tables as features, and the resolution of what they depend on."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mission_cli.document.words import feature_status, hours
from mission_cli.domain.ids import FeatureNumber, feature_number, milestone_of
from mission_cli.domain.mission import Feature
from mission_cli.domain.problems import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

ANNOTATION = re.compile(
    r"(?<!\s)\s*`?\[(?P<name>depends|parallel-group|assign|model|repo|fixes|side-effects|tries-after)"
    r"(?:\s*:\s*(?P<value>[^\]\[]*))?\]`?",
    re.IGNORECASE,
)
_ALIAS = re.compile(r"[`*]*([A-Za-z]+[0-9]+(?:\.[0-9]+)?)[`*]*\s*(?:[—–:-]|\Z)")
_SPLIT = re.compile(r"[,;\s]+")


@dataclass(frozen=True, slots=True)
class Draft:
    """A feature before its dependencies are resolved."""

    feature: Feature
    wants: tuple[str, ...]
    alias: str
    column: int


def read_row(texts: Mapping[str, str], *, number: FeatureNumber, line: int, column: int) -> Draft:
    """Return the feature of one row; `texts` holds the cells by column name."""
    cell = texts.get("feature", "")
    notes: dict[str, list[str]] = {}
    for found in ANNOTATION.finditer(cell):
        notes.setdefault(found["name"].lower(), []).append((found["value"] or "").strip())
    title = " ".join(ANNOTATION.sub(" ", cell).split())
    alias = _ALIAS.match(title)
    status = texts.get("status", "")
    tries = notes.get("tries-after", ["0"])[-1]
    feature = Feature(
        number=number,
        title=title,
        status=feature_status(status),
        raw_status=status,
        estimate_hours=hours(texts.get("estimate", "")),
        worker=texts.get("worker", ""),
        pr=texts.get("pr", ""),
        task=texts.get("task id", ""),
        group=_last(notes, "parallel-group"),
        assign=_last(notes, "assign"),
        model=_last(notes, "model"),
        fixes=_last(notes, "fixes"),
        repo=_last(notes, "repo"),
        side_effects="side-effects" in notes,
        tries_after=int(tries.lstrip("a")) if tries.lstrip("a").isdigit() else 0,
        line=line,
    )
    wants = tuple(w for value in notes.get("depends", []) for w in _SPLIT.split(value) if w)
    return Draft(feature, wants, alias[1].casefold() if alias else "", column)


def resolve(drafts: Sequence[Draft]) -> tuple[tuple[Feature, ...], tuple[Problem, ...]]:
    """Return the features with their dependencies; rows with duplicate numbers, unknown names or cycles are broken."""
    problems: list[Problem] = []
    known: dict[FeatureNumber, Draft] = {}
    broken: set[FeatureNumber] = set()
    for draft in drafts:
        number = draft.feature.number
        if number in known:
            broken.add(number)
            first = known[number].feature.line
            problems.append(
                Problem(
                    draft.feature.line,
                    draft.column,
                    f"two features are called {number}",
                    f"the other is in line {first}; give one of them a new number",
                )
            )
        known.setdefault(number, draft)
    aliases = {d.alias: n for n, d in known.items() if d.alias}
    depends: dict[FeatureNumber, tuple[FeatureNumber, ...]] = {}
    for number, draft in known.items():
        found, unknown = _targets(draft, known.keys(), aliases)
        depends[number] = found
        for want in unknown:
            broken.add(number)
            problems.append(
                Problem(
                    draft.feature.line,
                    draft.column,
                    f"{number} depends on `{want}`, which does not exist",
                    f"known are {_some(known)}",
                )
            )
    for cycle in _cycles(depends):
        broken.update(cycle)
        draft = known[cycle[0]]
        way = " → ".join([*cycle, cycle[0]])
        problems.append(
            Problem(
                draft.feature.line,
                draft.column,
                f"the features wait for each other: {way}",
                "take one `[depends:…]` away",
            )
        )
    features = tuple(
        replace(d.feature, depends=depends[d.feature.number], broken=d.feature.number in broken) for d in drafts
    )
    for feature, draft in zip(features, drafts, strict=True):
        if feature.status is None:
            problems.append(
                Problem(
                    feature.line,
                    draft.column,
                    f"{feature.number} has the status `{feature.raw_status}`, which is not known",
                    "it is kept and does not run; known are pending, dispatched, review, done, failed, skipped",
                    Severity.WARNING,
                )
            )
    return features, tuple(problems)


def match_names(
    names: Iterable[str], known: Iterable[FeatureNumber], aliases: Mapping[str, FeatureNumber]
) -> tuple[tuple[FeatureNumber, ...], tuple[str, ...]]:
    """Return (features, unknown names) for numbers, `F1.1`, `2.*`, `M2` and aliases."""
    numbers = list(known)
    found: dict[FeatureNumber, None] = {}
    unknown: list[str] = []
    for name in names:
        hits = list(_hits(name, numbers, aliases))
        if not hits:
            unknown.append(name)
        found.update(dict.fromkeys(hits))
    return tuple(found), tuple(unknown)


def _targets(
    draft: Draft, known: Iterable[FeatureNumber], aliases: Mapping[str, FeatureNumber]
) -> tuple[tuple[FeatureNumber, ...], tuple[str, ...]]:
    me = draft.feature.number
    found, unknown = match_names(draft.wants, known, aliases)
    wildcards = any("*" in w for w in draft.wants)
    return tuple(f for f in found if f != me or not wildcards), unknown


def _hits(name: str, known: Sequence[FeatureNumber], aliases: Mapping[str, FeatureNumber]) -> Iterator[FeatureNumber]:
    word = name.strip("`[] ").casefold()
    number = feature_number(word)
    if number in known and number is not None:
        yield number
    elif word in aliases:
        yield aliases[word]
    elif found := re.fullmatch(r"(?:f|m)?(\d+)\.\*|m(\d+)", word):
        milestone = int(found[1] or found[2])
        yield from (n for n in known if milestone_of(n) == milestone)


def _cycles(depends: Mapping[FeatureNumber, tuple[FeatureNumber, ...]]) -> Iterator[list[FeatureNumber]]:
    state: dict[FeatureNumber, int] = {}
    for root in depends:
        if root in state:
            continue
        path: list[FeatureNumber] = []
        stack: list[tuple[FeatureNumber, Iterator[FeatureNumber]]] = [(root, iter(depends[root]))]
        state[root] = 1
        path.append(root)
        while stack:
            node, rest = stack[-1]
            for target in rest:
                if state.get(target) == 1:
                    yield path[path.index(target) :]
                elif target not in state:
                    state[target] = 1
                    path.append(target)
                    stack.append((target, iter(depends.get(target, ()))))
                    break
            else:
                state[node] = 2
                path.pop()
                stack.pop()


def _last(notes: Mapping[str, list[str]], name: str) -> str:
    return notes.get(name, [""])[-1]


def _some(known: Iterable[FeatureNumber], most: int = 8) -> str:
    numbers = list(known)
    more = f" and {len(numbers) - most} more" if len(numbers) > most else ""
    return ", ".join(numbers[:most]) + more

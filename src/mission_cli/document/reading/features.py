"""Read rows of feature tables as features, and resolve their dependencies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.lazy_re import pattern
from mission_cli._support.numbers import whole
from mission_cli.document.syntax.vocabulary import feature_status, hours
from mission_cli.domain.ids import FeatureNumber, feature_number, milestone_of
from mission_cli.domain.mission import MOST_WORTH, Feature
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.research.topics import topic_of
from mission_cli.domain.resources.rows import key_of
from mission_cli.domain.team.limits import own_limits

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

NAMES = (
    *("depends", "parallel-group", "assign", "model", "repo", "fixes", "files", "limits", "needs", "notify"),
    *("side-effects", "research", "tries-after", "worth", "on"),
)
"""The names of all annotations."""
_NAMES = rf"(?:{'|'.join(NAMES)})"
_ALONE = r"(?!(?:files|needs|on)\s*\])"
"""Titles have `[files]` and `[on]`, which say nothing."""
ANNOTATION = pattern(
    rf"(?<!\s)\s*`?(?<!\\)\[{_ALONE}(?P<name>{_NAMES})(?:\s*:\s*(?P<value>[^\]\[]*))?\]`?", re.IGNORECASE
)
_LOOKS_LIKE_ONE = pattern(rf"(?<!\\)(\\*\[{_NAMES}\s*[:\]])", re.IGNORECASE)
_ESCAPED = pattern(rf"(?<!\\)\\(\\*\[{_NAMES}\s*[:\]])", re.IGNORECASE)
_ALIAS = pattern(r"[`*]*([A-Za-z]+[0-9]+(?:\.[0-9]+)?)[`*]*\s*(?:[—–:-]|\Z)")
_COMMAS = pattern(r"[,;]")
_SPLIT = pattern(r"[,;\s]+")


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
    for found in ANNOTATION.finditer(cell) if "[" in cell else ():
        notes.setdefault(found["name"].lower(), []).append((found["value"] or "").strip())
    title = " ".join(_ESCAPED.sub(r"\1", ANNOTATION.sub(" ", cell) if "[" in cell else cell).split())
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
        research="research" in notes,
        topic=topic_of(next(filter(None, notes.get("research", [])), "")),
        limits=own_limits(", ".join(notes.get("limits", []))),
        files=tuple(w for value in notes.get("files", []) for w in _SPLIT.split(value) if w),
        notify=tuple(w for value in notes.get("notify", []) for w in _SPLIT.split(value) if w),
        on=tuple(dict.fromkeys(w for value in notes.get("on", []) for w in _SPLIT.split(value) if w)),
        worth=_worth(_last(notes, "worth")),
        needs=_needs(notes.get("needs", [])),
        tries_after=whole(tries.lstrip("a")) or 0,
        line=line,
    )
    wants = tuple(w for value in notes.get("depends", []) for w in _SPLIT.split(value) if w)
    return Draft(feature, wants, alias[1].casefold() if alias else "", column)


def _worth(text: str) -> int:
    """Return a worth between 1 and 100; 1 without one that can be read."""
    return min(max(whole(text) or 1, 1), MOST_WORTH)


def _needs(values: Iterable[str]) -> tuple[str, ...]:
    """Return the resources that are named, each once; a name may contain spaces."""
    names = (name for value in values for name in _COMMAS.split(value) if name.strip())
    return tuple(dict.fromkeys(key_of(name) for name in names))


def titled(text: str) -> str:
    """Return a title for a Feature cell, with a backslash before everything that would be read as an annotation."""
    return _LOOKS_LIKE_ONE.sub(r"\\\1", text)


def resolve(drafts: Sequence[Draft]) -> tuple[tuple[Feature, ...], tuple[Problem, ...]]:
    """Return the features with their dependencies; rows with duplicate numbers, unknown names or cycles are broken."""
    known: dict[FeatureNumber, Draft] = {}
    for draft in drafts:
        known.setdefault(draft.feature.number, draft)
    aliases = {d.alias: n for n, d in known.items() if d.alias}
    targets = {number: _targets(draft, known.keys(), aliases) for number, draft in known.items()}
    depends = {number: found for number, (found, _) in targets.items()}
    cycles = list(_cycles(depends))
    wrong = [
        *_same_topics(known.values()),
        *((d.feature.number, _twice(d, known)) for d in drafts if known[d.feature.number] is not d),
        *((n, _missing(known[n], want, known)) for n, (_, unknown) in targets.items() for want in unknown),
    ]
    broken = {number for number, _ in wrong}.union(*cycles)
    features = tuple(
        replace(f, depends=depends[f.number], broken=f.broken or f.number in broken)
        if depends[f.number] or f.number in broken
        else f
        for f in (d.feature for d in drafts)
    )
    problems = [problem for _, problem in wrong]
    problems += [_circle(known[cycle[0]], cycle) for cycle in cycles]
    problems += [_odd_status(d) for d in drafts if d.feature.status is None]
    return features, tuple(problems)


def _twice(draft: Draft, known: Mapping[FeatureNumber, Draft]) -> Problem:
    number = draft.feature.number
    hint = f"the other one is in line {known[number].feature.line}; give one of them a new number"
    return Problem(draft.feature.line, draft.column, f"two features have the number {number}", hint)


def _same_topics(drafts: Iterable[Draft]) -> Iterator[tuple[FeatureNumber, Problem]]:
    """Yield the features whose topic is that of an earlier one: each topic has one document."""
    first: dict[str, Feature] = {}
    for draft in drafts:
        feature = draft.feature
        if feature.topic and first.setdefault(feature.topic, feature) is not feature:
            words = f"{feature.number} has the topic `{feature.topic}` of {first[feature.topic].number}"
            yield feature.number, Problem(feature.line, draft.column, words, "give it another topic")


def _missing(draft: Draft, want: str, known: Mapping[FeatureNumber, Draft]) -> Problem:
    words = f"{draft.feature.number} depends on `{want}`, which does not exist"
    return Problem(draft.feature.line, draft.column, words, f"there are {_some(known)}")


def _circle(draft: Draft, cycle: Sequence[FeatureNumber]) -> Problem:
    way = " → ".join([*cycle, cycle[0]])
    words = f"the features wait for each other: {way}"
    return Problem(draft.feature.line, draft.column, words, "remove one `[depends:…]`")


def _odd_status(draft: Draft) -> Problem:
    feature = draft.feature
    return Problem(
        feature.line,
        draft.column,
        f"{feature.number} has the status `{feature.raw_status}`, which is not known",
        "it is kept but does not run; use pending, dispatched, review, done, failed or skipped",
        Severity.WARNING,
    )


def match_names(
    names: Iterable[str], known: Collection[FeatureNumber], aliases: Mapping[str, FeatureNumber]
) -> tuple[tuple[FeatureNumber, ...], tuple[str, ...]]:
    """Return (features, unknown names) for numbers, `F1.1`, `2.*`, `M2` and aliases."""
    found: dict[FeatureNumber, None] = {}
    unknown: list[str] = []
    for name in names:
        hits = list(_hits(name, known, aliases))
        if not hits:
            unknown.append(name)
        found.update(dict.fromkeys(hits))
    return tuple(found), tuple(unknown)


def _targets(
    draft: Draft, known: Collection[FeatureNumber], aliases: Mapping[str, FeatureNumber]
) -> tuple[tuple[FeatureNumber, ...], tuple[str, ...]]:
    if not draft.wants:
        return (), ()
    me = draft.feature.number
    found, unknown = match_names(draft.wants, known, aliases)
    wildcards = any("*" in w for w in draft.wants)
    return tuple(f for f in found if f != me or not wildcards), unknown


def _hits(name: str, known: Collection[FeatureNumber], aliases: Mapping[str, FeatureNumber]) -> Iterator[FeatureNumber]:
    word = name.strip("`[] ").casefold()
    number = feature_number(word)
    if number in known and number is not None:
        yield number
    elif word in aliases:
        yield aliases[word]
    elif found := re.fullmatch(r"(?:f|m)?(\d{1,9})\.\*|m(\d{1,9})", word):
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

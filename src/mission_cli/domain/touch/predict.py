"""Predict which files a feature changes: from its texts, from what changed together before, and from imports."""

from __future__ import annotations

import posixpath
from collections import Counter
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.domain.touch.facts import Hint

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from mission_cli.domain.mission import Feature
    from mission_cli.domain.touch.facts import Changed, CodeFacts

DECLARED, NAMED, CHECKED, TOGETHER = "declared", "named", "checked", "together"
SIMILAR, IMPORTS = "similar", "imports"
MOST_HINTS = 30
_WEIGHTS = {DECLARED: 1.0, NAMED: 0.9, CHECKED: 0.6, SIMILAR: 0.7, IMPORTS: 0.2}
_WORD = pattern(r"[\w.@+-]+(?:/[\w.@+-]+)*")
_LETTERS = pattern(r"[^\W\d_]{3,}")
_MOST_PATHS = 30
"""Commits that change more tell nothing about pairs of files."""
_HALF_LIFE = 100
"""The number of later commits after which one counts half."""
_LEAST_COMMITS, _LEAST_BOTH = 3, 2
_ALIKE = 0.5
_COMMON = frozenset({"add", "and", "the", "for", "with", "from", "into", "fix", "feature", "make", "use", "new", "all"})


def predicted(
    feature: Feature, facts: CodeFacts, factors: Mapping[str, float], own: Iterable[str] = ()
) -> tuple[Hint, ...]:
    """Return the files that a feature is expected to change, the most likely ones first.

    `factors`: how good the hints of each source were, from 0 to 1. `own`: what earlier attempts at it changed.
    """
    seeds = [*_declared(feature), *(Hint(p, 0.9, SIMILAR, "an earlier attempt changed it") for p in own)]
    seeds += [*_named(feature, facts.paths), *_similar(feature, facts.commits)]
    files = {hint.path: hint.weight for hint in reversed(seeds)}
    found = [*seeds, *_together(files, facts.commits), *_by_import(files, facts.imports)]
    best: dict[str, Hint] = {}
    for hint in found:
        weight = hint.weight * factors.get(hint.source, 1.0)
        if hint.path not in best or weight > best[hint.path].weight:
            best[hint.path] = Hint(hint.path, round(weight, 3), hint.source, hint.why)
    return tuple(sorted(best.values(), key=lambda hint: (-hint.weight, hint.path))[:MOST_HINTS])


def _declared(feature: Feature) -> Iterator[Hint]:
    for path in feature.files:
        yield Hint(path, _WEIGHTS[DECLARED], DECLARED, "the plan says so")


def _named(feature: Feature, paths: Collection[str]) -> Iterator[Hint]:
    """Yield the files that title, description or criteria name: by their path, or by a name that only one has."""
    known = set(paths)
    names = Counter(posixpath.basename(path) for path in paths)
    by_name = {posixpath.basename(path): path for path in paths}
    folders = {folder for path in paths for folder in _above(path)}
    said = [*_WORD.findall(feature.title), *_WORD.findall(feature.description)]
    judged = [word for criterion in feature.criteria for word in _WORD.findall(criterion.text)]
    for words, source, why in ((said, NAMED, "the plan names it"), (judged, CHECKED, "a criterion names it")):
        for word in dict.fromkeys(words):
            path = word.removeprefix("./").rstrip("./,:;")
            if path in known:
                yield Hint(path, _WEIGHTS[source], source, why)
            elif "." in path[1:] and names[path] == 1:
                yield Hint(by_name[path], _WEIGHTS[source], source, why)
            elif "/" in path and path in folders:
                yield Hint(path, _WEIGHTS[source] / 2, source, why)
    for path in dict.fromkeys(path for criterion in feature.criteria for path in criterion.paths):
        if path and path not in known and not any(char in path for char in "*?["):
            yield Hint(path, _WEIGHTS[NAMED], NAMED, "a criterion names it, and it does not exist yet")


def _above(path: str) -> Iterator[str]:
    folder = posixpath.dirname(path)
    while folder:
        yield folder
        folder = posixpath.dirname(folder)


def _similar(feature: Feature, commits: Sequence[Changed]) -> Iterator[Hint]:
    """Yield what commits changed whose subjects say about the same."""
    mine = _words(feature.title)
    total: Counter[str] = Counter()
    said: dict[str, str] = {}
    alike = 0
    for commit in commits:
        theirs = _words(commit.subject)
        both = len(mine & theirs)
        if both < 2 or both / len(mine | theirs) < _ALIKE or len(commit.paths) > _MOST_PATHS:  # noqa: PLR2004 - one word is too few
            continue
        alike += 1
        for path in commit.paths:
            total[path] += 1
            said.setdefault(path, commit.subject)
    for path, times in total.items():
        yield Hint(path, _WEIGHTS[SIMILAR] * times / alike, SIMILAR, f"`{said[path][:60]}` changed it")


def _words(text: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _LETTERS.findall(text)) - _COMMON


def _together(seeds: Mapping[str, float], commits: Sequence[Changed]) -> Iterator[Hint]:
    """Yield the files that changed in most of the commits that changed one of these; later commits count more."""
    counted: dict[str, list[float]] = {}
    pairs: dict[tuple[str, str], list[float]] = {}
    for age, commit in enumerate(commits):
        mine = [path for path in commit.paths if path in seeds]
        if not mine or len(commit.paths) > _MOST_PATHS:
            continue
        worth = 0.5 ** (age / _HALF_LIFE)
        for seed in mine:
            counted.setdefault(seed, []).append(worth)
            for other in commit.paths:
                if other != seed:
                    pairs.setdefault((seed, other), []).append(worth)
    for (seed, other), both in pairs.items():
        times = counted[seed]
        if len(times) >= _LEAST_COMMITS and len(both) >= _LEAST_BOTH:
            why = f"it changed together with {seed} in {len(both)} of {len(times)} commits"
            yield Hint(other, seeds[seed] * sum(both) / sum(times), TOGETHER, why)


def _by_import(seeds: Mapping[str, float], imports: Mapping[str, Sequence[str]]) -> Iterator[Hint]:
    for path, names in imports.items():
        for name in names:
            if name in seeds:
                yield Hint(path, seeds[name] * _WEIGHTS[IMPORTS], IMPORTS, f"it imports {name}")
            if path in seeds:
                yield Hint(name, seeds[path] * _WEIGHTS[IMPORTS], IMPORTS, f"{path} imports it")


def overlap(
    mine: Sequence[Hint], theirs: Sequence[Hint], meets: Callable[[str, str], bool]
) -> tuple[float, Hint, Hint] | None:
    """Return the file that both features most likely change, with the probability; None if they share none."""
    found = [(a.weight * b.weight, a, b) for a in mine for b in theirs if meets(a.path, b.path)]
    return max(found, key=lambda one: (one[0], one[1].path, one[2].path), default=None)

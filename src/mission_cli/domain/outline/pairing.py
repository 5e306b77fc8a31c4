"""Find out which feature of an outline became which of another one, whatever its number, title or milestone is now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mission_cli.domain.outline.model import Outline, OutlinedFeature

_WORD = pattern(r"[^\W_]{3,}")
_COMMON = frozenset({
    "add", "all", "and", "are", "for", "from", "has", "its", "new", "not", "part", "that", "the", "their", "this",
    "use", "with", "write",
})  # fmt: skip
_ALIKE = 0.5
"""From which likeness on two features are one feature that was changed."""
_SHARE = 0.5
"""From which share of a feature's words and criteria on it is a part of another one."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Features by their numbers in the two outlines."""

    same: Mapping[str, str]
    """The new number of each feature that is still there, by its old number."""
    split: Mapping[str, tuple[str, ...]]
    """The new numbers of the parts of a feature that was split, by its old number."""
    joined: Mapping[str, tuple[str, ...]]
    """The old numbers of the features that were joined into one, by its new number."""
    removed: tuple[str, ...]
    added: tuple[str, ...]


def paired(old: Outline, new: Outline) -> Pairs:
    """Return which feature became which."""
    before = {feature.number: feature for feature in old.features()}
    after = {feature.number: feature for feature in new.features()}
    same: dict[str, str] = {}
    for key in (_title, _content):
        _pair_equal(before, after, same, key)
    _pair_alike(before, after, same)
    gone = [number for number in before if number not in same]
    come = [number for number in after if number not in same.values()]
    split = _parts(come, after, [n for n in before if n not in same or _less(before[n], after[same[n]])], before)
    joined = _parts(gone, before, [n for n in after if n in come or n in same.values()], after)
    origin = {number: old_number for old_number, number in same.items()}
    splits, joins = {}, {}
    for source, parts in split.items():
        whole = (*([same[source]] if source in same else []), *parts)
        if len(whole) > 1:
            splits[source] = tuple(sorted(whole, key=_order))
    for target, parts in joined.items():
        whole = (*([origin[target]] if target in origin else []), *parts)
        grown = target not in origin or _less(after[target], before[origin[target]])
        if len(whole) > 1 and grown:
            joins[target] = tuple(sorted(whole, key=_order))
    told = {n for parts in splits.values() for n in parts} | set(joins)
    lost = {n for parts in joins.values() for n in parts} | set(splits)
    return Pairs(same, splits, joins, tuple(n for n in gone if n not in lost), tuple(n for n in come if n not in told))


def _order(number: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in number.split("."))


def _title(feature: OutlinedFeature) -> str:
    return " ".join(feature.title.casefold().split())


def _content(feature: OutlinedFeature) -> str:
    """Return what tells a feature whose title changed; empty if it says too little."""
    return "\n".join((feature.description, *sorted(feature.criteria))) if feature.criteria else ""


def _pair_equal(
    before: Mapping[str, OutlinedFeature],
    after: Mapping[str, OutlinedFeature],
    same: dict[str, str],
    key: Callable[[OutlinedFeature], str],
) -> None:
    """Pair the features that alone have the same key; of several with one key, those with the same number."""
    known = [_by_key((one for n, one in before.items() if n not in same), key)]
    known.append(_by_key((one for n, one in after.items() if n not in same.values()), key))
    for name, olds in known[0].items():
        news = known[1].get(name, [])
        if not name or not news:
            continue
        if len(olds) == len(news) == 1:
            same[olds[0]] = news[0]
        else:
            same.update({number: number for number in olds if number in news})


def _by_key(features: Iterable[OutlinedFeature], key: Callable[[OutlinedFeature], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for feature in features:
        found.setdefault(key(feature), []).append(feature.number)
    return found


def _pair_alike(
    before: Mapping[str, OutlinedFeature], after: Mapping[str, OutlinedFeature], same: dict[str, str]
) -> None:
    """Pair the rest, the most alike first; of equally alike ones, those with the same number."""
    olds = [one for number, one in before.items() if number not in same]
    news = [one for number, one in after.items() if number not in same.values()]
    scored = [(_likeness(was, now), was.number == now.number, was.number, now.number) for was in olds for now in news]
    for score, _, was, now in sorted(scored, key=lambda one: (-one[0], not one[1], _order(one[2]), _order(one[3]))):
        if score >= _ALIKE and was not in same and now not in same.values():
            same[was] = now


def _likeness(one: OutlinedFeature, other: OutlinedFeature) -> float:
    """Return from 0 to 1 how alike two features are."""
    pairs = [(words_of(one.title), words_of(other.title)), (set(one.criteria), set(other.criteria))]
    pairs.append((words_of(one.description), words_of(other.description)))
    shares = [len(a & b) / len(a | b) for a, b in pairs if a and b]
    return sum(shares) / len(shares) if shares else 0.0


def _parts(
    numbers: Sequence[str],
    pieces: Mapping[str, OutlinedFeature],
    wholes: Sequence[str],
    among: Mapping[str, OutlinedFeature],
) -> dict[str, list[str]]:
    """Return the features that are parts of another one, by the number of that one."""
    found: dict[str, list[str]] = {}
    for number in numbers:
        shares = [(_share(pieces[number], among[whole]), whole) for whole in wholes]
        best = max(shares, default=(0.0, ""), key=lambda one: one[0])
        if best[0] >= _SHARE:
            found.setdefault(best[1], []).append(number)
    return found


def _share(part: OutlinedFeature, whole: OutlinedFeature) -> float:
    """Return from 0 to 1 how much of a feature was in another one: of its title and of its criteria."""
    told = words_of(whole.title) | words_of(whole.description)
    pairs = [(words_of(part.title), told), (set(part.criteria), set(whole.criteria))]
    return max((len(a & b) / len(a) for a, b in pairs if a), default=0.0)


def _less(one: OutlinedFeature, other: OutlinedFeature) -> bool:
    """Whether a feature had something that the other one has not."""
    return bool(set(one.criteria) - set(other.criteria)) or (one.title, one.description) != (
        other.title,
        other.description,
    )


def words_of(text: str) -> set[str]:
    """Return the words of a text that say something."""
    return {word for word in _WORD.findall(text.casefold()) if word not in _COMMON}

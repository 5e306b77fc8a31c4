"""Which skills a prompt gets: the best matches of the words of a feature, within a budget of tokens."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.domain.skills.skill import SkillKind, SkillStatus, why_held_back
from mission_cli.domain.skills.standing import SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mission_cli.domain.skills.standing import Standing

_WORD = pattern(r"[^\W_]{2,40}")
_MOST_WORDS = 200
_USUAL = frozenset(
    {
        *("the", "and", "for", "with", "that", "this", "from", "are", "was", "not", "all", "any", "its", "can", "has"),
        *("have", "will", "must", "should", "when", "then", "than", "but", "use", "into", "after", "before", "each"),
        *("one", "two", "of", "in", "on", "to", "is", "it", "as", "at", "by", "or", "be", "an", "if", "so", "no", "do"),
        *("run", "file", "grep", "failed", "passed", "feature"),
    }
)
"""Words that say nothing about a subject."""
_K1, _B, _LEAST_IDF = 1.2, 0.75, 1e-6
_FRACTION = 0.2
"""A match that is worse than this part of the best one is not relevant, unless it is one of the first few."""
_ALWAYS = 5
_OFTEN = 3
"""A skill with as many missions is of use for every feature of its repository."""
_CHARS = 4
"""Characters of a token, about."""
_TRAVELS = frozenset({SkillKind.TRAP, SkillKind.CONVENTION})
"""What may hold in another repository; its commands and times do not."""


def words_of(text: str) -> list[str]:
    """Return the words of a text that say what it is about, in lower case."""
    return [word for word in _WORD.findall(text.casefold())[: 10 * _MOST_WORDS] if word not in _USUAL]


def query_words(*texts: str) -> list[str]:
    """Return the words to search for, each once, in their order; the first 200."""
    return list(dict.fromkeys(word for text in texts for word in words_of(text)))[:_MOST_WORDS]


def ranked(words: Sequence[str], texts: Mapping[str, str]) -> list[tuple[str, float]]:
    """Return the texts with any of the words by BM25, the best one first, with a number that is higher for better.

    It does what SQLite's FTS5 does, for a Python without it.
    """
    split = {name: Counter(words_of(text)) for name, text in texts.items()}
    mean = sum(map(Counter.total, split.values())) / max(1, len(split)) or 1
    have = Counter(word for counts in split.values() for word in counts)
    found: list[tuple[str, float]] = []
    for name, counts in split.items():
        score = 0.0
        for word in words:
            if times := counts[word]:
                idf = max(_LEAST_IDF, math.log((len(split) - have[word] + 0.5) / (have[word] + 0.5)))
                score += idf * times * (_K1 + 1) / (times + _K1 * (1 - _B + _B * counts.total() / mean))
        if score > 0:
            found.append((name, score))
    return sorted(found, key=lambda one: (-one[1], one[0]))


def usable(standings: Iterable[Standing]) -> dict[str, Standing]:
    """Return the skills that may enter a prompt, by name."""
    return {
        one.skill.name: one
        for one in standings
        if one.skill.status is SkillStatus.ACTIVE
        and one.skill.score >= SHOWN
        and not why_held_back(one.skill)
        and (not one.repository or one.skill.kind in _TRAVELS)
    }


def chosen(matches: Sequence[tuple[str, float]], known: Mapping[str, Standing], tokens: int) -> tuple[Standing, ...]:
    """Return the skills for a prompt: relevant matches by relevance and score, then what held in many missions."""
    best = max((match for _, match in matches), default=0.0)
    near = [one for place, one in enumerate(matches) if place < _ALWAYS or one[1] >= _FRACTION * best]
    weighed = [(match * known[name].skill.score, name) for name, match in near]
    order = [name for _, name in sorted(weighed, key=lambda one: (-one[0], one[1]))]
    often = [n for n, one in known.items() if not one.repository and len(one.missions) >= _OFTEN and n not in order]
    order += sorted(often, key=lambda name: (-known[name].skill.score, name))
    found: list[Standing] = []
    left = tokens
    for name in order:
        cost = tokens_of(known[name])
        if cost <= left:
            found.append(known[name])
            left -= cost
    return tuple(found)


def tokens_of(one: Standing) -> int:
    """Return about how many tokens the line of a skill takes in a prompt."""
    return (len(line_of(one)) + _CHARS - 1) // _CHARS


def line_of(one: Standing) -> str:
    """Return a skill as a prompt shows it."""
    where = f", from {one.repository}" if one.repository else ""
    return f"- {one.skill.name} ({one.skill.kind}{where}): {one.skill.text}"

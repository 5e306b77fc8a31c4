"""What a model may say about a mission: few words, and no figure that the facts do not have."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_WORDS = 120
_LONGEST = 2_000
_SENTENCE = pattern(r"(?<=[.!?])\s+")
_NUMBER = pattern(r"\d+(?:[.,]\d+)*")
_WORD = pattern(r"[a-z]+")
_SPELLED = dict(
    zip("two three four five six seven eight nine ten eleven twelve".split(), map(Decimal, range(2, 13)), strict=True)  # noqa: SIM905 - one line
)


@dataclass(frozen=True, slots=True)
class Narrative:
    """What a model said, as far as it may be shown."""

    text: str
    by: str
    """Runner and model."""
    dropped: int
    """Sentences with figures that the facts do not have."""

    def lines(self) -> Iterator[str]:
        """Yield it for people, as words of a model."""
        yield f"Words of a model ({self.by}), after the facts: {self.text or 'nothing that the facts bear out.'}"
        if self.dropped:
            many = "1 sentence is" if self.dropped == 1 else f"{self.dropped} sentences are"
            yield f"{many} left out: figures that the records do not have."


def checked(text: str, facts: str, by: str) -> Narrative:
    """Return the sentences of a text whose numbers are all among those of the facts, up to the limit of words."""
    known, kept, dropped, words = frozenset(_numbers(facts)), list[str](), 0, 0
    for sentence in _SENTENCE.split(one_line(text, _LONGEST)):
        if not known.issuperset(_numbers(sentence)):
            dropped += 1
            continue
        words += len(sentence.split())
        if words > MOST_WORDS:
            break
        kept.append(sentence)
    return Narrative(" ".join(kept), by, dropped)


def _numbers(text: str) -> Iterator[Decimal]:
    """Yield the numbers in a text: digits, and words from two to twelve."""
    for found in _NUMBER.findall(text):
        plain = found.replace(",", "") if _is_grouped(found) else found.replace(",", ".")
        yield from (Decimal(part) for part in ([plain] if plain.count(".") <= 1 else plain.split(".")))
    yield from (_SPELLED[word] for word in _WORD.findall(text.casefold()) if word in _SPELLED)


def _is_grouped(number: str) -> bool:
    """Whether its commas separate thousands."""
    return all(len(part.partition(".")[0]) == len("000") for part in number.split(",")[1:])

"""Random damage to mission files: what editors, merges, scripts and accidents do to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

_PIECES = (
    "|", "||", "\\|", "`", "``", "```", "~~~", "<!--", "-->", "# ", "## Milestones", "### Milestone 1: X", "---", "...",
    "- [ ] ", "- [x] F9: y ~2h", "**Status:** ", "**A:** b | **C:** d", ": ", "\t", "{", "}", "[depends:1.1]", "\\",
    "[depends:*.*]", "*", "&a", "*a", "!!x", "é", "漢字", "\u0301", "\u2028", "\x85", "\0", "\ufeff", "\udcff", "\x1b[31m",
    "\r", "\r\n", "\n", "\n\n", "<<<<<<< a", "=======", ">>>>>>> b", "|---|", "|:-:|", "| | | |", "| 1.1 | x |", '"', "'",
)  # fmt: skip


def mutated(random_source: random.Random, text: str, others: Sequence[str]) -> str:
    """Return `text` after one to six pieces of damage."""
    for _ in range(random_source.randint(1, 6)):
        text = _DAMAGES[random_source.randrange(len(_DAMAGES))](random_source, text, others)
    return text


def _insert(source: random.Random, text: str, _: Sequence[str]) -> str:
    at = source.randint(0, len(text))
    return text[:at] + source.choice(_PIECES) + text[at:]


def _cut(source: random.Random, text: str, _: Sequence[str]) -> str:
    at = source.randint(0, len(text))
    return text[:at] + text[at + source.randint(1, 40) :]


def _truncate(source: random.Random, text: str, _: Sequence[str]) -> str:
    return text[: source.randint(0, len(text))] if source.random() < 0.3 else text


def _move_line(source: random.Random, text: str, _: Sequence[str]) -> str:
    lines = text.split("\n")
    lines.insert(source.randrange(len(lines) + 1), lines.pop(source.randrange(len(lines))))
    return "\n".join(lines)


def _repeat_lines(source: random.Random, text: str, _: Sequence[str]) -> str:
    lines = text.split("\n")
    at = source.randrange(len(lines))
    return "\n".join([*lines[:at], *lines[at : at + 3] * source.randint(1, 3), *lines[at:]])


def _other_line_ends(source: random.Random, text: str, _: Sequence[str]) -> str:
    plain = text.replace("\r\n", "\n")
    return plain if source.random() < 0.5 else plain.replace("\n", "\r\n")


def _mix(source: random.Random, text: str, others: Sequence[str]) -> str:
    other = source.choice(others)
    return text[: source.randint(0, len(text))] + other[source.randint(0, len(other)) :]


def _stretch(source: random.Random, text: str, _: Sequence[str]) -> str:
    at = source.randint(0, len(text))
    return text[:at] + source.choice((" ", "|", "#", "`", "-", "[", "\t")) * source.randint(1, 300) + text[at:]


_DAMAGES = (_insert, _insert, _insert, _cut, _truncate, _move_line, _repeat_lines, _other_line_ends, _mix, _stretch)

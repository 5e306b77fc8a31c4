"""The document of a topic: its parts, and what is missing in it. It is text of a model: data, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PARTS = ("decision", "options", "sources", "pitfalls")
"""What every document has, each under a heading of its own."""
_LONGEST_SUMMARY = 300
_HEADING = pattern(r" {0,3}(?P<marks>#{1,6})[ \t]+(?P<text>.*?)[ \t]*#*[ \t]*\Z")
_FENCE = pattern(r" {0,3}(?P<fence>`{3,}|~{3,})")
_WORD = pattern(r"[a-z]+")
_ITEM = pattern(r" {0,3}(?:[-*+]|[0-9]{1,3}[.)])[ \t]+\S")
_RULES = frozenset({"rule", "rules", "convention", "conventions", "guideline", "guidelines", "instructions"})
_LEAST_RULES = 2
_SINGULAR = {part.removesuffix("s"): part for part in PARTS}


def parts_of(text: str) -> Mapping[str, str]:
    """Return the parts of a document by name, without their headings; a part without text is left out.

    A part is everything below the first heading that names it and has text, up to the next part, or to the next heading
    of its level or above.
    """
    found: dict[str, list[str]] = {}
    part, level = "", 0
    for line, heading in _lines(text):
        if heading:
            depth, name = len(heading[0]), _named(heading[1])
            if name and not "".join(found.get(name, ())).strip():
                part, level = name, depth
                found[part] = []
                continue
            if depth <= level:
                part = ""
            continue
        if part:
            found[part].append(line)
    return {name: body for name, lines in found.items() if (body := "\n".join(lines).strip())}


def lacking(text: str) -> tuple[str, ...]:
    """Return the parts that a document lacks, or that have no text."""
    there = parts_of(text)
    return tuple(part for part in PARTS if part not in there)


def summary_of(text: str) -> str:
    """Return the first paragraph of the decision as one line; empty if there is none."""
    decision = parts_of(text).get("decision", "")
    return one_line(decision.partition("\n\n")[0], _LONGEST_SUMMARY)


def rules_in(text: str) -> str:
    """Return the rules in which a document ends: the list below its last heading, if that names rules; else empty."""
    heading, lines = "", list[str]()
    for line, found in _lines(text):
        if found:
            heading, lines = found[1], []
        elif heading:
            lines.append(line)
    listed = [line for line in lines if _ITEM.match(line)]
    named = _RULES.intersection(_WORD.findall(heading.casefold()))
    return "\n".join(lines).strip() if named and len(listed) >= _LEAST_RULES else ""


def _lines(text: str) -> Iterator[tuple[str, tuple[str, str] | None]]:
    """Yield each line, with the marks and the text of its heading if it is one; code in a fence has no headings."""
    fence = ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if fence:
            if mark and mark["fence"].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            yield line, None
            continue
        if mark:
            fence = mark["fence"]
        heading = None if mark else _HEADING.match(line)
        yield line, (heading["marks"], heading["text"]) if heading else None


def _named(heading: str) -> str:
    """Return the part that a heading names, in the singular or plural; empty if it names none or several."""
    words = {_SINGULAR.get(word.removesuffix("s"), "") for word in _WORD.findall(heading.casefold())} - {""}
    return words.pop() if len(words) == 1 else ""

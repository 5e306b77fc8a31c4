"""Read items, sections and table rows of a requirements document as features: titles, criteria, dependencies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.text import one_line, parse_duration
from mission_cli.interchange.outline import Item, Items, Paragraph, Section, Table, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.interchange.outline import Block

_NAME = re.compile(
    r"(?P<id>(?:US|FR|NFR|REQ|STORY|EPIC|TASK|FEATURE|FEAT|UC|R|F|T|S|BR|AC)[ _-]?\d+(?:[.-]\d+)*|\d+(?:\.\d+)+)"
    r"(?:\s*[:.)\]–—-]+\s*|\s+|\Z)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\A\d{1,3}[.)]\s+")
_REFERENCE = re.compile(
    r"\b(?:US|FR|REQ|STORY|EPIC|TASK|FEATURE|FEAT|UC|R|F|T|S|BR)[ _-]?\d+(?:[.-]\d+)*\b", re.IGNORECASE
)
_KIND = re.compile(
    r"(?:user story|story|feature|task|requirement|epic|use case|step)\s*(?:\d+\s*)?[:.–—-]\s*", re.IGNORECASE
)
_STORY = re.compile(
    r"as an? [^,\n]{1,200}?,? I (?:want|need|would like|can|should be able)(?: to)? (?P<what>[^\n]+?)"
    r"(?:,? (?:so that|in order to) [^\n]*)?\Z",
    re.IGNORECASE,
)
_LEAD = re.compile(r"(?:\*\*|__)(?P<lead>[^*_]{2,120}?)[:.]?(?:\*\*|__)\s*[:.–—-]*\s*(?P<rest>.*)\Z", re.DOTALL)
_ACCEPTANCE = re.compile(
    r"(?:acceptance(?: criteria| tests?)?|criteria|definition of done|done when|exit criteria|verification|validation)"
    r"\s*:?\s*",
    re.IGNORECASE,
)
_DEPENDS = re.compile(
    r"(?:depends on|dependencies|depends|blocked by|after|requires)\s*:\s*(?P<names>.+)\Z", re.IGNORECASE
)
_ESTIMATE = re.compile(r"(?:estimate|effort)\s*:\s*(?P<span>.+)\Z", re.IGNORECASE)
_PRIORITY = re.compile(r"priority\s*:\s*(?P<what>.+)\Z", re.IGNORECASE)
_GOES_ON = re.compile(r"(?:when|then|and|but)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+(?=[A-Z`(])")
_TITLE = 100
_NOTHING = frozenset({"", "-", "–", "—", "none", "n/a", "tbd"})
_COLUMNS = {
    "id": ("id", "#", "no", "no.", "nr", "key", "ref", "req id", "req", "story id", "requirement id"),
    "title": (
        "title", "name", "feature", "story", "user story", "requirement", "requirements", "task", "summary",
        "deliverable", "capability", "use case",
    ),
    "text": ("description", "details", "detail", "notes", "note", "scope"),
    "criteria": ("acceptance criteria", "acceptance", "criteria", "definition of done", "done when", "verification"),
    "depends": ("depends on", "depends", "dependencies", "dependency", "blocked by", "after"),
    "estimate": ("estimate", "effort"),
    "priority": ("priority", "moscow", "prio", "importance"),
    "milestone": ("milestone", "phase", "release", "sprint", "version", "iteration"),
    "done": ("status", "done", "state"),
}  # fmt: skip


@dataclass(slots=True)
class Story:
    """A feature of a document."""

    title: str
    name: str = ""
    """Its id in the document, such as `FR-1`."""
    text: list[str] = field(default_factory=list)
    criteria: list[str] = field(default_factory=list)
    depends: list[str] = field(default_factory=list)
    estimate: str = ""
    milestone: str = ""
    priority: str = ""
    wont: bool = False
    """The document says that it is not built."""
    left: list[str] = field(default_factory=list)
    """What is said about it and cannot be kept."""


def references(text: str) -> list[str]:
    """Return the ids of stories in a text, as `key_of` writes them."""
    return [key_of(found) for found in _REFERENCE.findall(text)]


def key_of(name: str) -> str:
    """Return an id without the differences that people do not mean: `fr 1` and `FR-1` are the same."""
    return re.sub(r"[ _-]+", "-", name.strip().casefold())


def is_acceptance(text: str) -> bool:
    """Whether a heading, a paragraph or an item says that criteria follow."""
    return _ACCEPTANCE.fullmatch(plain(text)) is not None


def is_story(section: Section) -> bool:
    """Whether a section describes one feature, and not a group of them."""
    named = _NAME.match(section.title) or _KIND.match(section.title)
    said = [b for b in section.blocks if isinstance(b, Paragraph)]
    wants = any(_STORY.search(b.text) for b in said)
    checked = any(is_acceptance(b.text) for b in said) or any(is_acceptance(s.title) for s in section.sections)
    listed = any(isinstance(b, Items | Table) for b in section.blocks) or bool(section.sections)
    return bool(named) or wants or checked or not listed


def story_of_section(section: Section) -> Story:
    """Return the feature that a section describes."""
    story = _titled(section.title)
    _add(story, section.blocks)
    for inner in section.sections:
        if is_acceptance(inner.title):
            story.criteria += criteria_in(inner.blocks)
        else:
            story.text.append(f"{inner.title}:")
            _add(story, inner.blocks)
    if not story.title:
        wish = next((m for text in story.text if (m := _STORY.match(text.rstrip(".")))), None)
        story.title = _sentence(wish["what"] if wish else (story.text or [section.title])[0])
    return story


def stories_of(blocks: Sequence[Block]) -> Iterator[Story]:
    """Yield the features in lists and tables."""
    for block in blocks:
        if isinstance(block, Items):
            yield from (_story_of_item(item) for item in block.items)
        elif isinstance(block, Table):
            yield from _stories_of_table(block)


def criteria_in(blocks: Sequence[Block]) -> list[str]:
    """Return the criteria in lists and paragraphs; `when` and `then` belong to the line before."""
    found: list[str] = []
    for block in blocks:
        lines = [block.text] if isinstance(block, Paragraph) and not block.code else []
        if isinstance(block, Items):
            lines = [line for item in block.items for line in _flat(item)]
        if isinstance(block, Table):
            lines = [": ".join(filter(None, row)) for row in block.rows]
        for line in lines:
            if found and _GOES_ON.match(line) and found[-1].casefold().startswith(("given", "when")):
                found[-1] = f"{found[-1].rstrip(',.')}, {line[0].lower()}{line[1:]}"
            else:
                found.append(line)
    return found


def texts_in(blocks: Sequence[Block]) -> list[str]:
    """Return every paragraph, item and row as one line of text."""
    found: list[str] = []
    for block in blocks:
        if isinstance(block, Items):
            found += [_joined(item) for item in block.items]
        elif isinstance(block, Table):
            found += [": ".join(filter(None, row)) for row in block.rows]
        else:
            found += [one_line(block.text, 1000)]
    return [text for text in found if text.casefold() not in _NOTHING]


def column_of(table: Table, role: str) -> int:
    """Return the index of the column with a role; -1 if there is none."""
    return next((table.columns.index(name) for name in _COLUMNS[role] if name in table.columns), -1)


def _flat(item: Item) -> Iterator[str]:
    yield plain(item.text)
    for inner in item.items:
        yield from _flat(inner)


def _joined(item: Item) -> str:
    inner = "; ".join(_joined(one) for one in item.items)
    return f"{plain(item.text).rstrip(':')}: {inner}" if inner else plain(item.text)


def _story_of_item(item: Item) -> Story:
    lead = _LEAD.match(item.text)
    head, rest = (lead["lead"], plain(lead["rest"])) if lead else (item.text, "")
    story = _titled(head)
    if rest and not story.title:
        name, story = story.name, _titled(rest)
        story.name = name
    elif rest:
        story.text.insert(0, rest)
    if item.done:
        story.left.append("it is marked as done; here it will be checked again")
    for inner in item.items:
        if not _take(story, inner):
            story.text.append(f"- {_joined(inner)}")
    return story


def _titled(text: str) -> Story:
    """Return a feature with the title that a text begins with, and the rest of the text."""
    flat = _NUMBER.sub("", plain(text))
    named = _NAME.match(flat)
    name = named["id"] if named else ""
    flat = _KIND.sub("", flat[named.end() :] if named else flat, count=1) if not flat.startswith("`") else flat
    story = Story("", key_of(name))
    wish = _STORY.fullmatch(flat.rstrip("."))
    if wish:
        story.title, story.text = _sentence(wish["what"]), [flat]
    else:
        first, *more = _SENTENCE.split(flat, maxsplit=1)
        story.title = _sentence(first)
        if more or story.title != one_line(first.rstrip(".:;"), 300):
            story.text = [flat]
    return story


def _sentence(text: str) -> str:
    flat = one_line(text.strip().rstrip(".:;,"), _TITLE)
    return flat[:1].upper() + flat[1:]


def _take(story: Story, item: Item) -> bool:
    """Add a line that says what it is, such as `Depends on: FR-1`; return whether it does."""
    text = plain(item.text)
    if is_acceptance(item.text):
        story.criteria += criteria_in([Items(item.items)])
    elif (label := _ACCEPTANCE.match(text)) and ":" in label[0]:
        story.criteria += [text[label.end() :], *(line for inner in item.items for line in _flat(inner))]
    elif found := _DEPENDS.match(text):
        story.depends += _names(found["names"])
    elif found := _ESTIMATE.match(text):
        _estimated(story, found["span"])
    elif found := _PRIORITY.match(text):
        _prioritized(story, found["what"])
    else:
        return False
    return True


def _add(story: Story, blocks: Sequence[Block]) -> None:
    """Add the text below the heading of a feature."""
    follows = False
    for block in blocks:
        if isinstance(block, Paragraph) and block.code:
            story.text.append(f"```\n{block.text}\n```")
        elif isinstance(block, Paragraph):
            follows = bool(block.lines) and is_acceptance(block.lines[-1])
            said = [line for line in block.lines if not is_acceptance(line) and not _take(story, Item(line, 0))]
            story.text += [" ".join(said)] if said else []
        elif follows or (isinstance(block, Items) and all(one.done is not None for one in block.items)):
            story.criteria += criteria_in([block])
            follows = False
        elif isinstance(block, Items):
            story.text += [f"- {_joined(item)}" for item in block.items if not _take(story, item)]
        else:
            story.text += [f"- {line}" for line in texts_in([block])]


def _stories_of_table(table: Table) -> Iterator[Story]:
    """Yield a feature for each row; the first column is the title if no column has a name for one."""
    title, text = column_of(table, "title"), column_of(table, "text")
    name = column_of(table, "id")
    if title < 0:
        title, text = (text, -1) if text >= 0 else (next(i for i in range(len(table.columns) + 1) if i != name), -1)
    for row in table.rows:
        cells = dict(enumerate(row))
        if not cells.get(title, "").strip():
            continue
        story = _titled(cells[title])
        story.name = key_of(cells.get(name, "")) or story.name
        story.text += [cells[text]] if cells.get(text) else []
        wanted = {role: cells.get(column_of(table, role), "") for role in _COLUMNS}
        story.criteria += _split(wanted["criteria"])
        story.depends += _names(wanted["depends"])
        story.milestone = wanted["milestone"]
        _estimated(story, wanted["estimate"])
        _prioritized(story, wanted["priority"])
        if wanted["done"].casefold() in {"done", "complete", "completed", "yes", "x", "✅", "✓"}:
            story.left.append("it is marked as done; here it will be checked again")
        yield story


def _split(text: str) -> list[str]:
    return [
        part.strip(" -•") for part in re.split(r"<br\s*/?>|;|\n", text) if part.strip(" -•").casefold() not in _NOTHING
    ]


def _names(text: str) -> list[str]:
    parts = [part.strip() for part in re.split(r"[,;]|<br\s*/?>|\band\b", text)]
    return [part for part in parts if part.casefold() not in _NOTHING]


def _estimated(story: Story, text: str) -> None:
    if parse_duration(text.strip().lstrip("~≈").strip()) is not None:
        story.estimate = text.strip()
    elif text.strip().casefold() not in _NOTHING:
        story.left.append(f"estimate {one_line(text, 40)}, which is not a time")


def _prioritized(story: Story, text: str) -> None:
    word = text.strip().casefold()
    if word.startswith(("won't", "won’t", "wont", "will not")) or word == "w":
        story.wont = True
    elif word not in _NOTHING:
        story.priority = one_line(text, 40)

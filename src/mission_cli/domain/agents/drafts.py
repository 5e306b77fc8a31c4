"""Drafts: rows of `## Mission Agents` and the files that they name. Both are data, from whatever source."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.lazy_re import pattern
from mission_cli._support.slug import slug
from mission_cli._support.text import one_line
from mission_cli.domain.agents.workspace import AGENTS, SCRIPTS, size_of, too_large

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mission_cli.domain.mission import Mission

SECTION = "Mission Agents"
"""The section of the mission file with a row for each draft."""
LONGEST_NAME, LONGEST_DESCRIPTION = 40, 300
TOOLS = ("read", "grep", "glob", "list", "edit", "write", "bash", "webfetch", "websearch")
"""What a draft may ask for: no more than any worker has. Its runner's limits hold for each of them, too."""
USUAL_TOOLS = ("read", "grep", "glob", "list")
MODES = ("subagent", "primary", "all")
STATUSES = ("draft", "promoted")
KEYS = ("name", "description", "mode", "status", "created", "source", "tools")
_PATH = pattern(r"(?:agents/[a-z0-9]+(?:-[a-z0-9]+)*\.md|scripts/[a-z0-9]+(?:-[a-z0-9]+)*\.(?:sh|py))")
_KEY = pattern(r"(?P<key>[a-z_]+):(?:[ \t]+(?P<value>.*))?")
_TAKES_OVER = pattern(
    r"(?i)\b(?:ignore|disregard|forget)\b[^.\n]{0,40}\b(?:previous|prior|above|earlier|other|all)\b[^.\n]{0,40}"
    r"\b(?:instructions?|prompts?|rules?)\b"
    r"|</?(?:system|assistant|developer)(?:-[a-z]+)?>|<\|(?:im_start|im_end|system|endoftext)\|>"
    r"|\byou are (?:now|no longer)\b|\bsystem prompt\b"
)
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cn", "Cs"})


class DraftKind(StrEnum):
    """What a draft is."""

    AGENT = "agent"
    SCRIPT = "script"


class Fate(StrEnum):
    """What the column `Promote?` says: what a person decided, and what became of it."""

    OPEN = ""
    TO_ME = "to me"
    TO_REPO = "to the repository"
    MINE = "mine"
    """It is among the person's own."""
    REPO = "repository"
    """It is on a branch, or in a pull request."""
    DISCARDED = "discarded"
    OTHER = "other"
    """Words of a person; nothing follows from them."""

    @classmethod
    def of(cls, cell: str) -> Fate:
        """Return the fate that a cell names; what follows a colon tells where it is."""
        words = cell.partition(":")[0].strip().casefold().removeprefix("pending")
        return next((one for one in cls if words == one.value), cls.OTHER)


@dataclass(frozen=True, slots=True)
class DraftRow:
    """One row of `## Mission Agents`."""

    agent: str
    purpose: str
    path: str
    promote: str = ""
    line: int = 0

    @property
    def fate(self) -> Fate:
        """What was decided about it."""
        return Fate.of(self.promote)

    @property
    def kind(self) -> DraftKind:
        """Whether it is an agent or a script."""
        return DraftKind.SCRIPT if self.path.startswith(f"{SCRIPTS}/") else DraftKind.AGENT

    @property
    def used(self) -> bool:
        """Whether later attempts of this mission get it."""
        return self.fate is not Fate.DISCARDED


@dataclass(frozen=True, slots=True)
class DraftFile:
    """The file of a draft, as it was read. If `wrong` says anything, nothing of it is used."""

    name: str
    path: str
    kind: DraftKind
    description: str = ""
    tools: tuple[str, ...] = ()
    mode: str = "subagent"
    status: str = ""
    created: str = ""
    source: str = ""
    text: str = ""
    """Its instructions, without the front matter; of a script, the whole file."""
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class NewDraft:
    """A draft that is to be written."""

    name: str
    kind: DraftKind
    description: str
    text: str
    tools: tuple[str, ...] = ()
    source: str = ""
    language: str = "sh"

    @property
    def path(self) -> str:
        """Its path beside the mission file."""
        if self.kind is DraftKind.AGENT:
            return f"{AGENTS}/{self.name}.md"
        return f"{SCRIPTS}/{self.name}.{'py' if self.language == 'py' else 'sh'}"


def rows_of(mission: Mission) -> tuple[DraftRow, ...]:
    """Return the rows of `## Mission Agents`; those without a name or a path are a person's notes."""
    cells = ((row.cells, row.line) for row in mission.kept if row.section == SECTION)
    rows = (
        DraftRow(
            c.get("agent", ""),
            c.get("purpose", ""),
            c.get("path", "").strip("` "),
            c.get("promote?", ""),
            line,
        )
        for c, line in cells
    )
    return tuple(row for row in rows if row.agent and row.path)


def name_of(text: str, taken: Iterable[str] = ()) -> str:
    """Return a safe name from any text, which no other draft has; empty if it has no letter or digit."""
    base, others = slug(text, LONGEST_NAME), set(taken)
    if not base:
        return ""
    return next(name for n in range(1, len(others) + 2) if (name := base if n == 1 else f"{base}-{n}") not in others)


def is_path(path: str) -> bool:
    """Whether a path is one that a draft may have: nothing above or outside of its folder."""
    return bool(_PATH.fullmatch(path)) and len(path) <= LONGEST_NAME + len("scripts/.sh") + 4


def name_in(path: str) -> str:
    """Return the name of a draft from its path."""
    return path.rpartition("/")[2].rpartition(".")[0]


def written(new: NewDraft, created: str) -> str:
    """Return the file of a draft."""
    facts = {"description": one_line(new.description, LONGEST_DESCRIPTION), "status": "draft", "created": created}
    if new.kind is DraftKind.SCRIPT:
        first, rest = ("", new.text) if not new.text.startswith("#!") else new.text.split("\n", 1)[0:2]
        start = first or ("#!/usr/bin/env python3" if new.language == "py" else "#!/bin/sh")
        lines = [start, *(f"# {key}: {value}" for key, value in {**facts, "source": one_line(new.source)}.items())]
        return "\n".join([*lines, "", rest.strip("\n"), ""])
    facts |= {"source": one_line(new.source)}
    lines = ["---", f"description: {_scalar(facts['description'])}", "mode: subagent", "status: draft"]
    lines += [f"created: {created}", f"source: {_scalar(facts['source'])}", f"tools: [{', '.join(new.tools)}]", "---"]
    return "\n".join([*lines, "", new.text.strip("\n"), ""])


def read_draft(path: str, text: str) -> DraftFile:
    """Return the draft in a file. Never raises: what cannot be used is said in `wrong`."""
    kind = DraftKind.SCRIPT if path.startswith(f"{SCRIPTS}/") else DraftKind.AGENT
    plain = DraftFile(name_in(path) if is_path(path) else one_line(path, LONGEST_NAME), path, kind)
    if not is_path(path):
        return _wrong(plain, "its path is not agents/NAME.md or scripts/NAME.sh, with a name in lower case")
    if large := too_large(path, size_of(text)):
        return _wrong(plain, large)
    if hidden := _hidden(text):
        return _wrong(plain, f"it contains {hidden}")
    facts, body, trouble = _script(text) if kind is DraftKind.SCRIPT else _front(text)
    found = _with_facts(plain, facts, body)
    return _wrong(found, why) if (why := trouble or _why_not(found, facts)) else found


def usable(rows: Sequence[DraftRow], files: Mapping[str, str]) -> Iterator[tuple[DraftRow, DraftFile]]:
    """Yield each row that is not discarded, with its file; `wrong` says why a draft is not used."""
    seen: set[str] = set()
    for row in rows:
        if not row.used:
            continue
        text = files.get(row.path)
        found = read_draft(row.path, text or "")
        if text is None and is_path(row.path):
            found = _wrong(found, f"there is no file {row.path}")
        elif row.path in seen:
            found = _wrong(found, "another row names the same file")
        seen.add(row.path)
        yield row, found


def _wrong(found: DraftFile, why: str) -> DraftFile:
    return DraftFile(found.name, found.path, found.kind, found.description, wrong=why)


def _hidden(text: str) -> str:
    """Return the first character that people do not see, by its code; empty if there is none."""
    bad = next((c for c in text if c not in "\n\t" and unicodedata.category(c) in _INVISIBLE), "")
    return f"the control character U+{ord(bad):04X}" if bad else ""


def _front(text: str) -> tuple[dict[str, str | tuple[str, ...]], str, str]:
    """Return the front matter, the text below it, and what is wrong. Only plain lines `key: value` are read."""
    lines = text.split("\n")
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), 0) if text[:4] == "---\n" else 0
    if not end:
        return {}, text, "it has no front matter"
    facts: dict[str, str | tuple[str, ...]] = {}
    last = ""
    for line in lines[1:end]:
        item = line.strip()
        if not item or item.startswith("#"):
            continue
        if item.startswith("- ") and last and line != item.rstrip():
            before = facts[last]
            facts[last] = (*(before if isinstance(before, tuple) else ()), _bare(item[2:]))
            continue
        found = _KEY.fullmatch(line.rstrip())
        if found is None or found["key"] not in KEYS or found["key"] in facts:
            return {}, "", f"its front matter has a line that is not read: {one_line(line, 60)}"
        last, value = found["key"], (found["value"] or "").strip()
        listed = value.startswith("[") and value.endswith("]")
        facts[last] = tuple(_bare(one) for one in value[1:-1].split(",") if one.strip()) if listed else _bare(value)
    return facts, "\n".join(lines[end + 1 :]).strip("\n"), ""


def _script(text: str) -> tuple[dict[str, str | tuple[str, ...]], str, str]:
    """Return the facts in the comments at the beginning of a script, and the script."""
    facts: dict[str, str | tuple[str, ...]] = {}
    for line in text.split("\n"):
        if not line.startswith("#"):
            break
        found = _KEY.fullmatch(line[1:].strip())
        if found is not None and found["key"] in KEYS:
            facts.setdefault(found["key"], (found["value"] or "").strip())
    return facts, text, "" if text.startswith("#!") else "it does not begin with #!"


def _with_facts(plain: DraftFile, facts: Mapping[str, str | tuple[str, ...]], body: str) -> DraftFile:
    said = {key: value for key, value in facts.items() if isinstance(value, str)}
    tools = facts.get("tools", ())
    listed = tools if isinstance(tools, tuple) else tuple(one.strip() for one in tools.split(",") if one.strip())
    return DraftFile(
        plain.name,
        plain.path,
        plain.kind,
        one_line(said.get("description", ""), LONGEST_DESCRIPTION),
        tuple(one.casefold() for one in listed),
        said.get("mode") or "subagent",
        said.get("status", ""),
        said.get("created", ""),
        said.get("source", ""),
        body,
    )


def _why_not(found: DraftFile, facts: Mapping[str, str | tuple[str, ...]]) -> str:
    """Return why a draft is not used; empty if it is."""
    if not found.text.strip():
        return "it is empty"
    if found.kind is DraftKind.AGENT:
        if not found.description:
            return "it has no description"
        if found.mode not in MODES:
            return f"its mode is `{one_line(found.mode, 30)}`, not one of {', '.join(MODES)}"
        beyond = [one for one in found.tools if one not in TOOLS]
        if beyond:
            return f"it asks for the tool `{one_line(beyond[0], 30)}`, which no worker has"
    if found.status and found.status not in STATUSES:
        return f"its status is `{one_line(found.status, 30)}`, not draft"
    parts = (found.description, found.text, *(v for v in facts.values() if isinstance(v, str)))
    taken = next((match for part in parts if (match := _TAKES_OVER.search(part))), None)
    return f"it tries to replace the worker's instructions: `{one_line(taken[0], 60)}`" if taken else ""


def _scalar(text: str) -> str:
    """Return a text as a YAML scalar on one line."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _bare(text: str) -> str:
    """Return a scalar without its quotes."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return text[1:-1].replace("''", "'") if len(text) > 1 and text[0] == text[-1] == "'" else text


@dataclass(frozen=True, slots=True)
class Promoted:
    """What is known of a draft that a person wants promoted; both empty: it is not there yet."""

    where: str = ""
    """Where it is."""
    trouble: str = ""
    """Why it cannot get there."""


@dataclass(frozen=True, slots=True)
class DraftLook:
    """What is known of the drafts of a mission besides its file; nothing of a mission without any."""

    files: Mapping[str, str] = field(default_factory=dict)
    """The texts in `agents/` and `scripts/`, by path."""
    rules: Mapping[str, str] = field(default_factory=dict)
    """The rules in which documents end, by the path of the document."""
    boxed: bool = False
    """Whether workers run in the sandbox, so that they can be given scripts."""
    promoted: Mapping[str, Promoted] = field(default_factory=dict)
    """By path: what a person wants promoted."""

"""Split the lines of a checklist item: its text, a fenced block of code, a `verify:` block, result comments."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import yaml

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.document.syntax.spans import results, without_results
from mission_cli.document.syntax.yaml_text import compose_texts
from mission_cli.domain.criteria.criterion import LINE_MARK
from mission_cli.domain.status import CriterionKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FENCE = pattern(r"(?P<indent>[ \t]*)(?P<mark>`{3,}|~{3,})(?P<name>[^`]*)\Z")
_NOTE = pattern(r"[ \t]*(?:[-*+]|\d{1,9}[.)]|>)(?:[ \t]|\Z)")
_VERIFY_KEYS = frozenset({"method", "run", "pattern", "path", "expect"})
_EXPECT = {"present": False, "absent": True}


@dataclass(frozen=True, slots=True)
class Body:
    """One item. `text` is its text without results; `script` is the code of its block, or None."""

    text: str
    script: str | None
    verify: tuple[str, ...]
    marks: tuple[int, ...]
    """The numbers of its lines, from 0, that contain result comments."""

    @property
    def shown(self) -> str:
        """Text and code in one line."""
        flat = " ".join(self.text.split("\n"))
        return flat if self.script is None else f"{flat} {LINE_MARK.join(self.script.split(chr(10)))}"


def body_of(raw: str, more: Iterable[str]) -> Body:
    """Return the parts of an item: `raw` is its first line after the box, `more` are the lines after that."""
    words, marks = [without_results(raw).strip()], [0] if results(raw) else []
    script: list[str] | None = None
    lines = enumerate(more, 1)
    for number, line in lines:
        fence = FENCE.match(line)
        if fence and script is None:
            script = list(_fenced(lines, fence["mark"], len(fence["indent"])))
        elif line.strip().strip("`").startswith("verify:"):
            block = (line, *(text for _, text in lines))
            return Body("\n".join(words), _joined(script), block, tuple(marks))
        elif _NOTE.match(line):
            break
        else:
            marks += [number] if results(line) else []
            rest = without_results(line).strip()
            words += [rest] if rest else []
    return Body("\n".join(words), _joined(script), (), tuple(marks))


def verify_fields(block: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields of the criterion in a `verify:` block: a `run`, a `grep`, or one for a person."""
    keys = _keys(block)
    if keys is None or not ("run" in keys or "pattern" in keys):
        return {"kind": CriterionKind.TEXT}
    kind = CriterionKind.RUN if keys.get("run") else CriterionKind.GREP
    odd = sorted(keys.keys() - _VERIFY_KEYS)
    expect = keys.get("expect", "present").casefold()
    if odd or expect not in _EXPECT or not (keys.get("run") or keys.get("pattern")):
        what = f"`{odd[0]}`" if odd else "`expect`" if expect not in _EXPECT else "`run`"
        remedy = "use method, run, pattern, path, and expect: present or absent"
        return {"kind": kind, "wrong": f"{what} of its verify block cannot be read", "remedy": remedy}
    if kind is CriterionKind.RUN:
        if "pattern" in keys or "expect" in keys:
            return {"kind": kind, "wrong": "its verify block has a command and a pattern", "remedy": "write two items"}
        return {"kind": kind, "command": keys["run"].rstrip("\n")}
    paths = (keys["path"],) if keys.get("path") else ()
    return {"kind": kind, "pattern": keys["pattern"], "paths": paths, "negated": _EXPECT[expect]}


def _keys(block: tuple[str, ...]) -> dict[str, str] | None:
    """Return the keys of the block; None if it is not a mapping of texts."""
    text = textwrap.dedent("\n".join(line for line in block if not line.strip().startswith("```"))).strip("`\n")
    try:
        root = compose_texts(text)
    except (yaml.YAMLError, ValueError):
        return None
    if not isinstance(root, yaml.MappingNode) or not root.value or not isinstance(root.value[0][1], yaml.MappingNode):
        return None
    pairs = root.value[0][1].value
    if not all(isinstance(node, yaml.ScalarNode) for pair in pairs for node in pair):
        return None
    return {str(key.value): str(value.value) for key, value in pairs}


def _fenced(lines: Iterator[tuple[int, str]], mark: str, indent: int) -> Iterator[str]:
    for _, line in lines:
        stripped = line.strip()
        if len(stripped) >= len(mark) and set(stripped) == {mark[0]}:
            return
        yield line[min(indent, len(line) - len(line.lstrip(" "))) :]


def _joined(script: list[str] | None) -> str | None:
    return None if script is None else "\n".join(script)

"""What looks like a part of the format but is not read: headings, tables, columns, annotations and keys.

`lint` and `start` name it, because a person who wrote it expects an effect.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

import yaml

from mission_cli._support.lazy_re import pattern
from mission_cli._support.numbers import whole
from mission_cli._support.text import one_line
from mission_cli.document.reading.features import ANNOTATION, NAMES
from mission_cli.document.reading.front_schema import GROUPS, KEYS
from mission_cli.document.reading.load import MILESTONE_TITLE, feature_rows, milestone_places
from mission_cli.document.reading.problems.unread_features import (
    BORDERLESS,
    OUTSIDE,
    above_of,
    is_of_features,
    plain_lines,
    unread_rows,
    unread_tables,
)
from mission_cli.document.reading.sections import FEATURE_COLUMNS, SECTIONS, find_section, has_columns, names_of
from mission_cli.document.syntax.field_runs import OURS
from mission_cli.domain.mission import MOST_WORTH
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.routing import ROLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.document.syntax.front import Front
    from mission_cli.document.syntax.layout import Layout
    from mission_cli.document.syntax.lines import Line
    from mission_cli.document.syntax.rows import Row, Table

_CLOSE, _ALIKE = 0.8, 0.7
_SECTION_LEVEL = 2
_LONGEST = 200
"""Longer lines are no headings of ours."""
_NUMBERLESS = pattern(r"Milestone\b(?!\s+\d)|M\b\s*[:.—–-]", re.IGNORECASE)
_MARKED = pattern(r"(?!\s*<!--)[^\w#`\\]{0,12}#{1,6}[ \t]*(?=\S)(.*)")
_UNDERLINE = pattern(r" {0,3}(?:=+|-+)[ \t]*\Z")
_NOTE = pattern(r"(?<!\\)[\[(]\s*([A-Za-z][A-Za-z _-]{1,24}?)\s*([:=\uff1a])([^\])|]*)([\])]?)")
_BARE_NOTE = pattern(r"(?<!\\)\[\s*(depends?)\s+[FM]?\d", re.IGNORECASE)
_ESCAPED_NOTE = pattern(rf"\\\[(?:{'|'.join(NAMES)})\s*:[^\]\[|]*\\\]", re.IGNORECASE)
"""What a formatter makes of an annotation outside of backticks; a title has one backslash."""
_OTHER_NAMES = {
    "depends on": "depends",
    "dependson": "depends",
    "after": "depends",
    "requires": "depends",
    "blocked by": "depends",
    "agent": "assign",
    "runner": "assign",
    "host": "on",
    "estimate": "the column Estimate",
    "status": "the column Status",
    "worker": "the column Worker",
}
"""Names that people give to annotations, and what is written instead."""
_FIELD = pattern(
    r"(?!\s*<!--)[^\w`\\]{0,12}(status|estimate|validation|started at|passed at|rounds)[*_]*\s*[:\uff1a*_ ]",
    re.IGNORECASE,
)
_NO_VALUE = frozenset({"side-effects", "research"})
_TITLES = {name.casefold(): title for title, form in SECTIONS.items() for name in (title, *form.also)}


def unread(loaded: Loaded) -> Iterator[Problem]:
    """Yield a warning for everything that looks like a part of the format and is not read."""
    layout = loaded.layout
    known = {problem.line for problem in loaded.problems}
    found = [*_headings(layout), *_lines(layout), *_fields(layout), *_tables(layout), *_notes(layout)]
    found += _keys(layout.front)
    yield from (problem for problem in found if problem.line not in known)


def _warn(line: int, column: int, words: str, hint: str) -> Problem:
    return Problem(line, column, words, hint, Severity.WARNING)


def _headings(layout: Layout) -> Iterator[Problem]:
    absent = [title for title in SECTIONS if find_section(layout, title) < 0]
    below: dict[int, list[Table]] = {}
    for table in layout.tables:
        below.setdefault(table.section, []).append(table)
    for section, heading in enumerate(layout.headings[1:], 1):
        at, shown = heading.line.number, one_line(heading.title, 60)
        if heading.level == _SECTION_LEVEL and heading.title and heading.name not in _TITLES:
            meant = _TITLES.get(_bare(heading.title)) or next(
                iter(difflib.get_close_matches(heading.title.title(), absent, n=1, cutoff=_CLOSE)), ""
            )
            if meant:
                words = f"the section `{shown}` is not known; it is kept but not read"
                yield _warn(at, 1, words, f"did you mean `## {meant}`?")
        elif heading.level != _SECTION_LEVEL and (title := _TITLES.get(heading.name, "")) in absent:
            forms = SECTIONS[title].tables
            if any(has_columns(table, form.marks) for table in below.get(section, ()) for form in forms):
                yield _warn(at, 1, f"the heading `{shown}` is not that of a section", f"write `## {title}`")
        elif heading.level > _SECTION_LEVEL and _NUMBERLESS.match(heading.title):
            yield _warn(at, 1, f"the milestone `{shown}` has no number", "write `### Milestone 1: Name`")
        elif (
            heading.level > _SECTION_LEVEL and not _is_read(heading.title[:_LONGEST]) and _is_read(_bare(heading.title))
        ):
            yield _warn(at, 1, f"the heading `{shown}` is not read", "write only its words, without emphasis or anchor")


def _bare(title: str) -> str:
    """Return a title in lower case without emphasis, anchors, numbering and pictures; a long one as it is."""
    if len(title) > _LONGEST:
        return title.casefold()
    bare = title.strip()
    if bare.endswith("}") and "{" in bare:
        bare = bare[: bare.rindex("{")]
    start, end = 0, len(bare)
    while start < end and not (bare[start].isalnum() or bare[start] == "#"):
        start += 1
    while end > start and not (bare[end - 1].isalnum() or bare[end - 1] in ")]"):
        end -= 1
    return re.sub(r"\A\d{1,9}[.)]\s+", "", bare[start:end]).casefold()


def _is_read(title: str) -> bool:
    """Whether a heading with this title is that of a milestone, a feature or its criteria."""
    name = title.casefold()
    return bool(MILESTONE_TITLE.match(title)) or name.endswith("criteria") or bool(re.match(r"f?\d+\.\d+\b", name))


def _lines(layout: Layout) -> Iterator[Problem]:
    """Yield warnings for lines that other programs would take as headings, rows and fences."""
    if layout.open_fence:
        words = "a code fence is not closed: nothing after it is read"
        yield _warn(layout.open_fence, 1, words, "close it with a line of the same characters")
    for line in layout.stray:
        raw = layout.raw(line)
        yield _warn(line.number, len(raw) - len(raw.lstrip()) + 1, "a row outside a table is not read", OUTSIDE)
    for _, line in unread_rows(layout):
        yield _warn(line.number, 1, "a row below a table is not read", BORDERLESS)
    for line in unread_tables(layout):
        yield _warn(line.number - 1, 1, "a table without outer pipes is not read", BORDERLESS)
    for _, line in plain_lines(layout):
        raw = layout.raw(line)
        if len(raw) > _LONGEST:
            continue
        marked = _MARKED.match(raw)
        below = layout.lines[line.number] if line.number < len(layout.lines) else None
        underlined = below is not None and _UNDERLINE.match(layout.raw(below)) and len(layout.raw(below)) > 1
        title = _bare(marked[1] if marked else raw) if marked or underlined else ""
        if title and (title in _TITLES or MILESTONE_TITLE.match(title)):
            hint = "begin its line with `##`, or `###` for a milestone, and one space"
            yield _warn(line.number, 1, f"the heading `{one_line(raw.strip(), 60)}` is not read", hint)


def _fields(layout: Layout) -> Iterator[Problem]:
    """Yield warnings for lines that look like a field that their milestone lacks."""
    prose: dict[int, list[Line]] = {}
    for section, line in plain_lines(layout):
        prose.setdefault(section, []).append(line)
    for place in milestone_places(layout):
        named = {field.name: field for field in layout.fields if field.section == place.section}
        absent = [name for name in sorted(OURS) if name not in named]
        found = [(field.line, field.name, field.name) for name, field in named.items() if name not in OURS]
        plain = [(line, layout.raw(line)) for line in prose.get(place.section, ())]
        found += [(line, like[1].casefold(), raw) for line, raw in plain if (like := _FIELD.match(raw))]
        for line, name, raw in found:
            if close := _alike(name, absent):
                words = f"the field `{one_line(raw.strip(), 60)}` of milestone {place.number} is not read"
                yield _warn(line.number, 1, words, f"write `**{close[0].capitalize()}:** …`")


def _alike(name: str, absent: list[str]) -> list[str]:
    """Return the one of the absent names that a name probably stands for, or nothing."""
    meant = "status" if name == "state" else name
    return difflib.get_close_matches(meant, absent, n=1, cutoff=_ALIKE)


def _tables(layout: Layout) -> Iterator[Problem]:
    of_features = {id(table) for place in milestone_places(layout) for table in place.tables}
    for table in layout.tables:
        section = _TITLES.get(above_of(layout, table.section), "")
        forms = SECTIONS[section].tables if section else ()
        header = table.header.line.number
        form = next((form for form in forms if has_columns(table, form.marks)), None)
        if form is not None:
            yield from _columns(table, form.columns)
        elif forms and table.section == find_section(layout, section):
            lacks = " and ".join(
                f"`{mark.capitalize()}`" for mark in forms[-1].marks if not has_columns(table, (mark,))
            )
            hint = f"its columns are {' · '.join(forms[-1].columns)}"
            yield _warn(header, 1, f"this table of `{section}` is not read: it has no column {lacks}", hint)
        elif id(table) in of_features:
            yield from _columns(table, FEATURE_COLUMNS)
        elif not section and is_of_features(table) and any(True for _ in table.real_rows()):
            words = "a table of features outside of the milestones is kept but not read"
            yield _warn(header, 1, words, "put it below `## Milestones` and a heading `### Milestone 2: Name`")


def _columns(table: Table, known: tuple[str, ...]) -> Iterator[Problem]:
    """Yield warnings for columns that look like one that the table lacks."""
    names = {name for column in known for name in names_of(column.casefold())}
    absent = [column for column in known if not has_columns(table, (column.casefold(),))]
    for place, column in enumerate(table.columns):
        lower = [name.casefold() for name in absent]
        close = _alike(column, lower) if column not in names else []
        if column in {"depends", "depends on", "dependencies"} and "Feature" in known:
            hint = "write `[depends:1.1]` into the column Feature"
        elif close:
            hint = f"did you mean `{absent[lower.index(close[0])]}`?"
        else:
            continue
        cell = table.header.cells[place]
        at = cell.start - table.header.line.start + 1
        yield _warn(table.header.line.number, at, f"the column `{one_line(cell.text, 60)}` is not read", hint)


def _notes(layout: Layout) -> Iterator[Problem]:
    """Yield warnings for what looks like an annotation of a feature, and for values that mean nothing."""
    for place in milestone_places(layout):
        for one in place.listed:
            yield from _in_cell(one.texts["feature"], one.item.line.number, 1)
        for table in place.tables:
            for _, row in feature_rows(table, place.number):
                yield from _in_cell(table.text(row, "feature"), row.line.number, _column(table, row))


def _column(table: Table, row: Row) -> int:
    cell = table.cell(row, "feature")
    return cell.start - row.line.start + 1 if cell else 1


def _in_cell(text: str, line: int, column: int) -> Iterator[Problem]:
    if "[" not in text and "(" not in text:
        return
    for found in ANNOTATION.finditer(text):
        name, value = found["name"].lower(), (found["value"] or "").strip()
        if hint := _why_nothing(name, value, given=found["value"] is not None):
            yield _warn(line, column, f"`{found[0].strip().strip('`')}` means nothing", hint)
    rest = ANNOTATION.sub(" ", text)
    for other in _ESCAPED_NOTE.finditer(rest):
        hint = "write it in backticks, without backslashes, so that formatters leave it as it is"
        yield _warn(line, column, f"`{one_line(other[0], 60)}` is part of the title", hint)
    for other in _BARE_NOTE.finditer(rest):
        yield _warn(line, column, f"`{other[0]}…` is part of the title", "write `[depends:1.1]`")
    for other in _NOTE.finditer(rest):
        word = other[1].casefold().replace("_", " ").replace("-", " ").strip()
        meant = _OTHER_NAMES.get(word) or next(iter(difflib.get_close_matches(word, NAMES, n=1, cutoff=_CLOSE)), "")
        if meant and (other[0][0] == "[" or word.replace(" ", "-") in {"depends", "assign", "depends-on"}):
            write = meant if meant.startswith("the ") else f"`[{meant}:…]`"
            yield _warn(line, column, f"`{one_line(other[0], 60)}` is part of the title", f"did you mean {write}?")


def _why_nothing(name: str, value: str, *, given: bool) -> str:
    """Return the hint about an annotation without effect; empty if its value means something."""
    if name == "worth" and not 1 <= (whole(value) or 0) <= MOST_WORTH:
        return f"write a whole number from 1 to {MOST_WORTH}"
    if name == "side-effects" and given:
        return "it takes no value: remove it if the feature has no side effects"
    if name == "tries-after" and whole(value.lstrip("a")) is None:
        return "write the number of an attempt"
    return "" if value or name in _NO_VALUE else f"write `[{name}:…]` with a value, or remove it"


def _keys(front: Front) -> Iterator[Problem]:
    """Yield warnings for keys that are unknown in a group, or that belong into another one."""
    nested = {key.steps[-1]: key.path for key in KEYS.values() if len(key.steps) > 1}
    top = {key.steps[0] for key in KEYS.values()} | {name for key in KEYS.values() for name in key.also}
    groups = {group: {key.steps[1] for key in KEYS.values() if key.steps[0] == group} for group in GROUPS}
    for group, known in {"": top, **groups, "model_routing": set(ROLES)}.items():
        node = front.node(group) if group else front.root
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            plain = name.casefold().replace("-", "_")
            if not name or name in known:
                continue
            close = difflib.get_close_matches(name[:60], known, n=1, cutoff=_CLOSE)
            path = f"{group}.{name}" if group else name
            at = (key.start_mark.line + 2, key.start_mark.column + 1)
            if name == "<<":
                yield _warn(*at, "the merge key `<<` is not read", "write the keys out, or refer to a whole mapping")
            elif plain in known or (close and group == "model_routing"):
                yield _warn(
                    *at, f"`{path}` is kept but has no effect yet", f"did you mean `{close[0] if close else plain}`?"
                )
            elif plain in nested and plain not in known and nested[plain] != path:
                yield _warn(*at, f"`{path}` is kept but has no effect yet", f"did you mean `{nested[plain]}`?")
            elif group and not close:
                yield _warn(*at, f"`{path}` is kept but has no effect yet", f"known are {', '.join(sorted(known))}")

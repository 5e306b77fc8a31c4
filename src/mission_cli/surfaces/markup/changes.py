"""The change of an attempt or a landing as HTML: a folded part for each file, with line numbers and colors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted
from mission_cli.surfaces.markup.colors import colored
from mission_cli.surfaces.markup.elements import Html, escaped
from mission_cli.surfaces.markup.patches import read_patch
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.branches.landing import LandedFile
    from mission_cli.surfaces.markup.patches import Hunk, PatchedFile

_MOST_FILES = 300
_MOST_ROWS, _MOST_ROWS_OF_FILE = 6_000, 2_000
"""Lines that are shown, of all files and of one."""
_LONGEST = 2_000
_MOST_COLORED = 120_000
"""Characters with colors, of all files."""
_OPEN, _OPEN_IN_ALL = 250, 800
"""Lines of a file that is not folded at first, and of all such files."""
_MARKS = {"added": "+", "removed": "-", "same": "", "note": ""}
_HEAD = (
    '<thead><tr><th scope="col">Old line</th><th scope="col">New line</th><th scope="col">Change</th>'
    '<th scope="col">Text</th></tr></thead>'
)


def change_html(patch: str, files: Sequence[LandedFile] | None = None) -> Html:
    """Return a unified diff as HTML. `files`: all that differ; those that the diff does not have are named."""
    read = read_patch(patch)
    there = {file.path: file for file in read}
    names = [file.path for file in (files if files is not None else read)]
    counts = {file.path: (file.added, file.removed) for file in files or ()}
    parts, shown, opened, size = list[str](), 0, 0, 0
    for path in names[:_MOST_FILES]:
        file = there.get(path)
        rows = file.rows if file is not None else 0
        if file is None or file.binary or rows > _MOST_ROWS_OF_FILE or shown + rows > _MOST_ROWS:
            parts.append(_named(path, file, counts.get(path)))
            continue
        is_open = rows <= _OPEN and opened + rows <= _OPEN_IN_ALL
        shown, opened = shown + rows, opened + rows * is_open
        size += sum(len(row.text) for hunk in file.hunks for row in hunk.rows)
        parts.append(_file(file, is_open=is_open, colors=size <= _MOST_COLORED))
    more = len(names) - _MOST_FILES
    if more > 0:
        parts.append(f'<p class="diff-left">and {counted(more, "more file")}</p>')
    return Html(f'<div class="diff">{"".join(parts)}</div>')


def _named(path: str, file: PatchedFile | None, counts: tuple[int | None, int | None] | None) -> str:
    """Return a file whose lines are not shown, and why."""
    added, removed = counts or ((file.count("added"), file.count("removed")) if file is not None else (None, None))
    binary = file.binary if file is not None else added is None
    sums = "" if added is None or removed is None or binary else f" {_sums(added, removed)}"
    why = "binary file" if binary and added is None else "too large to show"
    return f'<p class="diff-left"><code class="path">{_path(path)}</code>{sums} <small>{why}</small></p>'


def _file(file: PatchedFile, *, is_open: bool, colors: bool) -> str:
    kind = f" <small>{file.kind}</small>" if file.kind != "changed" else ""
    head = f'<code class="path">{_path(file.path)}</code>{kind} {_sums(file.count("added"), file.count("removed"))}'
    body = "".join("".join(_hunk(hunk, file.path if colors else "")) for hunk in file.hunks)
    table = f"<table>{_HEAD}<tbody>{body}</tbody></table>" if body else "<p>no line has changed</p>"
    return f'<details class="diff-file"{" open" if is_open else ""}><summary>{head}</summary>{table}</details>'


def _hunk(hunk: Hunk, path: str) -> Iterator[str]:
    """Yield its lines. Both sides are colored as wholes, so that texts over several lines are known as such."""
    if not hunk.rows:
        return
    texts = [_plain(row.text) for row in hunk.rows]
    html = dict[int, str]()
    for kind in ("removed", "added"):
        side = [at for at, row in enumerate(hunk.rows) if row.kind in {kind, "same"}]
        html |= zip(side, colored([texts[at] for at in side], path), strict=True)
    if hunk.context or max(hunk.rows[0].old, hunk.rows[0].new) > 1:
        yield f'<tr class="d-hunk"><td colspan="4">{escaped(hunk.context[:200]) or "…"}</td></tr>'
    for at, row in enumerate(hunk.rows):
        told = html.get(at) or escaped(texts[at])
        numbers = "".join(f'<td class="n">{number or ""}</td>' for number in (row.old, row.new))
        yield f'<tr class="d-{row.kind}">{numbers}<td class="m">{_MARKS[row.kind]}</td><td class="t">{told}</td></tr>'


def _plain(text: str) -> str:
    """Return a line of a file without control characters, and not too long; a carriage return at its end is shown."""
    line = f"{text.removesuffix(chr(13))}␍" if text.endswith("\r") else text
    line = clean(line).expandtabs(4)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _path(path: str) -> str:
    return escaped(path.replace("\n", "\N{REPLACEMENT CHARACTER}")[:500])


def _sums(added: int, removed: int) -> str:
    return f'<span class="plus">+{added}</span> <span class="minus">-{removed}</span>'

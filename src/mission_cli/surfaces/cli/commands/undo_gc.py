"""The commands `undo` and `gc`."""

from __future__ import annotations

import itertools
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli._support.text import counted, show_bytes
from mission_cli.surfaces.cli.shell import Identity, Shell, command
from mission_cli.surfaces.lines import line, paragraph
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.app.commands.cleanup import Cleared
    from mission_cli.app.results.machine import Judged
    from mission_cli.surfaces.lines import Line


_NOUNS = {
    "tree": "tree",
    "job": "log",
    "wip": "saved change",
    "branch": "branch",
    "scratch": "scratch folder",
}
"""What people call the kinds of things; the others are refs of the program."""
_MANY = {"branch": "branches"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "undo", help="Undo the last decision, unless it had an irreversible effect.")(undo)
    words = "Clean up after finished missions: trees, logs, branches, saved work that has landed; never other work."
    command(app, "gc", help=words)(gc)


def undo(shell: Shell, mission: Identity = "") -> int:
    """Undo the last decision."""
    from mission_cli.app.commands.undo import undo as take_back
    from mission_cli.document.merging.difference import sentences
    from mission_cli.surfaces.views.text import undone_words

    done = take_back(shell.open().context, mission)
    lines = [undone_words(done), *(f"  {line}" for line in sentences(done.changes))]
    shell.say("\n".join([*lines, *([done.note] if done.note else [])]), done)
    return 0


def gc(
    shell: Shell,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be removed; change nothing.")] = False,
) -> int:
    """Remove data of finished missions; print what stays and why."""
    from mission_cli.app.commands.cleanup import collect
    from mission_cli.app.results.machine import Collected
    from mission_cli.wiring.compose import storage

    opened = shell.open()
    with shell.busy("looking at what finished missions left" if dry_run else "cleaning up"):
        cleared = collect(opened.context, storage(opened), dry_run=dry_run)
    collected = Collected(dry_run, cleared.removed, cleared.kept, cleared.rolled, cleared.freed)
    view = partial(cleanup_lines, cleared, dry_run=dry_run, every=shell.verbose)
    shell.draw(lambda size: view(size.width), collected, long=shell.verbose)
    return 0


def cleanup_lines(cleared: Cleared, width: int, *, dry_run: bool, every: bool) -> list[Line]:
    """Return one line per mission for what goes and one for what stays, or one for each thing; then the sum."""
    words = f"{counted(len(cleared.removed), 'thing')}, {show_bytes(cleared.freed)}"
    last = line((f"{'would be removed' if dry_run else 'removed'}: {words}", "bold"))
    goes = "would remove" if dry_run else "removed"
    lines = [row for one in _order(cleared) for row in _mission(cleared, one, width, goes, every=every)]
    for mission, count in cleared.rolled.items():
        verb = "would be" if dry_run else "are" if count > 1 else "is"
        lines += paragraph(f"{counted(count, 'run record')} of {mission} {verb} archived by year", width)
    return [*lines, last]


def _order(cleared: Cleared) -> list[str]:
    return list(dict.fromkeys(one.mission for one in (*cleared.removed, *cleared.kept)))


def _mission(cleared: Cleared, mission: str, width: int, goes: str, *, every: bool) -> Iterator[Line]:
    removed = [one for one in cleared.removed if one.mission == mission]
    kept = [one for one in cleared.kept if one.mission == mission]
    if every:
        for word, things, style in ((goes, removed, "green"), ("kept", kept, "yellow")):
            for one in things:
                yield line((_thing(word, one), style))
        return
    name, parts = mission or "no mission", []
    if removed:
        size = sum(one.bytes for one in removed)
        parts.append(f"{goes} {_kinds(removed)}" + (f", {show_bytes(size)}" if size else ""))
    expected = [one for one in kept if _of_mission(one)]
    for why, alike in itertools.groupby(sorted(expected, key=lambda one: one.why), key=lambda one: one.why):
        parts.append(f"kept {_kinds([*alike])}: {why}")
    if parts:
        yield from paragraph(f"{name}: {'; '.join(parts)}", width, "green" if removed else "dim")
    for one in kept:
        if one not in expected:  # a person's work, or something that is not known to be saved
            yield from paragraph(f"{name}: kept the {_noun(one)} {one.name}: {one.why}", width, "yellow")


def _kinds(things: Sequence[Judged]) -> str:
    """Return how many there are of each kind, such as `2 branches, 1 tree`."""
    found = Counter(map(_noun, things))
    return ", ".join(counted(count, noun, _MANY.get(noun, "")) for noun, count in sorted(found.items()))


def _noun(one: Judged) -> str:
    return _NOUNS.get(one.kind, "ref")


def _of_mission(one: Judged) -> bool:
    """Whether it is kept because of the state of its mission, and not because of its content."""
    return "its mission" in one.why or one.why.startswith(("no mission", "the highest number"))


def _thing(word: str, one: Judged) -> str:
    size = f", {show_bytes(one.bytes)}" if one.bytes else ""
    return clean(f"{word:<12} {one.kind:<7} {one.name}: {one.why}{size}")

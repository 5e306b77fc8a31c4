"""The commands `undo` and `gc`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.text import Text

from mission_cli._support.text import counted, show_bytes
from mission_cli.surfaces.cli.shell import Identity, Shell, command
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from mission_cli.app.commands.cleanup import Cleared
    from mission_cli.app.results.machine import Judged


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "undo", help="Undo the last decision, unless it had an irreversible effect.")(undo)
    words = "Clean up after finished missions: trees, logs, branches, saved work that has landed; never other work."
    command(app, "gc", help=words)(gc)


def undo(shell: Shell, mission: Identity = "") -> int:
    """Undo the last decision."""
    from mission_cli.app.commands.undo import undo as take_back
    from mission_cli.document.merging.difference import sentences

    done = take_back(shell.open().context, mission)
    lines = [f"{done.id}: undone: {done.subject}", *(f"  {line}" for line in sentences(done.changes))]
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
    cleared = collect(opened.context, storage(opened), dry_run=dry_run)
    collected = Collected(dry_run, cleared.removed, cleared.kept, cleared.rolled, cleared.freed)
    shell.show(_view(cleared, dry_run=dry_run, every=shell.verbose), collected)
    return 0


def _view(cleared: Cleared, *, dry_run: bool, every: bool) -> Group:
    lines = [_line("would go" if dry_run else "removed", one, "green") for one in cleared.removed]
    living = Counter((one.mission, one.why) for one in cleared.kept if _of_mission(one))
    lines += [_line("kept", one, "yellow") for one in cleared.kept if every or not _of_mission(one)]
    if not every:
        for (mission, why), count in living.items():
            lines.append(Text(clean(f"kept      {counted(count, 'thing')} of {mission}: {why}"), style="yellow"))
    for mission, count in cleared.rolled.items():
        verb = "would be" if dry_run else "are" if count > 1 else "is"
        lines.append(Text(clean(f"{counted(count, 'run record')} of {mission} {verb} archived by year")))
    words = f"{counted(len(cleared.removed), 'thing')}, {show_bytes(cleared.freed)}"
    lines.append(Text(f"{'would be removed' if dry_run else 'removed'}: {words}", style="bold"))
    return Group(*lines)


def _of_mission(one: Judged) -> bool:
    """Whether it is kept because of the state of its mission, and not because of its content."""
    return "its mission" in one.why or one.why.startswith(("no mission", "the highest number"))


def _line(word: str, one: Judged, style: str) -> Text:
    size = f", {show_bytes(one.bytes)}" if one.bytes else ""
    return Text(clean(f"{word:<9} {one.kind:<7} {one.name}: {one.why}{size}"), style=style)

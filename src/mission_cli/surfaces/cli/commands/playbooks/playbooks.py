"""`mission playbooks`: which there are, what one needs, and what is wrong with a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli.surfaces.cli.shell import Shell, command, group
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.ports.templates import PlaybookFile, PlaybookFiles


def register(app: typer.Typer) -> None:
    """Add the commands."""
    inner = group(app, "playbooks", "Plans with parameters, from which missions are made.")
    command(inner, "list", help="List the playbooks that `mission new --playbook` can use here.")(list_)
    command(inner, "show", help="Show the parameters and the plan of a playbook.")(show)
    command(inner, "check", help="Report errors and warnings in playbook files, with line and column.")(check)


def list_(shell: Shell) -> int:
    """List all playbooks."""
    from mission_cli.app.playbooks.library import listed
    from mission_cli.surfaces.reporting.playbooks import listed_text
    from mission_cli.wiring.host import playbook_files

    found = listed(playbook_files(shell.repo))
    shell.show(listed_text(found), found)
    return 0


def show(shell: Shell, name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, or a path.")]) -> int:
    """Show one playbook."""
    from mission_cli.app.playbooks.library import choose, shown
    from mission_cli.surfaces.reporting.playbooks import shown_text
    from mission_cli.wiring.host import playbook_files

    found = shown(choose(playbook_files(shell.repo), name))
    shell.show(shown_text(found), found, long=True)
    return 0


def check(
    shell: Shell,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE…]", help="Paths or names; default: all playbooks.")
    ] = None,
) -> int:
    """Report what is wrong with playbooks; return 1 if there are errors."""
    from mission_cli._support.text import counted
    from mission_cli.app.playbooks.library import checked
    from mission_cli.domain.problems import Problem
    from mission_cli.wiring.host import playbook_files

    library = playbook_files(shell.repo)
    found = checked(library, [*_named(library, files or [])])
    lines = [Problem(p.line, p.column, p.message, p.hint, p.severity).at(p.path) for p in found.problems]
    sums = (found.errors, "error"), (len(found.problems) - found.errors, "warning"), (len(found.files), "file")
    lines.append(", ".join(counted(*one) for one in sums))
    shell.show("\n".join(map(clean, lines)), found)
    return 1 if found.errors else 0


def _named(library: PlaybookFiles, names: list[str]) -> Iterator[PlaybookFile]:
    """Yield the files of names and paths; all that were found if none is named."""
    from mission_cli.app.playbooks.library import file_named

    for name in names:
        yield file_named(library, name if not Path(name).is_file() else str(Path(name).absolute()))
    if not names:
        yield from library.found()

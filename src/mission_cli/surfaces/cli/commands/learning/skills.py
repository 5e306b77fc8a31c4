"""`mission skills`: what missions learned, forgetting it, and writing it for agents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mission_cli.surfaces.cli.shell import Shell, command, group

_Name = Annotated[str, typer.Argument(metavar="NAME", help="Its name; mission skills list names all.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    inner = group(app, "skills", "What completed missions learned, which later missions get as advice.")
    command(inner, "list", help="List what missions learned, with its score and where it comes from.")(list_)
    command(inner, "show", help="Show a skill with its evidence, and the attempts that had it.")(show)
    command(inner, "forget", help="Never use or learn a skill again.")(forget)
    command(inner, "export", help="Write skills as folders with a SKILL.md, which coding agents read.")(export)


def list_(
    shell: Shell,
    everywhere: Annotated[bool, typer.Option("--all", help="Also those of your other repositories.")] = False,
) -> int:
    """List the skills."""
    from mission_cli.app.skills.library import listed
    from mission_cli.surfaces.reporting.skills import listed_text

    found = listed(shell.look().context, everywhere=everywhere)
    shell.show(listed_text(found), found)
    return 0


def show(shell: Shell, name: _Name) -> int:
    """Show one skill."""
    from mission_cli.app.skills.library import shown
    from mission_cli.surfaces.reporting.skills import shown_text

    found = shown(shell.look().context, name)
    shell.show(shown_text(found), found)
    return 0


def forget(shell: Shell, name: _Name) -> int:
    """Forget one skill."""
    from mission_cli.app.skills.library import forget as forgotten

    done = forgotten(shell.open().context, name)
    words = "is forgotten" if done.commit else "was forgotten before"
    shell.say(f"{done.name} {words}: no mission uses or learns it again", done)
    return 0


def export(
    shell: Shell,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME…]", help="Which ones; default: all that enter prompts.")
    ] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", help="The folder; default: where an installed agent reads them.")
    ] = "",
) -> int:
    """Write skills as folders."""
    from mission_cli._support.text import counted
    from mission_cli.app.skills.library import MARK, exported
    from mission_cli.app.skills.results import ExportedSkills
    from mission_cli.domain.errors import UsageError
    from mission_cli.surfaces.plain import clean
    from mission_cli.wiring.host import skills_folder, write_skills

    opened = shell.open()
    tree = opened.checkout.main_tree
    if not output and tree is None:
        raise UsageError("this repository has no checkout", hint="name a folder with --output")
    folder = Path(output) if output or tree is None else tree / skills_folder()
    written, kept = write_skills(folder, exported(opened.context, names or []), MARK)
    lines = [f"{counted(len(written), 'skill')} written to {folder}"]
    lines += [f"kept as it is, because something else wrote it: {path}" for path in kept]
    shell.say("\n".join(map(clean, lines)), ExportedSkills(str(folder), written, kept))
    return 0

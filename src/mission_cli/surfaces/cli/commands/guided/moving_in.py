"""Move a mission without a repository into one: this one, or a new one that is made for it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli._support.dataclass import replace
from mission_cli.domain.errors import UsageError

if TYPE_CHECKING:
    from mission_cli.surfaces.cli.shell import Shell
    from mission_cli.wiring.new_repository import NewRepository

CreateRepo = Annotated[
    Path | None, typer.Option("--create-repo", metavar="PATH", help="Make a repository there, with a first commit.")
]
Remote = Annotated[str, typer.Option("--remote", metavar="URL", help="Add this remote to the new repository.")]
ForgeRepo = Annotated[
    str, typer.Option("--forge-repo", metavar="OWNER/NAME", help="Create this repository on the forge, and push to it.")
]
Private = Annotated[bool, typer.Option("--private", help="Make the repository private.")]


def new_repository(place: Path | None, remote: str, at_forge: str, *, private: bool) -> NewRepository | None:
    """Return the new repository that is asked for, or None. Raises UsageError for what cannot be done."""
    from mission_cli.wiring.new_repository import NewRepository

    if place is None:
        if remote or at_forge or private:
            raise UsageError("these options are for a new repository", hint="add --create-repo PATH")
        return None
    wanted = NewRepository(place.absolute(), remote, at_forge, private=private)
    wanted.refuse_nonsense()
    return wanted


def move_in(shell: Shell, mission: str, wanted: NewRepository | None, base: str = "", *, start: bool = False) -> int:
    """Make the repository, if one is asked for, and move the mission there; report it, or start it.

    Every step is done once: a command that was killed is given again, and goes on.
    """
    from mission_cli.app.addressing import resolve
    from mission_cli.app.commands.create import attach
    from mission_cli.app.results.files import Attached
    from mission_cli.domain.notice import do
    from mission_cli.wiring.compose import open_homeless
    from mission_cli.wiring.host import transfer

    if wanted is not None:
        for words in wanted.make():
            shell.note(words)
        shell = replace(shell, repo=wanted.place, _opened=None)
    home = open_homeless(create=True)
    if home is None:
        raise AssertionError("open_homeless(create=True) returned None")
    stored = resolve(home.snapshot(), mission).stored
    opened = shell.open(create=True)
    relocation = transfer(home, opened.state, stored)
    repo, base = os.fspath(opened.checkout.name), base or opened.default_base()
    place = attach(opened.context, stored, relocation, repo=repo, base=base)
    onward = do("start", stored.id) if wanted is None else do("start", stored.id, "--repo", os.fspath(wanted.place))
    where = "here" if wanted is None else f"to {wanted.place}"
    words = f"{stored.id} was moved {where}, with its history: {place}"
    if start:
        from mission_cli.surfaces.cli.commands.lifecycle import start as start_mission

        shell.note(words)
        return start_mission(shell.acting("start"), stored.id, yes=True, headless=True)
    shell.say(f"{words}\nnext: {onward}", Attached(stored.id, place))
    return 0

"""`mission resource`: what a mission needs from people, and how they provide it. No value is ever printed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli.domain.errors import UsageError
from mission_cli.domain.notice import do
from mission_cli.domain.resources.rows import ResourceType
from mission_cli.surfaces.cli.shell import Identity, Shell, command, group

if TYPE_CHECKING:
    from mission_cli.app.transaction import Done
    from mission_cli.domain.resources.rows import Resource
    from mission_cli.wiring.opened import Opened

_LARGEST = 65_537
_Mission = Annotated[str, typer.Argument(metavar="ID", help="The mission; a prefix is enough.")]
_Name = Annotated[str, typer.Argument(metavar="NAME", help="The resource, for example stripe-key.")]
_Reference = Annotated[
    str, typer.Option("--reference", metavar="REF", help="Where the value is: env:NAME, file:~/PATH, pass:PATH, …")
]
_Expires = Annotated[str, typer.Option("--expires", metavar="TIME", help="Until when it is available: 2026-12-01.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    inner = group(app, "resource", "What a mission needs from people: keys, domains, accounts, servers, programs.")
    command(inner, "list", help="List what a mission needs, and what waits for it.")(list_resources)
    command(inner, "add", help="Add something that a mission needs; a feature waits for it with [needs:NAME].")(add)
    command(inner, "check", help="Check whether resources are available, and record what changed.")(check)
    command(inner, "provide", help="Provide a resource: say where its value is, or give the value.")(provide)


def list_resources(shell: Shell, mission: Identity = "") -> int:
    """List the resources of a mission."""
    from mission_cli.app.resources.listing import resources_of
    from mission_cli.surfaces.views.resources import resource_lines

    found = resources_of(shell.look().context, mission)
    shell.draw(lambda _: resource_lines(found), found)
    return 0


def add(
    shell: Shell,
    mission: _Mission,
    name: _Name,
    kind: Annotated[
        str, typer.Option("--type", help="credential, domain, account, server, quota, tool, service or another word.")
    ] = "",
    purpose: Annotated[str, typer.Option("--purpose", help="What it is needed for.")] = "",
    reference: _Reference = "",
    check_with: Annotated[
        str, typer.Option("--check", metavar="COMMAND", help="A command that succeeds when it is available.")
    ] = "",
    expires: _Expires = "",
    notes: Annotated[str, typer.Option("--notes", help="What else people should know.")] = "",
    delivery: Annotated[
        str, typer.Option("--delivery", help="Keep it out of the sandbox: `proxy https://HOST HEADER: TEXT {}`.")
    ] = "",
) -> int:
    """Add a resource."""
    from mission_cli.app.resources.change import NewResource, add_resource

    opened = shell.open()
    new = NewResource(name, kind, purpose, reference, check_with, expires, notes, delivery)
    return _finish(shell, opened, add_resource(opened.context, mission, new))


def check(
    shell: Shell,
    mission: Identity = "",
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The resource; default: all of the mission.")] = "",
) -> int:
    """Look whether resources are there."""
    from mission_cli.app.resources.change import check_resources

    opened = shell.open()
    with shell.busy("looking"):
        done = check_resources(opened.context, mission, name)
    return _finish(shell, opened, done)


def provide(
    shell: Shell,
    mission: _Mission,
    name: _Name,
    reference: _Reference = "",
    value_stdin: Annotated[
        bool, typer.Option("--value-stdin", help="Read the value from stdin, and store it in a file of yours.")
    ] = False,
    expires: _Expires = "",
) -> int:
    """Provide a resource. A secret without a reference is asked for, without showing it."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.resources.change import provide_resource
    from mission_cli.app.resources.listing import needed_resource

    opened = shell.open()
    ctx = opened.context
    one = needed_resource(resolve(ctx.state.snapshot(), mission).need_whole(), name)
    value = _value(shell, mission, one, reference=reference, from_stdin=value_stdin)
    done = provide_resource(ctx, mission, name, reference=reference, value=value, expires=expires)
    return _finish(shell, opened, done)


def _finish(shell: Shell, opened: Opened, done: Done) -> int:
    """Run the pulse that lets waiting features go on, and print the resources as they are then."""
    from mission_cli._support.dataclass import replace
    from mission_cli.app.resources.listing import resources_of
    from mission_cli.surfaces.cli.commands.lifecycle import finish

    found = resources_of(opened.context, done.address.mission.id)
    return finish(shell, opened, done, facts=replace(found, message=done.words, commit=done.commit or ""))


def _value(shell: Shell, mission: str, one: Resource, *, reference: str, from_stdin: bool) -> str | None:
    """Return the value that a person gives; None if none is needed."""
    if from_stdin:
        return sys.stdin.read(_LARGEST)
    if reference or one.reference or one.kind is not ResourceType.CREDENTIAL:
        return None
    if not shell.interactive:
        hint = do("resource", "provide", mission, one.key, "--reference", "env:NAME")
        raise UsageError(f"say where the value of {one.name} is, or give it with --value-stdin", hint=hint)
    return str(typer.prompt(f"The value of {one.name}, which is not shown", hide_input=True, err=True))

"""`mission hosts`: machines and clusters on which attempts run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli.surfaces.cli.shell import Shell, Yes, command, group

if TYPE_CHECKING:
    from mission_cli.app.hosts.results import TestedHost

_Name = Annotated[str, typer.Argument(metavar="HOST", help="The host; mission hosts list names all.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    inner = group(app, "hosts", "Machines and clusters on which attempts run, besides this machine.")
    command(inner, "list", help="List the hosts with what runs there and whether they can be reached.")(list_)
    command(inner, "add", help="Add a host to your own settings, and test it.")(add)
    command(inner, "test", help="Check everything that attempts need on a host; exit 1 if something is missing.")(
        test_hosts
    )
    command(inner, "drain", help="Start nothing new on a host; what runs there continues.")(drain)
    command(inner, "clean", help="Remove the files of mission from a host.")(clean)
    command(inner, "remove", help="Remove a host from your settings.")(remove)


def list_(shell: Shell) -> int:
    """List the hosts."""
    from mission_cli.app.hosts.commands import listed
    from mission_cli.surfaces.reporting.hosts import listed_text

    ctx = shell.open_unmade().context
    found = listed(ctx)
    shell.show(listed_text(found, ctx.clock.now()), found)
    return 0


def add(
    shell: Shell,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name: lower-case letters, digits and `-`.")],
    address: Annotated[
        str, typer.Argument(metavar="[ADDRESS]", help="As ssh takes it, or the URL of Ray or Kubernetes.")
    ] = "",
    kind: Annotated[str, typer.Option("--kind", help="ssh, ray, slurm or kubernetes.")] = "ssh",
    workers: Annotated[int, typer.Option("--workers", help="Attempts that may run there at once.")] = 1,
    label: Annotated[list[str] | None, typer.Option("--label", help="What it offers; repeatable.")] = None,
    runner: Annotated[
        list[str] | None, typer.Option("--runner", help="A runner that works there; default: all.")
    ] = None,
    exchange: Annotated[
        str, typer.Option("--exchange", help="The git repository that both sides reach; ssh needs none.")
    ] = "",
    image: Annotated[str, typer.Option("--image", help="kubernetes: the image in which attempts run.")] = "",
    token: Annotated[str, typer.Option("--token", help="env:NAME or file:PATH of the token.")] = "",
    test_it: Annotated[bool, typer.Option("--test/--no-test", help="Test it at once.")] = True,
) -> int:
    """Write the table, then test the host."""
    from mission_cli.app.hosts.results import AddedHost
    from mission_cli.settings.hosts import HostSettings
    from mission_cli.surfaces.reporting.hosts import tested_text
    from mission_cli.wiring.own_settings import add_host

    told = HostSettings(
        kind=kind,
        address=address,
        exchange=exchange,
        workers=workers,
        labels=tuple(label or ()),
        runners=tuple(runner or ()),
        image=image,
        token=token,
    )
    file = add_host(name, told)
    found = _tested(shell, name) if test_it else None
    words = [f"{name} was added to {file}", *([tested_text([found])] if found else [])]
    shell.say("\n".join(words), AddedHost(name, file, found))
    return 0 if found is None or found.ok else 1


def _tested(shell: Shell, name: str) -> TestedHost:
    from mission_cli.app.hosts.commands import examined

    ctx = shell.open_unmade().context
    with shell.busy(f"test {name}"):
        return examined(ctx, [name]).hosts[0]


def test_hosts(
    shell: Shell,
    name: Annotated[str, typer.Argument(metavar="[HOST]", help="The host; default: all.")] = "",  # noqa: PT028 - a command, no test
    reach: Annotated[bool, typer.Option("--reach", help="Only ask whether it can be reached.")] = False,  # noqa: PT028 - see above
) -> int:
    """Test one host or all."""
    from mission_cli.app.hosts.commands import examined
    from mission_cli.surfaces.reporting.hosts import tested_text

    ctx = shell.open_unmade().context
    with shell.busy(f"test {name}" if name else "test the hosts"):
        found = examined(ctx, [name] if name else [], whole=not reach)
    shell.show(tested_text(found.hosts), found)
    return 0 if found.ok else 1


def drain(
    shell: Shell,
    name: _Name,
    undo: Annotated[bool, typer.Option("--undo", help="Let it take attempts again.")] = False,
) -> int:
    """Drain a host, or take that back."""
    from mission_cli.app.hosts.commands import drain as drained
    from mission_cli.surfaces.reporting.hosts import drained_text

    done = drained(shell.open_unmade().context, name, on=not undo)
    shell.say(drained_text(done), done)
    return 0


def clean(
    shell: Shell,
    name: _Name,
    everything: Annotated[bool, typer.Option("--all", help="Also the files of other repositories and clones.")] = False,
    discard: Annotated[bool, typer.Option("--discard", help="Also results that were not taken over.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be removed; change nothing.")] = False,
    yes: Yes = False,
) -> int:
    """Remove the program, clones and results of a host on which nothing runs."""
    from mission_cli.app.hosts import commands
    from mission_cli.surfaces.reporting.hosts import cleaned_text

    ctx = shell.open_unmade().context
    removed = partial(commands.clean, ctx, name, everything=everything, discard=discard)
    if dry_run or (shell.interactive and not yes):
        with shell.busy(f"look at {name}"):
            found = removed(dry_run=True)
        shell.say(cleaned_text(found), found)
        if dry_run or not found.removed:
            return 0
    if not shell.agreed(f"the files of mission on {name} are removed", yes=yes, shown=True):
        return 0
    with shell.busy(f"clean {name}"):
        done = removed(dry_run=False)
    shell.say(cleaned_text(done), done)
    return 0


def remove(shell: Shell, name: _Name, yes: Yes = False) -> int:
    """Remove the table of a host on which nothing runs."""
    from mission_cli._support.text import counted
    from mission_cli.app.hosts.commands import look_of
    from mission_cli.app.hosts.results import RemovedHost
    from mission_cli.domain.errors import UsageError
    from mission_cli.domain.notice import do
    from mission_cli.wiring.own_settings import remove_host

    look = look_of(shell.open_unmade().context, name)
    running = look.running
    if running:
        words = f"{counted(running, 'attempt')} of this repository {'is' if running == 1 else 'are'} on {name}"
        raise UsageError(words, hint=f"drain it first, and wait: {do('hosts', 'drain', name)}")
    if not shell.agreed(f"the table [hosts.{name}] is removed from your settings", yes=yes):
        return 0
    file = remove_host(name)
    rest = f"\nthe files of mission stay there; to remove them: {do('hosts', 'clean', name)}" if look.used else ""
    shell.say(f"{name} was removed from {file}{rest}", RemovedHost(name, file, running, look.used))
    return 0

"""`mission account`: the accounts that a mission needs, and signing up for one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli._support.text import parse_duration
from mission_cli.domain.errors import UsageError
from mission_cli.surfaces.cli.shell import Identity, Shell, Yes, command, group
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.app.accounts.results import AccountView

_LOOK_SECONDS = 2.0
_STOPPED, _NEEDS_PERSON = 1, 3
Name = Annotated[str, typer.Argument(metavar="NAME", help="The account: a row of ## Resources of the type account.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    inner = group(app, "account", "Accounts that a mission needs, and signing up for them.")
    command(inner, "list", help="List the accounts of a mission, and how far their sign-ups are.")(list_)
    command(inner, "show", help="Show the plan of a sign-up, which steps are done, and its pictures.")(show)
    command(inner, "run", help="Sign up, or continue where a sign-up waits.")(run)


def list_(shell: Shell, mission: Identity = "") -> int:
    """List the accounts."""
    from mission_cli.app.accounts.show import listed

    found = listed(shell.look().context, mission)
    lines = [f"{one.name}: {one.status}, {one.done} of {len(one.steps)} steps" for one in found.accounts]
    shell.show("\n".join(map(clean, lines)) or f"{found.id} needs no account", found)
    return 0


def show(shell: Shell, mission: Identity, name: Name) -> int:
    """Show one account."""
    from mission_cli.app.accounts.show import listed

    found = listed(shell.look().context, mission, name)
    shell.show("\n".join(map(clean, _lines(found.accounts[0]))), found, long=True)
    return 0


def run(
    shell: Shell,
    mission: Identity,
    name: Name,
    wait: Annotated[
        str, typer.Option("--wait", help="How long a page stays open for a mail or a person, such as 10m.")
    ] = "10m",
    again: Annotated[bool, typer.Option("--again", help="Start over.")] = False,
    go_on: Annotated[bool, typer.Option("--go-on", help="Treat a click whose outcome is unknown as done.")] = False,
    yes: Yes = False,
) -> int:
    """Show the plan, ask, and carry it out; exit 3 if it waits for a person or a mail."""
    from mission_cli.app.accounts.run import prepared, sign_up
    from mission_cli.app.accounts.show import listed
    from mission_cli.wiring.job_ancestry import refuse_worker

    refuse_worker(shell.repo)
    span = parse_duration(wait)
    if span is None or (again and go_on):
        raise UsageError("--wait takes a duration, and --again excludes --go-on", hint="--wait 10m")
    ctx = shell.open().context
    identity, account, plan, _ = prepared(ctx, mission, name)
    if not yes:
        shell.note("\n".join(map(clean, _lines(listed(ctx, identity, account.key).accounts[0]))))
    what = f"these steps would be carried out at {', '.join(plan.hosts)}"
    if not shell.agreed(what, yes=yes, question="Sign up?"):
        return 0
    with shell.busy("signing up"):
        pause = _patience(span.total_seconds())
        found = sign_up(ctx, identity, account.key, pause=pause, again=again, go_on=go_on)
    shell.say(clean(found.message), found)
    return {"done": 0, "waiting": _NEEDS_PERSON}.get(found.state, _STOPPED)


def _patience(seconds: float) -> Callable[[], bool]:
    """Return what waits a moment, and says whether there is time left."""
    until = time.monotonic() + seconds

    def pause() -> bool:
        left = until - time.monotonic()
        time.sleep(max(0.0, min(_LOOK_SECONDS, left)))  # polled: a mail or an answer comes from elsewhere
        return left > 0

    return pause


def _lines(one: AccountView) -> list[str]:
    lines = [f"{one.name}: {one.status}", f"address: {one.address or 'none: [mail] is off'}"]
    lines += [f"password: {one.reference}"] if one.reference else []
    lines += [f"  {'done' if n <= one.done else '    '} {n}. {step}" for n, step in enumerate(one.steps, 1)]
    lines += [f"problem: {problem}" for problem in one.problems]
    return [*lines, *(f"picture: assets/{name}" for name in one.pictures)]

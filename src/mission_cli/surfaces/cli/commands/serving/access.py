"""`mission access`: the tokens of the server's users, and the secrets of webhooks."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from mission_cli.surfaces.cli.shell import Identity, Shell, Yes, command, group

_Name = Annotated[str, typer.Argument(metavar="NAME", help="The name, which is in approvals and logs.")]
_HEADER = "X-Mission-Signature"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    inner = group(app, "access", "Manage who may use `mission serve`, and the secrets of webhooks.")
    command(inner, "add", help="Make a token for a user of the server; it is shown once.")(add)
    command(inner, "list", help="List the users of the server.")(show)
    command(inner, "remove", help="Remove a user; a running server rejects the token at once.")(remove)
    command(inner, "webhook", help="Show the address and the secret by which a program reports an event.")(webhook)


def add(
    shell: Shell,
    name: _Name,
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="missions.read, missions.manage or approve; default: missions.read."),
    ] = None,
    email: Annotated[str, typer.Option("--email", help="Address, for the author of commits.")] = "",
) -> int:
    """Make a token."""
    from mission_cli.app.deciding.results import UserAdded
    from mission_cli.app.deciding.users import add_user
    from mission_cli.wiring.host import access_file, now

    kept = access_file()
    token = add_user(kept, name, scope or [], email=email, now=now())
    scopes = next(one.scopes for one in kept.all() if one.name == name)
    words = f"{token}\nThe token of {name} ({', '.join(scopes)}) is shown this once; restart `mission serve` to use it"
    shell.show(words, UserAdded(name, scopes, token))
    return 0


def show(shell: Shell) -> int:
    """List the users."""
    from mission_cli.app.deciding.results import User, Users
    from mission_cli.wiring.host import access_file

    users = [User(one.name, one.scopes, one.since, one.email) for one in access_file().all()]
    lines = [f"{one.name}  {', '.join(one.scopes)}  since {one.since}" for one in users]
    shell.show("\n".join(lines) or "there are no tokens; `mission access add NAME` makes one", Users(users))
    return 0


def remove(shell: Shell, name: _Name, yes: Yes = False) -> int:
    """Remove a user."""
    from mission_cli.app.deciding.results import UserRemoved
    from mission_cli.app.deciding.users import remove_user
    from mission_cli.wiring.host import access_file

    if not shell.agreed(f"the token of {name} is removed", yes=yes):
        return 0
    remove_user(access_file(), name)
    shell.say(f"{name} no longer has a token", UserRemoved(name))
    return 0


def webhook(
    shell: Shell,
    mission: Identity,
    wait: Annotated[str, typer.Argument(metavar="EVENT", help="The wait, such as webhook:build.")],
) -> int:
    """Show how to report an event."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.deciding.results import WebhookAccess
    from mission_cli.app.deciding.webhooks import door_of
    from mission_cli.wiring.host import webhook_key

    ctx = shell.open().context
    identity = resolve(ctx.state.snapshot(), mission).mission.id
    door = door_of(ctx, webhook_key(), identity, wait)
    url = f"{ctx.settings.serve.url or 'http://127.0.0.1:8765'}/hooks/signal/{quote(door.wait, safe='')}"
    words = (
        f"POST {url}\n{_HEADER}: the HMAC-SHA256 of the body, in hexadecimal digits, with the secret\n{door.secret}\n"
        f"The body is JSON for the worker of {identity}/{door.feature}"
    )
    shell.show(words, WebhookAccess(identity, door.feature, url, door.secret, _HEADER))
    return 0

"""`mission serve`: the HTTP server in the foreground."""

from __future__ import annotations

import os
import secrets
import threading
import time
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli._support.text import counted
from mission_cli.domain.errors import ToolError, UsageError
from mission_cli.domain.notice import advise, do
from mission_cli.surfaces.cli.commands.browsing import phone
from mission_cli.surfaces.cli.commands.browsing.browser import open_address
from mission_cli.surfaces.cli.shell import Shell, command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.deciding.access import Access
    from mission_cli.surfaces.http.places import Places

PORT = 8765


def register(app: typer.Typer) -> None:
    """Add the command."""
    words = "Serve the web page, links to decide, webhooks and the API over HTTP, until SIGTERM or Ctrl+C."
    command(app, "serve", help=words)(serve)


def serve(
    shell: Shell,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0: a free one.")] = PORT,
    listen: Annotated[
        str, typer.Option(metavar="ADDRESS", help="An address of this machine; others than loopback need a token.")
    ] = phone.USUAL,
    everywhere: Annotated[bool, typer.Option("--all", help="Serve every known repository.")] = False,
    read_only: Annotated[bool, typer.Option("--read-only", help="Refuse everything that changes something.")] = False,
    opens: Annotated[bool, typer.Option("--open", help="Open the page in your browser.")] = False,
    lan: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Listen in your network, and show a QR code that signs a phone in as this user, once."
        ),
    ] = "",
) -> int:
    """Serve this repository, or all of them."""
    _refuse_without_packages()
    from mission_cli.app.deciding.results import Serving
    from mission_cli.surfaces.http import server
    from mission_cli.surfaces.http.application import make_application
    from mission_cli.surfaces.http.codes import Codes
    from mission_cli.surfaces.http.guard import Rules
    from mission_cli.surfaces.http.places import Places
    from mission_cli.surfaces.http.sessions import Entrances
    from mission_cli.surfaces.http.web.entering import ENTER
    from mission_cli.wiring.host import (
        access_file,
        environment,
        find_checkout,
        resolved,
        servers,
        session_file,
        webhook_key,
    )

    users = access_file().all()
    listen = phone.listens(listen, lan, users) if lan else listen
    _refuse_without_token(listen, users)
    repo = find_checkout(shell.repo).name if not everywhere else shell.repo
    places, watched = (Places(repo, everywhere=everywhere) for _ in range(2))
    urls = _urls(places)
    listener, address = server.bind(listen, port)
    code = secrets.token_urlsafe(24) if not users else ""  # then it is on loopback
    codes = Codes(time.time, code)
    rules = Rules(server.own_names(address, urls), server.own_origins(address, urls), read_only)
    log = server.Log()
    application = make_application(
        places,
        rules,
        log=(lambda _: None) if shell.quiet else log.write,
        secret_of=lambda setting: resolved(setting, environment()),
        key=webhook_key,
        users=lambda: _still_users(users, access_file().all()),
        entrances=Entrances(codes, session_file(address.name)),
        watched=watched,
    )

    def ready() -> None:
        served = [os.fspath(place.path) for place in places.all()]
        url = f"http://{address.name}"
        page = f"{url}{ENTER}/{code}" if code else ""
        invited = f"{url}{ENTER}/{codes.invite(phone.digest_of(lan, users))}" if lan else ""
        facts = Serving(url, served, read_only, [user.name for user in users], page, invited)
        words = f"{url} serves {counted(len(served), 'repository', 'repositories')}; Ctrl+C stops it"
        shell.show(f"{words}\nopen {page}" if page else f"{words}\nopen {url}, and sign in with a token", facts)
        servers().announce(url, served)
        if invited:
            phone.show(shell, invited, lan)
        if opens and not open_address(f"{url}{ENTER}/{codes.invite()}" if code else url):
            shell.note("there is no screen here: no browser was opened")
        threading.Thread(target=places.warm, daemon=True).start()

    server.serve(application, listener, ready)
    log.close()
    return 0


def _refuse_without_packages() -> None:
    from mission_cli.app.queries.diagnosis.outside import PACKAGES, missing_packages

    missing = missing_packages()
    if missing:
        words = f"the Python package {missing} is not installed (extra http)"
        raise ToolError(words, hint=f"pip install {' '.join(PACKAGES)}")


def _refuse_without_token(listen: str, users: Sequence[Access]) -> None:
    from mission_cli.surfaces.http import server

    if not server.is_loopback(listen) and not users:
        hint = advise("add one first: ", do("access", "add", "NAME"))
        raise UsageError(f"{listen} can be reached by other machines, and there is no token", hint=hint)


def _still_users(at_start: Sequence[Access], now: Sequence[Access]) -> tuple[Access, ...]:
    """Return the users that the server began with and that have not been removed: no one is added by a file alone."""
    return tuple(one for one in at_start if one in now)


def _urls(places: Places) -> frozenset[str]:
    """Return the public addresses of the repositories. Raises MissionError if a single one cannot be opened."""
    return frozenset(url for _, ctx in places.contexts() if (url := ctx.settings.serve.url))

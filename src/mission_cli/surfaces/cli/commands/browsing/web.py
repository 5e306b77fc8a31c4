"""`mission open --web`: the page of a mission on a server that is running."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from mission_cli.domain.errors import BlockedError
from mission_cli.domain.notice import advise, do
from mission_cli.surfaces.cli.commands.browsing.browser import open_address

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mission_cli.app.addressing import Address
    from mission_cli.domain.deciding.servers import RunningServer
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.cli.shell import Shell


def open_page(shell: Shell, text: str) -> int:
    """Open the page of a mission or a feature's last attempt; start nothing. Raises BlockedError without a server."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.results.files import OpenedPage
    from mission_cli.wiring.host import find_checkout, servers

    ctx = shell.look().context
    address = resolve(ctx.state.snapshot(), text)
    repo = str(find_checkout(shell.repo).name)
    server = server_of(servers().running(), repo)
    if server is None:
        hint = advise(do("serve", "--open"), " starts one and opens its page")
        raise BlockedError("no server is running for this repository", hint=hint)
    several = f"?repo={quote(repo, safe='')}" if len(server.repositories) > 1 else ""
    url = f"{server.url}{path_of(ctx, address)}{several}"
    opened = open_address(url)
    words = f"opened {url}" if opened else f"open {url} (there is no screen here)"
    shell.show(words, OpenedPage(address.mission.id, url, opened))
    return 0


def server_of(running: Iterable[RunningServer], repo: str) -> RunningServer | None:
    """Return a server of this machine alone that serves a repository."""
    return next((one for one in running if repo in one.repositories and _is_here(one.url)), None)


def path_of(ctx: Context, address: Address) -> str:
    """Return the path of the page of a mission, or of the last attempt at a feature."""
    begin = f"/missions/{quote(address.mission.id, safe='')}"
    head = ctx.state.head()
    if address.feature is None or head is None:
        return begin
    start = f"{address.feature}-a"
    names = [name for name in ctx.state.runs(address.stored, head) if name.startswith(start)]
    last = max(names, key=lambda name: int(name.removeprefix(start)), default="")
    return f"{begin}/attempts/{last}" if last else begin


def _is_here(url: str) -> bool:
    try:
        return ipaddress.ip_address(urlsplit(url).hostname or "").is_loopback
    except ValueError:
        return False

"""What `serve --lan` shows for a phone: the address of this machine in its network, and a QR code of the page."""

from __future__ import annotations

import ipaddress
import socket
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mission_cli.domain.errors import ToolError, UsageError
from mission_cli.domain.notice import advise, do
from mission_cli.surfaces.plain import is_unicode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.deciding.access import Access
    from mission_cli.surfaces.cli.shell import Shell

USUAL = "127.0.0.1"
"""Where a server listens that is not told an address."""
_ELSEWHERE = "192.0.2.1"
"""An address for documentation: a socket to it has a local address, and nothing is ever sent."""


def lan_address() -> str:
    """Return the address by which others in the network reach this machine. Raises UsageError if there is none."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((_ELSEWHERE, 9))
            found = str(probe.getsockname()[0])
    except OSError:
        found = ""
    if not found or ipaddress.ip_address(found).is_loopback or ipaddress.ip_address(found).is_unspecified:
        raise UsageError("this machine has no address in a network", hint="name it: --listen ADDRESS")
    return found


def listens(listen: str, name: str, users: Sequence[Access]) -> str:
    """Return where a server for phones listens. Raises ToolError without the package that makes QR codes.

    Raises UsageError if there is no such user, or no address.
    """
    if find_spec("segno") is None:
        raise ToolError("the Python package segno is not installed (extra http)", hint="pip install segno")
    digest_of(name, users)
    return lan_address() if listen == USUAL else listen


def digest_of(name: str, users: Sequence[Access]) -> str:
    """Return the digest of the token of a user. Raises UsageError if there is none."""
    found = next((one.digest for one in users if one.name == name), None)
    if found is None:
        raise UsageError(f"{name!r} has no token", hint=advise("add one first: ", do("access", "add", name)))
    return found


def show(shell: Shell, url: str, name: str) -> None:
    """Print the QR code, if a person reads the output."""
    if not shell.as_json and not shell.quiet and is_unicode(sys.stdout):
        sys.stdout.write("\n".join([*qr_lines(url), ""]))
        sys.stdout.flush()
    shell.note(f"the code signs one phone in as {name}, within 5 minutes; only for networks that you trust: it is HTTP")


def qr_lines(url: str) -> list[str]:
    """Return a QR code as lines of half blocks: a filled half is a light module, as terminals are dark."""
    import segno

    rows = [[*map(bool, row)] for row in segno.make(url, error="m", micro=False).matrix_iter(border=2)]
    rows += [[False] * len(rows[0])] * (len(rows) % 2)
    blocks = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    return [
        "".join(blocks[upper, lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    ]

"""Style sheet and scripts, each at an address with the hash of its content, so that browsers may keep it for ever."""

from __future__ import annotations

import gzip
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from mission_cli._support.dataclass import dataclass
from mission_cli.surfaces.http.problems import RefusedRequestError

if TYPE_CHECKING:
    from starlette.requests import Request

PREFIX = "/static"
_FOLDER = Path(__file__).with_name("static")
_SURFACES = Path(__file__).parents[2]
_SHARED = (_SURFACES / "charts" / "charts.css", _SURFACES / "markup" / "markup.css")
"""Style sheets that other surfaces need, too."""
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_LEAST = 500
"""Bytes from which a body is compressed."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that pages need."""

    name: str
    content: bytes
    packed: bytes
    address: str


@cache
def files() -> dict[str, File]:
    """Return the files by their addresses."""
    found = {}
    for path in (*sorted(_FOLDER.iterdir()), *_SHARED):
        if path.suffix in _TYPES:
            content = path.read_bytes()
            address = f"{PREFIX}/{sha256(content).hexdigest()[:16]}/{path.name}"
            found[address] = File(path.name, content, gzip.compress(content, mtime=0), address)
    return found


@cache
def address_of(name: str) -> str:
    """Return the address of a file."""
    return next(one.address for one in files().values() if one.name == name)


async def _serve(request: Request) -> Response:
    found = files().get(request.url.path)
    if found is None:
        raise RefusedRequestError(404, "there is nothing at this address")
    headers = {"cache-control": "public, max-age=31536000, immutable", "content-type": _TYPES[Path(found.name).suffix]}
    return packed(request, found.content, headers, made=found.packed)


def packed(
    request: Request, body: bytes, headers: dict[str, str], *, status: int = 200, made: bytes | None = None
) -> Response:
    """Return a response, compressed if the browser can read that."""
    headers = {**headers, "vary": "Accept-Encoding"}
    if len(body) >= _LEAST and "gzip" in request.headers.get("accept-encoding", ""):
        body = made or gzip.compress(body, compresslevel=6, mtime=0)
        headers["content-encoding"] = "gzip"
    return Response(body, status, headers)


def routes() -> list[Route]:
    """Return the route of the files."""
    return [Route(f"{PREFIX}/{{digest}}/{{name}}", _serve, methods=["GET"])]

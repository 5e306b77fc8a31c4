"""Read the body of a request: not more of it, and not longer, than expected."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect

from mission_cli.surfaces.http.problems import RefusedRequestError

if TYPE_CHECKING:
    from starlette.requests import Request

SECONDS = 10.0
"""For the whole body."""
_MOST_FIELDS = 50
FORM = "application/x-www-form-urlencoded"


async def body_of(request: Request, most: int) -> bytes:
    """Return the body. Raises RefusedRequestError if it is too long or too slow."""
    parts, size = [], 0
    try:
        async with asyncio.timeout(SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise RefusedRequestError(413, "the body is too long", f"send at most {most} bytes")
                parts.append(part)
    except TimeoutError as error:
        raise RefusedRequestError(408, "the body came too slowly") from error
    except ClientDisconnect as error:
        raise RefusedRequestError(400, "the body is incomplete") from error
    return b"".join(parts)


def media_type(request: Request) -> str:
    """Return the type of the body, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().casefold()


def form_of(body: bytes) -> dict[str, str]:
    """Return the fields of a form; the first counts where one is given twice. Raises RefusedRequestError."""
    found: dict[str, str] = {}
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise RefusedRequestError(400, "the form cannot be read") from error
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def json_of(body: bytes) -> Any:
    """Return the JSON of a body. Raises RefusedRequestError."""
    import json

    def refuse(word: str) -> Any:
        raise ValueError(word)

    try:
        found = json.loads(body.decode("utf-8"), parse_constant=refuse)
        if b"\\u" in body:
            json.dumps(found, ensure_ascii=False).encode()  # half a pair of surrogates is not text
    except (ValueError, RecursionError) as error:
        raise RefusedRequestError(400, "the body is not JSON in UTF-8") from error
    return found

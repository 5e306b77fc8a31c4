"""Stored pictures of a mission, each by the hash of its content: no path is ever read from an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from mission_cli.surfaces.http.problems import RefusedRequestError
from mission_cli.surfaces.reporting.shown import picture_type

if TYPE_CHECKING:
    from mission_cli.surfaces.http.web.site import Site, Visit

_KEPT = "private, max-age=86400, immutable"


def routes(site: Site) -> list[Route]:
    """Return the route."""
    return [Route("/missions/{id}/pictures/{digest}", site.show(_picture), methods=["GET"])]


def _picture(visit: Visit) -> Response:
    """Return a picture. What is not one by its first bytes is not served."""
    from mission_cli.app.report.attempt import asset_of

    with visit.mission() as held:
        content = asset_of(held.ctx, held.address, visit.part("digest"))
    kind = picture_type(content) if content is not None else ""
    if content is None or not kind:
        raise RefusedRequestError(404, "this mission has no such picture", "the page of the attempt shows all")
    return Response(content, media_type=kind, headers={"cache-control": _KEPT})

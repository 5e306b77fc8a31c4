"""The report of a mission as a page: the same that `mission report --format html` writes."""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import TYPE_CHECKING

from starlette.routing import Route

from mission_cli._support.lazy_re import pattern
from mission_cli.surfaces.http.web.files import packed

if TYPE_CHECKING:
    from starlette.responses import Response

    from mission_cli.surfaces.http.web.site import Site, Visit

_STYLE = pattern(r"(?s)<style>(.*?)</style>")


def routes(site: Site) -> list[Route]:
    """Return the route."""
    return [Route("/missions/{id}/report", site.show(_report), methods=["GET"])]


def _report(visit: Visit) -> Response:
    from mission_cli.app.report.report import assets_of, mission_report
    from mission_cli.surfaces.reporting.shown import values_of

    with visit.mission() as held:
        found = mission_report(held.ctx, held.address)
        text = held.ctx.templates.render("report.html.j2", values_of(found, assets_of(held.ctx, held.address)))
    style = _STYLE.search(text)
    digest = base64.b64encode(sha256((style[1] if style else "").encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": f"{policy}; frame-ancestors 'none'",
    }
    return packed(visit.request, text.encode("utf-8", "replace"), headers)

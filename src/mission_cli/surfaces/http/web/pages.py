"""All routes of the web page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.surfaces.http.web import acting, everything, files, home, mission, settings
from mission_cli.surfaces.http.web.entering import Entrance
from mission_cli.surfaces.http.web.planning import approval, form, interview, playbooks
from mission_cli.surfaces.http.web.work import attempt, history, pictures, report

if TYPE_CHECKING:
    from starlette.routing import Route

    from mission_cli.surfaces.http.web.site import Site


def routes(site: Site) -> list[Route]:
    """Return them."""
    found = [*files.routes(), *Entrance(site).routes()]
    planning = (form, interview, playbooks, approval)
    for page in (home, mission, acting, everything, settings, attempt, history, pictures, report, *planning):
        found += page.routes(site)
    return found

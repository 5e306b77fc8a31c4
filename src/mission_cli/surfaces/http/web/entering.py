"""Signing in with a token, or with the address that the server printed; and signing out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse
from starlette.routing import Route

from mission_cli.surfaces.http.guard import SIGN_IN, SIGN_OUT
from mission_cli.surfaces.http.problems import RefusedRequestError
from mission_cli.surfaces.http.web.site import own_path, plain_page, read_form

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from mission_cli.surfaces.http.web.site import Site, Visit

ENTER = "/enter"


class Entrance:
    """The ways in and out of one server."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route(f"{ENTER}/{{code}}", self._enter, methods=["GET"]),
            Route(SIGN_IN, self._ask, methods=["GET"]),
            Route(SIGN_IN, self._sign_in, methods=["POST"]),
            Route(SIGN_OUT, self._site.show(self._sign_out), methods=["POST"]),
        ]

    async def _enter(self, request: Request) -> Response:
        """Begin a session of the person at this machine, and go to the first page."""
        name = self._site.sessions.enter(request.path_params["code"])
        if not name:
            return self._site.ask_to_sign_in(request, "This address is no longer valid.", 403)
        # A page instead of a redirect: after a link of another site, a redirect is sent without the new cookie.
        response = plain_page(request, "again.html", here="/")
        self._site.sessions.set_cookie(request, response, name)
        return response

    async def _ask(self, request: Request) -> Response:
        return self._site.ask_to_sign_in(request, status=200)

    async def _sign_in(self, request: Request) -> Response:
        try:
            form = await read_form(request)
        except RefusedRequestError as error:
            return self._site.ask_to_sign_in(request, error.problem.title, error.problem.status)
        name = self._site.sessions.sign_in(form.get("token", ""))
        if not name:
            return self._site.ask_to_sign_in(request, "This token is not valid.", 403)
        response = RedirectResponse(own_path(form.get("next", "")), 303)
        self._site.sessions.set_cookie(request, response, name)
        return response

    def _sign_out(self, visit: Visit) -> Response:
        self._site.sessions.sign_out(visit.request)
        response = RedirectResponse(SIGN_IN, 303)
        self._site.sessions.set_cookie(visit.request, response, "")
        return response

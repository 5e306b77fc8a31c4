"""What all pages share: who looks, what they may, the form that they send, and how errors look."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from mission_cli._support.dataclass import dataclass, field
from mission_cli.domain.deciding.access import Scope
from mission_cli.domain.deciding.signatures import is_same
from mission_cli.domain.errors import MissionError
from mission_cli.surfaces.http.bodies import FORM, body_of, form_of, media_type
from mission_cli.surfaces.http.problems import Problem, RefusedRequestError, problem_of
from mission_cli.surfaces.http.web.files import packed
from mission_cli.surfaces.http.web.rendering import HEADERS, SCRIPTLESS, address, render

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from starlette.requests import Request

    from mission_cli.app.addressing import Address
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Snapshot
    from mission_cli.surfaces.http.guard import Rules
    from mission_cli.surfaces.http.places import Serves
    from mission_cli.surfaces.http.planners import Planners
    from mission_cli.surfaces.http.sessions import Sessions, Visitor

MOST_BYTES = 512 << 10
FORM_KEY = "form_key"
_HINT = "open the page again, and send the form from there"


@dataclass(frozen=True, slots=True)
class Held:
    """One mission of one repository, with the ports of the visitor."""

    name: str
    """Of the repository."""
    repo: str
    """The same for addresses; empty if the server has only one."""
    ctx: Context
    snapshot: Snapshot
    address: Address


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a visitor for a page."""

    site: Site
    request: Request
    visitor: Visitor
    form: Mapping[str, str] = field(default_factory=dict)
    """What a form sent, checked to be one of ours; empty for GET."""

    def given(self, name: str) -> str:
        """Return a parameter of the address; empty if it is missing."""
        return str(self.request.query_params.get(name, ""))

    def part(self, name: str) -> str:
        """Return a part of the path, such as `id`."""
        return str(self.request.path_params.get(name, ""))

    def may(self, scope: str) -> bool:
        """Whether the visitor may do what needs a scope, here."""
        return self.visitor.may(scope) and (scope == Scope.READ or not self.site.read_only)

    @property
    def several(self) -> bool:
        """Whether the server has several repositories."""
        return len(self.site.places.names()) > 1

    def acting(self, ctx: Context) -> Context:
        """Return ports that act as the visitor."""
        return ctx if self.visitor.person is None else ctx.acting_as(self.visitor.person)

    def contexts(self) -> Generator[tuple[str, Context]]:
        """Yield name and ports of each repository, or of the one that the address names."""
        repo = self.given("repo")
        for name, ctx in self.site.places.contexts(reading=self.request.method in {"GET", "HEAD"}):
            if not repo or name == repo:
                yield name, self.acting(ctx)

    @contextmanager
    def mission(self) -> Generator[Held]:
        """Yield the mission that the path names. Raises RefusedRequestError if there is none, or more than one."""
        from mission_cli.app.addressing import resolve

        wanted, several = self.part("id"), self.several
        holding = [name for name, ctx in self.contexts() if wanted in ctx.state.snapshot().missions]
        if len(holding) > 1:
            raise RefusedRequestError(300, f"several repositories have a mission {wanted}", "choose it from the list")
        with closing(self.contexts()) as found:
            for name, ctx in found:
                if name in holding:
                    snapshot = ctx.state.snapshot()
                    yield Held(name, name if several else "", ctx, snapshot, resolve(snapshot, wanted))
                    return
        raise RefusedRequestError(404, f"there is no mission {wanted}", "the list has all missions")

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """Return a page."""
        common = {
            "visit": self,
            "scope": Scope,
            "back": None,
            "here": self.request.url.path + (f"?{self.request.url.query}" if self.request.url.query else ""),
            "told": "" if self.request.headers.get("hx-request") else self.site.sessions.told(self.request),
        }
        text = render(template, **(common | values))
        return packed(self.request, text.encode(), HEADERS, status=status)

    def go(self, to: str, words: str = "") -> Response:
        """Return the answer to a form: the next page, which says `words`."""
        if words:
            self.site.sessions.tell(self.request, words)
        return RedirectResponse(to, 303)


class Site:
    """The pages of one server."""

    def __init__(self, places: Serves, sessions: Sessions, rules: Rules, planners: Planners) -> None:
        self.places, self.planners = places, planners
        self.sessions, self.read_only = sessions, rules.read_only
        self._hosts = sorted(rules.hosts)

    def show(self, handler: Callable[[Visit], Response], scope: Scope = Scope.READ) -> Callable[[Request], Any]:
        """Return the endpoint of a page: `handler` runs in a thread, for visitors who have the scope."""

        async def endpoint(request: Request) -> Response:
            elsewhere = self._elsewhere(request)
            if elsewhere:
                return RedirectResponse(elsewhere, 307)
            visitor = self.sessions.visitor(request)
            if visitor is None:
                return self.ask_to_sign_in(request)
            return await self._answer(Visit(self, request, visitor), handler, scope)

        return endpoint

    async def _answer(self, visit: Visit, handler: Callable[[Visit], Response], scope: Scope) -> Response:
        request, visitor = visit.request, visit.visitor
        try:
            form = {} if request.method in {"GET", "HEAD"} else await self._form(request, visitor)
            if visitor.may(scope):
                return await run_in_threadpool(handler, Visit(self, request, visitor, form))
            problem = Problem(403, f"{visitor.name} lacks the scope {scope}", _scope_hint(scope))
        except RefusedRequestError as error:
            problem = error.problem
        except MissionError as error:
            problem = problem_of(error)
        return visit.page("error.html", status=problem.status, problem=problem)

    async def _form(self, request: Request, visitor: Visitor) -> dict[str, str]:
        """Return the fields of a form of this session. Raises RefusedRequestError for every other."""
        form = await read_form(request)
        if not is_same(visitor.form_key, form.get(FORM_KEY, "")):
            raise RefusedRequestError(403, "this form does not come from this page", _HINT)
        return form

    def _elsewhere(self, request: Request) -> str:
        """Return the address of the same page under the number of this machine, for one under `localhost`.

        Browsers send cookies to every port of a host, and previews, which are programs of workers, are at `localhost`.
        """
        host, _, port = request.headers.get("host", "").partition(":")
        if host.casefold() != "localhost":
            return ""
        same = [name for name in self._hosts if name.endswith(f":{port}") and not name.startswith("localhost")]
        return f"http://{same[0]}{_path(request)}" if same else ""

    def ask_to_sign_in(self, request: Request, words: str = "", status: int = 401) -> Response:
        """Return the page that asks for a token."""
        if request.headers.get("sec-fetch-site") == "cross-site" and request.method == "GET":
            # After a link of another site, browsers send no cookie; to the same address from our own page they do.
            return plain_page(request, "again.html", here=_path(request))
        problem = Problem(status, words)
        return plain_page(
            request,
            "login.html",
            status=status,
            here=_path(request) if request.method == "GET" else "/",
            problem=problem,
            takes_tokens=self.sessions.takes_tokens,
        )


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form. Raises RefusedRequestError."""
    if media_type(request) != FORM:
        raise RefusedRequestError(415, "this is not a form", _HINT)
    return form_of(await body_of(request, MOST_BYTES))


def plain_page(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """Return a page for a person who is not known."""
    return packed(request, render(template, **values).encode(), SCRIPTLESS, status=status)


def own_path(text: str) -> str:
    """Return an address of this server, or its first page for an address of another one."""
    return text if text.startswith("/") and text[1:2] not in {"/", "\\"} and text.isprintable() else address()


def _path(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _scope_hint(scope: str) -> str:
    return f"`mission access add NAME --scope {scope}` makes a token that has it"

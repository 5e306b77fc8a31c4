"""A browser without scripts, in this process: it follows links, and sends the forms that pages have."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import httpx
from tests.kit.served import KEY, SECRETS, Memory

from mission_cli.surfaces.http.application import make_application
from mission_cli.surfaces.http.codes import Codes
from mission_cli.surfaces.http.guard import Rules
from mission_cli.surfaces.http.sessions import Entrances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp
    from tests.kit.fakes.host import Host

    from mission_cli.domain.deciding.access import Access
    from mission_cli.surfaces.http.places import Serves
    from mission_cli.surfaces.http.sessions import SessionStore

NAME = "127.0.0.1:8765"
URL = f"http://{NAME}"
CODE = "sesame"
INLINE = {"a", "code", "small", "span", "strong"}
"""Elements between which there is no space."""


@dataclass
class Form:
    """One form of a page, with what a browser would send."""

    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    """Of the fields that a person sees."""
    buttons: list[str] = field(default_factory=list)


class Parsed(HTMLParser):
    """A page: its forms, its links, its text, and the element names in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._area, self._link, self._button = "", -1, False
        self.feed(text)

    @property
    def text(self) -> str:
        """What a person reads."""
        return " ".join("".join(self.texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms, fields and links."""
        given = dict(attrs)
        self.tags.append((tag, given))
        self.texts += [] if tag in INLINE else [" "]
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "form":
            self.forms.append(Form((given.get("method") or "get").upper(), given.get("action") or ""))
        elif tag == "a":
            self.links.append((given.get("href") or "", ""))
            self._link = len(self.links) - 1
        elif tag == "button" and self.forms:
            self._button = True
        elif tag in {"input", "textarea", "select"} and self.forms:
            form = self.forms[-1]
            kind = given.get("type") or "text"
            if kind in {"radio", "checkbox"} and "checked" not in given:
                form.names.append(f"{name}={value}")
                return
            form.fields[name] = value
            form.names += [] if kind == "hidden" else [name]
            self._area = name if tag == "textarea" else ""

    def handle_endtag(self, tag: str) -> None:
        """Leave a link, a button, or a field."""
        self.texts += [] if tag in INLINE else [" "]
        if tag == "a":
            self._link = -1
        if tag == "textarea":
            self._area = ""
        if tag == "button":
            self._button = False

    def handle_data(self, data: str) -> None:
        """Note text."""
        if self._area:
            self.forms[-1].fields[self._area] += data
            return
        self.texts.append(data)
        if self._link >= 0:
            href, words = self.links[self._link]
            self.links[self._link] = href, f"{words} {data}".strip()
        if self._button and data.strip():
            self.forms[-1].buttons.append(data.strip())


@dataclass
class Client:
    """Sends requests to an application in this process, and keeps its cookies."""

    app: ASGIApp
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request; follow no redirect."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=URL, cookies=self.cookies) as client:
                answer = await client.request(method, path, **more)
                self.cookies = client.cookies
                return answer

        return asyncio.run(ask())

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Get a page."""
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        """Send a form."""
        return self.request("POST", path, **more)


@dataclass
class Browser:
    """One person at the pages of a server."""

    client: Client
    memory: Memory
    log: list[str]
    last: httpx.Response | None = None

    def open(self, path: str, **more: Any) -> Parsed:
        """Open a page."""
        answer = self.client.get(path, **more)
        self.last = answer
        return Parsed(answer.text)

    def press(self, page: Parsed, button: str, *, origin: str = URL, **fields: str) -> Parsed:
        """Press a button of a page; go where the answer says."""
        form = next(form for form in page.forms if button in form.buttons)
        where = form.action or (self.last.request.url.raw_path.decode() if self.last is not None else "/")
        headers = {"Origin": origin}
        answer = self.client.request(form.method, where, data={**form.fields, **fields}, headers=headers)
        self.last = answer
        return self.open(answer.headers["location"]) if answer.status_code == 303 else Parsed(answer.text)

    @property
    def status(self) -> int:
        """Of the last answer."""
        assert self.last is not None
        return self.last.status_code

    @property
    def host(self) -> Host:
        """The first repository."""
        return self.memory.hosts[0]


def browser(
    *hosts: Host,
    users: Sequence[Access] = (),
    read_only: bool = False,
    codes: Codes | None = None,
    places: Serves | None = None,
    store: SessionStore | None = None,
) -> Browser:
    """Return a browser at a server for some repositories, in memory or real, without a session."""
    memory, log = Memory(list(hosts)), list[str]()
    rules = Rules(frozenset({NAME, "localhost:8765"}), frozenset({URL}), read_only)
    app = make_application(
        places or memory,
        rules,
        log=log.append,
        secret_of=SECRETS.__getitem__,
        key=lambda: KEY,
        users=lambda: tuple(users),
        entrances=Entrances(codes or Codes(time.time, "" if users else CODE), store),
    )
    return Browser(Client(app), memory, log)


def at_home(*hosts: Host, read_only: bool = False) -> Browser:
    """Return the browser of the person at this machine, who opened the address that the server printed."""
    found = browser(*hosts, read_only=read_only)
    found.open(f"/enter/{CODE}")
    return found


def at_places(places: Serves) -> Browser:
    """Do the same for real repositories."""
    found = browser(places=places)
    found.open(f"/enter/{CODE}")
    return found


def signed_in(token: str, *hosts: Host, users: Sequence[Access], read_only: bool = False) -> Browser:
    """Return the browser of a user who has signed in."""
    found = browser(*hosts, users=users, read_only=read_only)
    page = found.press(found.open("/"), "Sign in", token=token)
    assert "Needs me" in page.text
    return found

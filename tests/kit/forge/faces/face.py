"""What the faces have in common: whose token it is, planned trouble, pages, tags, and the contract."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from tests.kit.forge.faces.contract import Contract
from tests.kit.forge.records import DeniedError
from tests.kit.forge.server import token_of
from tests.kit.forge.state import OURS
from tests.kit.forge.trouble import Fault
from tests.kit.loopback import Reply

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping

    from tests.kit.forge.site import Site
    from tests.kit.forge.world import World
    from tests.kit.loopback import Asked

_STATUSES = {Fault.LOST: 0, Fault.REFUSED: 0, Fault.BROKEN: 502, Fault.LIMITED: 429, Fault.UNAUTHORIZED: 401}
_STATUSES |= {Fault.NOT_FOUND: 404}


@dataclass(frozen=True)
class Call:
    """One request to a face."""

    who: str
    """The login of the token."""
    query: Mapping[str, str]
    body: Mapping[str, Any]

    def list(self, name: str) -> tuple[Any, ...]:
        """Return a list of the body."""
        value = self.body.get(name)
        return tuple(value) if isinstance(value, list) else ()


@dataclass(frozen=True)
class Page:
    """An answer with a list that is cut into pages; `wrap` is the key of an object that has it."""

    items: list[Any]
    wrap: str = ""


@dataclass(frozen=True)
class Plain:
    """An answer that is text, or that has another status than 200."""

    body: Any = None
    status: int = 200


@dataclass
class Face:
    """One interface over a world. A subclass has routes: method, pattern below the base, verb of the port, and `_on_NAME`."""

    world: World
    url: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)
    routes: ClassVar[list[tuple[str, re.Pattern[str], str, str]]] = []
    base: ClassVar[str] = ""
    forge: ClassVar[str] = ""
    tags: ClassVar[bool] = False
    """Whether it has ETags."""
    links: ClassVar[bool] = True
    """Whether a list names its next page, or only how many items there are."""
    per_page: ClassVar[str] = "limit"
    most: ClassVar[int] = 50
    """Items of a page."""

    def __post_init__(self) -> None:
        self.contract = Contract.of(self.forge)

    @property
    def site(self) -> Site:
        """The forge behind it."""
        return self.world.site

    def answer(self, asked: Asked) -> Reply:
        """Answer one request."""
        there = urlsplit(asked.path)
        path = there.path.removeprefix(self.base)
        with self.lock:
            self.contract.check(asked, path)
            who = next(
                (login for login in [*self.site.members, OURS] if token_of(self.world, login) == self.token(asked)),
                None,
            )
            if who is None or self.site.member(who).expired:
                return self.words(401, "401 Unauthorized")
            query = dict(parse_qsl(there.query, keep_blank_values=True))
            verb, act = self._route(asked, path, Call(who, query, asked.json or {}))
            return self._with_trouble(verb, act)

    def token(self, asked: Asked) -> str:
        """Return the token of a request."""
        raise NotImplementedError  # each forge has a header of its own

    def words(self, status: int, words: str) -> Reply:
        """Return an answer that is not a success."""
        return Reply(status, {"message": words})

    def denied(self, error: DeniedError) -> Reply:
        """Return the forge's answer to what is not allowed."""
        return self.words(error.status, error.words)

    def _route(self, asked: Asked, path: str, call: Call) -> tuple[str, Callable[[], Reply]]:
        for method, expression, verb, name in self.routes:
            found = expression.fullmatch(path) if method == asked.method else None
            if found is not None:
                groups = {key: unquote(value) for key, value in found.groupdict().items()}
                return verb, partial(self._call, asked, call, name, groups)
        self.contract.broken.append(f"{asked.method} {path}: no route")
        return "*", lambda: self.words(404, "404 Not Found")

    def _with_trouble(self, verb: str, act: Callable[[], Reply]) -> Reply:
        fault = self.world.troubles.next(verb)
        if fault is None:
            return act()
        if fault is Fault.LOST:
            act()
        headers = {"Retry-After": str(int(self.world.troubles.again))} if fault is Fault.LIMITED else {}
        made = self.words(_STATUSES.get(fault, 403), fault.value)
        return Reply(made.status, made.body, headers)

    def _call(self, asked: Asked, call: Call, name: str, groups: Mapping[str, str]) -> Reply:
        try:
            data = getattr(self, f"_on_{name}")(call, **groups)
        except DeniedError as error:
            return self.denied(error)
        headers: dict[str, str] = {}
        if isinstance(data, Plain):
            return Reply(data.status, data.body, headers)
        if isinstance(data, Page):
            data, headers = self._cut(asked, call, data)
        if asked.method != "GET":
            return Reply(201 if asked.method == "POST" else 200, data)
        if self.tags:
            tag = f'W/"{hashlib.sha256(json.dumps([data, headers]).encode()).hexdigest()}"'
            if asked.headers.get("if-none-match") == tag:
                return Reply(304, None, {"ETag": tag})
            headers["ETag"] = tag
        return Reply(200, data, headers)

    def _cut(self, asked: Asked, call: Call, page: Page) -> tuple[Any, dict[str, str]]:
        size, number = min(int(call.query.get(self.per_page, "30")), self.most), int(call.query.get("page", "1"))
        items, headers = page.items[(number - 1) * size : number * size], {}
        if not self.links:
            headers["X-Total-Count"] = str(len(page.items))
        elif number * size < len(page.items):
            following = urlencode({**call.query, "page": number + 1})
            headers["Link"] = f'<{self.url}{urlsplit(asked.path).path}?{following}>; rel="next"'
        return ({page.wrap: items, "total_count": len(page.items)} if page.wrap else items), headers

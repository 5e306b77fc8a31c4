"""A scripted forge behind a real HTTP server on loopback, as GitHub Enterprise serves it: REST, GraphQL, and git.

`with served(world) as server:` in a test, or `python -m tests.kit.forge.server FOLDER` as a process of its own: it
prints one line of JSON with the URL, the remote and a token, and ends when its input ends. People act on that one by
`POST /_people/<method>` with the arguments of `People` as JSON.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from tests.kit.forge.commits import BareCommits
from tests.kit.forge.graphql import Query, QueryError, execute
from tests.kit.forge.records import DeniedError, Right
from tests.kit.forge.rest import ROUTES, Call
from tests.kit.forge.schema import Schema
from tests.kit.forge.shapes import Shapes
from tests.kit.forge.state import OURS
from tests.kit.forge.trouble import Fault
from tests.kit.forge.world import World, bare_world
from tests.kit.loopback import Asked, Loopback, Reply, loopback

from mission_cli.domain.errors import ForgeTrouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.kit.forge.commits import Commits

_PREFIXES = {
    "personal access token (classic)": "ghp_",
    "fine-grained token": "github_pat_",
    "installation": "ghs_",
}
_API = "/api/v3"
_VERBS = {
    "enqueuePullRequest": "merge",
    "enablePullRequestAutoMerge": "merge",
    "convertPullRequestToDraft": "change",
    "markPullRequestReadyForReview": "change",
    "addPullRequestReviewThreadReply": "reply",
    "addComment": "reply",
    "pullRequest": "look",
    "refUpdateRule": "rules",
    "viewer": "account",
}
"""The verb of the port that a GraphQL request serves, by a field in it; the first that is found."""
_CAPACITY = 5000
_GIT_SERVICE = "git-receive-pack"


def token_of(world: World, login: str) -> str:
    """Return the token of an account."""
    kind = _PREFIXES.get(world.site.member(login).kind, "")
    return kind + hashlib.sha256(f"token of {login}".encode()).hexdigest()[:36]


@dataclass
class Server:
    """The running server."""

    world: World
    url: str = ""
    budget: int = _CAPACITY
    """How many requests are left until the limit; at 0 the server refuses more."""
    reset: int = 4_000_000_000
    """When that is lifted, in seconds since 1970."""
    unknown: list[str] = field(default_factory=list)
    """Requests that this server does not know; a test can assert that there are none."""
    answered: list[tuple[Asked, Reply]] = field(default_factory=list)
    """All requests to the interface, with their answers."""
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _loopback: Loopback | None = None

    @property
    def remote(self) -> str:
        """The URL of the git remote, without a token."""
        return f"{self.url}/{self.world.site.name}.git"

    @property
    def remote_first(self) -> str:
        """The URL of the git remote before the repository was renamed."""
        return f"{self.url}/{next(iter(self.world.site.old_names), self.world.site.name)}.git"

    @property
    def asked(self) -> list[Asked]:
        """All requests so far."""
        assert self._loopback is not None
        return self._loopback.asked

    def remote_for(self, login: str = OURS, name: str = "") -> str:
        """Return the URL of the git remote, or of a fork, with somebody's token as the password: for people in tests."""
        remote = f"{self.url}/{name}.git" if name else self.remote
        return remote.replace("://", f"://{login}:{token_of(self.world, login)}@", 1)

    def answer(self, asked: Asked) -> Reply:
        """Answer one request."""
        there = urlsplit(asked.path)
        with self._lock:
            if there.path.startswith("/_people/"):
                return self._people(there.path.removeprefix("/_people/"), asked)
            if there.path.startswith("/_logs/"):
                return Reply(200, self.world.site.check(int(there.path.rpartition("/")[2])).log.encode())
            if ".git/" in there.path:
                return self._git(asked, there.path, there.query)
            reply = self._api(asked, there.path.removeprefix(_API), dict(parse_qsl(there.query)))
            self.answered.append((asked, reply))
            return reply

    # The interface

    def _api(self, asked: Asked, path: str, query: Mapping[str, str]) -> Reply:
        who = self._who(asked)
        if who is None or self.world.site.member(who).expired:
            return _words(401, "Bad credentials")
        if self.budget <= 0:
            return _words(403, "API rate limit exceeded", self._limits())
        self.budget -= 1
        if path in {"/graphql", "/api/graphql"}:
            return self._with_trouble(_verb_of_query(asked), lambda: self._graphql(asked, who))
        verb, act = self._route(asked, who, path, query)
        return self._with_trouble(verb, act)

    def _with_trouble(self, verb: str, act: Any) -> Reply:
        """Answer, unless trouble is planned: nothing happens, or it happens and the answer is lost."""
        fault = self.world.troubles.next(verb)
        if fault is None:
            reply: Reply = act()
            return Reply(reply.status, reply.body, {**self._limits(), **reply.headers})
        if fault is Fault.LOST:
            act()
        statuses = {Fault.LOST: 0, Fault.REFUSED: 0, Fault.BROKEN: 502, Fault.UNAUTHORIZED: 401, Fault.NOT_FOUND: 404}
        headers = {"Retry-After": str(int(self.world.troubles.again))} if fault is Fault.LIMITED else {}
        return _words(statuses.get(fault, 403), fault.value, headers)

    def _route(self, asked: Asked, who: str, path: str, query: Mapping[str, str]) -> tuple[str, Any]:
        """Return the verb that a request serves, and what answers it."""
        site, shapes = self.world.site, Shapes(self.world.site, self.url)
        if path == "/user":
            return "account", lambda: self._user(shapes, who)
        parts = path.split("/")
        name = "/".join(parts[2:4])
        if parts[1:2] == ["repositories"]:
            rest = "/".join(["", *parts[3:]])
        elif parts[1:2] == ["repos"] and name.lower() == site.name.lower():
            rest = "/".join(["", *parts[4:]])
        elif parts[1:2] == ["repos"] and name in site.old_names:
            return "*", lambda: self._moved(asked, "/".join(parts[4:]))
        elif name in site.forks and asked.method == "GET" and len(parts) == 4:
            return "fork", lambda: self._tagged(asked, shapes.repository(who, name))
        else:
            return "fork" if parts[1:2] == ["repos"] else "*", lambda: _words(404, "Not Found")
        rest = rest if rest != "/" else ""
        for method, expression, verb, handler in ROUTES:
            found = expression.fullmatch(rest)
            if found is not None and method == asked.method:
                call = Call(who, site, shapes, query, _json_of(asked))
                groups = {key: unquote(value) for key, value in found.groupdict().items()}
                return verb, partial(self._call, asked, partial(handler, call, **groups), query)
        self.unknown.append(f"{asked.method} {rest}")
        return "*", lambda: _words(404, "Not Found")

    def _call(self, asked: Asked, act: Any, query: Mapping[str, str]) -> Reply:
        try:
            status, data = act()
        except DeniedError as error:
            return _words(error.status, error.words)
        if status == 302:
            return Reply(302, None, {"Location": data})
        if asked.method != "GET":
            return Reply(status, data)
        headers = {}
        if isinstance(data, list):
            size, page = min(int(query.get("per_page", "30")), 100), int(query.get("page", "1"))
            whole, data = len(data), data[(page - 1) * size : page * size]
            if page * size < whole:
                following = urlencode({**query, "page": page + 1})
                headers["Link"] = f'<{self.url}{urlsplit(asked.path).path}?{following}>; rel="next"'
        return self._tagged(asked, data, headers)

    def _tagged(self, asked: Asked, data: Any, headers: Mapping[str, str] | None = None) -> Reply:
        """Return a 200, or a 304 if the asker has this already."""
        tag = f'W/"{hashlib.sha256(json.dumps([data, dict(headers or {})]).encode()).hexdigest()}"'
        if asked.headers.get("if-none-match") == tag:
            self.budget += 1
            return Reply(304, None, {"ETag": tag})
        return Reply(200, data, {"ETag": tag, **(headers or {})})

    def _user(self, shapes: Shapes, who: str) -> Reply:
        member = self.world.site.member(who)
        if member.kind == "installation":
            return _words(403, "Resource not accessible by integration")
        headers = {"X-OAuth-Scopes": ", ".join(member.scopes)} if "classic" in member.kind else {}
        return Reply(200, shapes.user(who), headers)

    def _moved(self, asked: Asked, rest: str) -> Reply:
        there = f"{self.url}{_API}/repositories/1{'/' if rest else ''}{rest}"
        query = urlsplit(asked.path).query
        status = 301 if asked.method == "GET" else 307
        return Reply(status, {"message": "Moved Permanently"}, {"Location": f"{there}{'?' if query else ''}{query}"})

    def _graphql(self, asked: Asked, who: str) -> Reply:
        body = _json_of(asked) or {}
        site = self.world.site
        schema = Schema(site, Shapes(site, self.url), who)
        try:
            query = Query(body.get("query", ""))
            root = schema.root() if query.operation == "query" else schema.mutations()
            return Reply(200, {"data": execute(query, root, body.get("variables") or {})})
        except QueryError as error:
            return Reply(200, {"data": None, "errors": [{"message": error.words, "type": error.kind}]})
        except DeniedError as error:
            if error.trouble is ForgeTrouble.UNAUTHORIZED:
                return _words(401, error.words)
            kinds = {ForgeTrouble.NOT_FOUND: "NOT_FOUND", ForgeTrouble.REFUSED: "UNPROCESSABLE"}
            kind = kinds.get(error.trouble, "FORBIDDEN")
            return Reply(200, {"data": None, "errors": [{"message": error.words, "type": kind}]})

    def _limits(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(_CAPACITY),
            "X-RateLimit-Remaining": str(max(self.budget, 0)),
            "X-RateLimit-Reset": str(self.reset),
            "X-RateLimit-Resource": "core",
        }

    def _who(self, asked: Asked) -> str | None:
        """Return whose token a request has, as a bearer or as the password of basic authentication."""
        scheme, _, value = asked.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            value = base64.b64decode(value).decode("utf-8", "replace").partition(":")[2]
        return next((login for login in self.world.site.members if token_of(self.world, login) == value), None)

    # Git

    def _git(self, asked: Asked, path: str, query: str) -> Reply:
        who, site = self._who(asked), self.world.site
        writes = _GIT_SERVICE in path or _GIT_SERVICE in query
        if who is None or site.member(who).expired:
            return Reply(401, b"Authentication failed\n", {"WWW-Authenticate": 'Basic realm="GitHub"'})
        name, _, rest = path.strip("/").partition(".git/")
        known: dict[str, Commits] = {
            **site.forks,
            site.name: site.commits,
            **dict.fromkeys(site.old_names, site.commits),
        }
        there = known.get(name)
        right = Right.WRITE if writes and there is site.commits else Right.READ
        try:
            site.require(who, right, write=writes and there is site.commits)
        except DeniedError as error:
            return Reply(error.status, f"{error.words}\n".encode())
        if not isinstance(there, BareCommits) or (
            writes and there is not site.commits and not name.startswith(f"{who}/")
        ):
            return Reply(404 if there is None else 403, b"Repository not found.\n")
        fault = self.world.troubles.next("push" if writes else "fetch") if asked.method == "POST" else None
        if fault is not None and fault is not Fault.LOST:
            return Reply(502 if fault is Fault.BROKEN else 0, b"")
        site.update()
        reply = backend(there.path, f"/{rest}", query, asked, who)
        site.update(who)
        return Reply(0) if fault is Fault.LOST else reply

    # People

    def _people(self, name: str, asked: Asked) -> Reply:
        """Let people act from another process."""
        people = self.world.people
        act = None if name.startswith("_") else getattr(people, name, None) or getattr(people.site, name, None)
        if not callable(act):
            return _words(404, f"People cannot {name}")
        try:
            return Reply(200, {"done": str(act(**(_json_of(asked) or {})))})
        except (DeniedError, TypeError) as error:
            return _words(422, str(error))


def backend(repository: Path, rest: str, query: str, asked: Asked, who: str) -> Reply:
    """Let git itself answer a request for a repository."""
    config = {"core.hooksPath": "/dev/null", "http.receivepack": "true", "uploadpack.allowAnySHA1InWant": "true"}
    env = {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": os.fspath(repository.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_CONFIG_COUNT": str(len(config)),
        "PATH_INFO": f"/{repository.name}{rest}",
        "REQUEST_METHOD": asked.method,
        "QUERY_STRING": query,
        "CONTENT_TYPE": asked.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(asked.body)),
        "HTTP_CONTENT_ENCODING": asked.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": asked.headers.get("git-protocol", ""),
        "REMOTE_USER": who,
        "REMOTE_ADDR": "127.0.0.1",
    }
    for number, (key, value) in enumerate(config.items()):
        env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    done = subprocess.run(["git", "http-backend"], env=env, input=asked.body, capture_output=True, check=False)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = {}
    for line in head.decode("latin-1").split("\r\n"):
        key, _, value = line.partition(": ")
        headers[key] = value
    status = int(headers.pop("Status", "200").split()[0])
    headers.pop("", None)
    return Reply(status, body, headers)


@contextmanager
def served(world: World) -> Iterator[Server]:
    """Serve a world until the end of the block."""
    server = Server(world)
    with loopback(server.answer) as running:
        server.url, server._loopback = running.url, running  # noqa: SLF001 - it is ours
        yield server


def _words(status: int, words: str, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, {"message": words, "documentation_url": "https://docs.github.com/rest"}, headers or {})


def _json_of(asked: Asked) -> Any:
    try:
        return asked.json
    except ValueError:
        return None


def _verb_of_query(asked: Asked) -> str:
    text = str((_json_of(asked) or {}).get("query", ""))
    return next((verb for name, verb in _VERBS.items() if name in text), "*")


def main(folder: Path) -> None:
    """Serve a new forge in a folder until the input ends."""
    world = bare_world(folder)
    with served(world) as server:
        facts = {"url": server.url, "remote": server.remote, "login": OURS, "token": token_of(world, OURS)}
        print(json.dumps(facts), flush=True)  # noqa: T201 - for the process that started this
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

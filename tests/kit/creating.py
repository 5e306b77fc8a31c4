"""A forge on loopback that creates repositories as GitHub, GitLab and Forgejo do; what it has are bare repositories."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOT = {"github": "/api/v3", "gitlab": "/api/v4", "forgejo": "/api/v1"}
_TOKEN = {"github": "Bearer", "gitlab": "Bearer", "forgejo": "token"}


@dataclass
class Creating:
    """What the forge has, and what it was asked."""

    kind: str
    folder: Path
    groups: tuple[str, ...] = ("acme",)
    repositories: dict[str, bool] = field(default_factory=dict)
    """Whether each is private, by `owner/name`."""
    writes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    lose: int = 0
    """How many answers to writes are lost after the work was done."""
    url: str = ""

    def path(self, name: str) -> Path:
        """The bare repository."""
        return self.folder / f"{name.replace('/', '-')}.git"

    def create(self, name: str, *, private: bool) -> bool:
        """Create it, unless it exists."""
        if name in self.repositories:
            return False
        subprocess.run(["git", "init", "--quiet", "--bare", os.fspath(self.path(name))], check=True)
        self.repositories[name] = private
        return True

    def shown(self, name: str) -> dict[str, Any]:
        """The repository as this kind of forge shows it."""
        if self.kind == "gitlab":
            seen = "private" if self.repositories[name] else "public"
            return {
                "id": 7,
                "path_with_namespace": name,
                "http_url_to_repo": os.fspath(self.path(name)),
                "visibility": seen,
            }
        return {"full_name": name, "clone_url": os.fspath(self.path(name)), "private": self.repositories[name]}

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Answer a request below the root of the interface."""
        if method == "GET" and path == "/user":
            return 200, {"login": "ada", "username": "ada"}
        below = "/projects/" if self.kind == "gitlab" else "/repos/"
        if method == "GET" and path.startswith(below):
            name = unquote(path.removeprefix(below))
            return (200, self.shown(name)) if name in self.repositories else (404, {"message": "Not Found"})
        if method == "GET" and path.startswith("/namespaces/") and unquote(path[12:]) in self.groups:
            return 200, {"id": 42, "full_path": unquote(path[12:])}
        if method == "POST" and (owner := self._owner(path, body)):
            self.writes.append((path, body))
            private = body["visibility"] == "private" if self.kind == "gitlab" else body["private"]
            name = f"{owner}/{body['name']}"
            return (201, self.shown(name)) if self.create(name, private=private) else (422, {"message": "name exists"})
        return 404, {"message": "Not Found"}

    def _owner(self, path: str, body: dict[str, Any]) -> str:
        if self.kind == "gitlab":
            ours = {None: "ada", 42: self.groups[0]}
            return ours.get(body.get("namespace_id"), "") if path == "/projects" else ""
        group = path.removeprefix("/orgs/").removesuffix("/repos")
        return (
            "ada" if path == "/user/repos" else group if path == f"/orgs/{group}/repos" and group in self.groups else ""
        )


class _Handler(BaseHTTPRequestHandler):
    forge: ClassVar[Creating]

    def _do(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size)) if size else {}
        wanted = f"{_TOKEN[self.forge.kind]} s3cret"
        status, data = 401, {"message": "Bad credentials"}
        if self.headers.get("Authorization") == wanted:
            path = urlsplit(self.path).path.removeprefix(ROOT[self.forge.kind])
            status, data = self.forge.answer(self.command, path, body)
        if self.command == "POST" and self.forge.lose:
            self.forge.lose -= 1
            self.connection.close()
            return
        text = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = _do  # noqa: N815 - the names in the library

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the library
        del format, args


@contextmanager
def creating(kind: str, folder: Path) -> Iterator[Creating]:
    """Serve a forge of a kind until the block ends; its token is `s3cret`, and whose it is `ada`."""
    folder.mkdir()
    forge = Creating(kind, folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"forge": forge}))
    forge.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

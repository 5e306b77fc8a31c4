"""A forge that answers as a test says: by `METHOD /path`, with or without the query. Requests follow its contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.kit.forge.faces.contract import Contract
from tests.kit.loopback import Asked, Loopback, Reply

from mission_cli.adapters.forges.remotes import Place

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.ports.git.forge import Forge


class Answers:
    """The replies: JSON, or a `Reply`. What has no reply is answered with 404."""

    def __init__(self, server: Loopback, folder: Path, kind: str, made_by: Any, below: str) -> None:
        """Take the adapter and the path of the repository, which keys of `replies` leave out."""
        self.server, self.folder, self.kind, self.made_by, self.below = server, folder, kind, made_by, below
        self.replies: dict[str, Any] = {}
        self.contract = Contract.of(kind)
        server.answer = self._answer

    def forge(self) -> Forge:
        """Return a forge as a new process has it."""
        place = Place(self.kind, "forge.example", "o/r", self.server.url)
        made: Forge = self.made_by(place, "secret", self.folder, sleep=lambda _: None)
        return made

    def asked(self) -> list[str]:
        """Return what was asked since the last time, without queries."""
        lines = [line.partition("?")[0].replace(self.below, "") for line in self.server.lines]
        self.server.asked.clear()
        return lines

    def sent(self, start: str) -> list[Any]:
        """Return the bodies of the requests that start so."""
        return [one.json for one in self.server.asked if f"{one.method} {one.path}".replace(self.below, "") == start]

    def _answer(self, asked: Asked) -> Reply:
        self.contract.check(asked, urlsplit(asked.path).path)
        whole = f"{asked.method} {asked.path}".replace(self.below, "")
        for name in (whole, whole.partition("?")[0]):
            if name in self.replies:
                found = self.replies[name]
                return found if isinstance(found, Reply) else Reply(200, found)
        return Reply(404, {"message": "404 Not Found"})

"""Worlds that are seen by an adapter through a face, and what the forge does not offer, with the reason."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from tests.kit.forge.events import ROBOT
from tests.kit.forge.faces.forgejo import ForgejoFace
from tests.kit.forge.faces.gitlab import GitLabFace
from tests.kit.forge.faces.gitlab_forms import bot_name
from tests.kit.forge.server import Server, token_of
from tests.kit.forge.state import OURS
from tests.kit.forge.world import World, memory_world
from tests.kit.loopback import Asked, Reply, loopback

from mission_cli.adapters.forges.forgejo import Forgejo
from mission_cli.adapters.forges.gitlab import GitLab
from mission_cli.adapters.forges.remotes import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.kit.forge.faces.face import Face

    from mission_cli.ports.git.forge import Forge


@dataclass
class FaceWorld(World):
    """A scripted forge behind a face. Nobody waits: sleeping moves its clock."""

    folder: Path = Path()
    now: float = 1_800_000_000.0
    face: Face = field(init=False)
    kind: ClassVar[str] = ""
    made_by: ClassVar[Any] = None
    of_face: ClassVar[Any] = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.face = self.of_face(self)

    def forge(self, login: str = OURS) -> Forge:
        """Return the adapter as a new process makes it; what it keeps on disk is there again."""
        place = place_of(f"{self.face.url}/acme/shop.git", self.kind, self.face.url)
        assert place is not None
        made: Forge = self.made_by(
            place, token_of(self, login), self.folder / login, clock=lambda: self.now, sleep=self._sleep
        )
        return made

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


_NO_RULE = "Forgejo has no such rule"


class ForgejoWorld(FaceWorld):
    """Seen by the adapter for Forgejo."""

    kind: ClassVar[str] = "forgejo"
    made_by: ClassVar[Any] = Forgejo
    of_face: ClassVar[Any] = ForgejoFace
    most: ClassVar[tuple[int, int]] = (8, 5)
    """Pull request, statuses, reviews, comments, and one for each review's remarks; once per process also the base, the
    account, and who may write."""
    lacks: ClassVar[Mapping[str, str]] = {
        "code_owners": _NO_RULE,
        "last_push": _NO_RULE,
        "conversations": _NO_RULE,
        "linear": _NO_RULE,
        "queue": "Forgejo has no merge queue",
        "others": "Forgejo has no rules by name",
        "scopes": "Forgejo does not tell the rights of a token",
        "classic": "Forgejo has one kind of protection",
        "hidden": "Forgejo has no hidden comments",
        "mergeable": "Forgejo says the same of what it has not computed and of a conflict",
        "outdated": "Forgejo does not tell whether a remark is outdated",
        "action": "a blocked job is a pending commit status",
        "auto_merge": "auto-merge is always possible, and never named as allowed: it is bound to no head",
    }


class GitLabWorld(FaceWorld):
    """Seen by the adapter for GitLab."""

    kind: ClassVar[str] = "gitlab"
    made_by: ClassVar[Any] = GitLab
    of_face: ClassVar[Any] = GitLabFace
    bot: ClassVar[str] = bot_name(ROBOT)
    most: ClassVar[tuple[int, int]] = (6, 3)
    """Merge request, threads, statuses; once an hour also the project, the account, and each author's right."""
    lacks: ClassVar[Mapping[str, str]] = {
        "auto_merge": "GitLab always offers auto-merge",
        "classic": "GitLab has one kind of protection",
        "empty": "GitLab opens merge requests without commits",
        "hidden": "GitLab has no hidden comments",
        "linear": "on GitLab this is a fast-forward, for which the branch has to contain the base",
        "others": "GitLab has no rules by name",
        "per base": "most rules of GitLab are of the whole project",
        "rebase": "a project on GitLab has either merge commits or fast-forwards",
        "review texts": "on GitLab the text of a review is a comment",
    }


WORLDS: Mapping[str, type[FaceWorld]] = {"forgejo": ForgejoWorld, "gitlab": GitLabWorld}


@contextmanager
def served_as(kind: str, world: World) -> Iterator[Server]:
    """Serve a world of bare repositories as a kind of forge does: its interface by the face, and git."""
    server, face = Server(world), WORLDS[kind].of_face(world)

    def answer(asked: Asked) -> Reply:
        with face.lock:
            reply: Reply = server.answer(asked) if ".git/" in asked.path else face.answer(asked)
            return reply

    with loopback(answer) as running:
        server.url = face.url = running.url
        yield server
    assert face.contract.broken == []


@contextmanager
def face_world(kind: str, folder: Path) -> Iterator[FaceWorld]:
    """Serve a forge in memory until the end of the block, and check the requests against the contract of its kind."""
    made = WORLDS[kind](memory_world().site, folder=folder)
    with loopback(made.face.answer) as running:
        made.face.url = running.url
        yield made
    assert made.face.contract.broken == []

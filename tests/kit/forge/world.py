"""A scripted forge with everything around it, as tests and the simulator use it.

world = memory_world()                    # or memory_world(objects, refs), bare_world(folder)
forge = world.forge()                     # the port, with our account; world.forge(ADA) with another
world.site.ci = {"build": None}           # checks of each head: None waits, a function sets the outcome
world.site.set_rules("main", Rules(required=("build",), approvals=1))
world.people.commit("one", OURS, c_txt="c")                        # people, bots and CI act
pull = forge.open(NewPull("one", "main", "Add c", ""))
world.people.check(pull.number, "build")
world.people.approve(pull.number)
world.site.watchers.append(react)         # told of each event in the log, to react to it
world.troubles.plan("merge", Fault.LOST)  # the next merge happens, and its answer is lost
world.troubles.standing = Fault.LIMITED   # every call fails like this
assert broken(world.site.log, judged=judged) == []                 # the laws
with served(world) as server:             # the same over HTTP and git, as GitHub Enterprise
    ...
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, ClassVar

from tests.kit.forge.commits import BareCommits, MemoryCommits
from tests.kit.forge.events import ROBOT, People
from tests.kit.forge.model import ModelForge
from tests.kit.forge.site import Site
from tests.kit.forge.state import OURS
from tests.kit.forge.trouble import Troubles

from mission_cli._support.dataclass import replace
from mission_cli.domain.forge.facts import Rules

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.kit.fakes.objects import Objects
    from tests.kit.forge.commits import Commits

    from mission_cli.ports.git.forge import Forge

BEGUN = {"a.txt": "a\n", "b.txt": "b\n"}
"""The files of the first commit."""


@dataclass
class World:
    """The forge, those who use it, and what goes wrong on the way to it."""

    site: Site
    troubles: Troubles = field(default_factory=Troubles)
    views: list[ModelForge] = field(default_factory=list)
    tokenless: bool = False
    """Whether this machine has no token for it."""
    lacks: ClassVar[Mapping[str, str]] = {}
    """What this kind of forge does not offer, by the field of a fact or another name, and why."""
    bot: ClassVar[str] = ROBOT.removesuffix("[bot]")
    """What the bot is called."""
    most: ClassVar[tuple[int, int]] = (3, 3)
    """The most requests of the first look of a process at a pull request with a check and a remark, and of the next."""

    def __post_init__(self) -> None:
        self.people = People(self.site)

    def forge(self, login: str = OURS) -> Forge:
        """Return the port as a new process gets it, for an account."""
        made = ModelForge(self.site, login, self.troubles)
        self.views.append(made)
        return made

    @property
    def asked(self) -> int:
        """How many requests were sent so far."""
        return sum(view.requests for view in self.views)

    def fingerprint(self) -> tuple[object, ...]:
        """Return what is equal for two forges at which the same happened."""
        return (tuple(self.site.log), tuple(sorted(self.site.commits.branches().items())))

    def copy(self) -> World:
        """Return the same forge at this moment, in memory; nothing goes wrong on the way to it."""
        commits = self.site.commits
        assert isinstance(commits, MemoryCommits)
        return World(self.site.copy(MemoryCommits(commits.objects, dict(commits.refs))))

    def within(self, rules: Rules) -> Rules:
        """Return rules without those that this kind of forge does not have."""
        none = Rules()
        return replace(rules, **{one.name: getattr(none, one.name) for one in fields(rules) if one.name in self.lacks})


def memory_world(objects: Objects | None = None, refs: dict[str, str] | None = None) -> World:
    """Return a forge in memory. Give it the simulator's objects and `Remote.refs`, and both see the same branches."""
    commits = MemoryCommits(objects, refs)
    if "main" not in commits.branches():
        commits.set_branch("main", commits.commit("", BEGUN, "Begin"))
    return World(Site(commits))


def bare_world(folder: Path) -> World:
    """Return a forge over a bare repository in a folder."""
    return World(Site(BareCommits.make(folder / "acme" / "shop.git", BEGUN)))


def world_of(commits: Commits) -> World:
    """Return a forge over a repository that exists."""
    return World(Site(commits))

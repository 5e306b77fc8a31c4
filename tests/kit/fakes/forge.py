"""The forge of a clone in memory: what the clone knows of it is on its disk, the forge itself is beside all clones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.kit.fakes.code import REFS
from tests.kit.fakes.life import Life, Mortal
from tests.kit.fakes.objects import Commit, merge_files
from tests.kit.forge.records import DeniedError
from tests.kit.forge.state import OURS
from tests.kit.forge.trouble import Fault

from mission_cli.domain.errors import ForgeError, ForgeTrouble, ToolError
from mission_cli.domain.forge.memory import ForgeMemory
from mission_cli.domain.host import PROGRAM
from mission_cli.domain.ids import Sha
from mission_cli.ports.git.forge import ForgePlace

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tests.kit.fakes.disk import Disk
    from tests.kit.fakes.objects import Objects
    from tests.kit.forge.world import World

    from mission_cli.domain.ids import MissionId

PLACE = "runtime/forge"
_BASES, _PROPOSED, _OURS = f"{REFS}/bases", f"{REFS}/proposed", f"{REFS}/heads"


class MemoryDesk:
    """Finds the forge in memory."""

    remote = "origin"
    settings = "memory"

    def __init__(self, disk: Disk, objects: Objects, world: World, life: Life) -> None:
        self._disk, self._world, self._life = disk, world, life
        self._upstream = MemoryUpstream(disk, objects, world)

    @property
    def upstream(self) -> Any:
        """The branches."""
        return Mortal(self._upstream, "upstream", self._life)

    def place(self) -> ForgePlace:
        """Return the only repository there."""
        return ForgePlace("model", "forge.example", self._world.site.name, "" if self._world.tokenless else "$TOKEN")

    def ready(self) -> str:
        """Return whether there is a token."""
        return "there is no token for forge.example" if self._world.tokenless else ""

    def connect(self) -> Any:
        """Return the view of our account."""
        return Mortal(self._world.forge(), "forge", self._life)

    def elsewhere(self, name: str) -> tuple[str, Any]:
        """Return the only repository there, and its address."""
        if self._world.tokenless:
            raise ForgeError(ForgeTrouble.UNAUTHORIZED, "there is no token for forge.example", hint="set TOKEN")
        return self.address(name), self.connect()

    def address(self, name: str) -> str:
        """Return where it is."""
        return name if name.startswith("https://") else f"https://forge.example/{name}"

    def attend(self) -> None:
        """From now on somebody waits."""
        self._disk.write(f"{PLACE}.attended", "yes")

    def attended(self) -> bool:
        """Whether somebody does."""
        return self._disk.read(f"{PLACE}.attended", str) == "yes"

    def recall(self, mission: MissionId) -> ForgeMemory:
        """Read what was kept."""
        return self._disk.read(f"{PLACE}/{mission}", ForgeMemory) or ForgeMemory()

    def keep(self, mission: MissionId, memory: ForgeMemory) -> None:
        """Write it."""
        self._disk.write(f"{PLACE}/{mission}", memory)


class MemoryUpstream:
    """What git of one clone knows of the repository at the forge."""

    def __init__(self, disk: Disk, objects: Objects, world: World) -> None:
        self._disk, self._objects, self._world = disk, objects, world

    def fetch(self, mission: MissionId, base: str, branches: Collection[str]) -> None:
        """Copy base and branches."""
        fault = self._world.troubles.next("fetch")
        if fault is not None:
            raise ToolError("cannot fetch from the remote `origin`")
        there = self._world.site.commits.branches()
        for place, name in [(f"{_BASES}/{mission}", base), *((f"{_PROPOSED}/{b}", b) for b in branches)]:
            if name in there:
                self._disk.write(place, there[name])
            else:
                self._disk.remove(place)

    def base(self, mission: MissionId) -> Sha | None:
        """The base as it was fetched."""
        return self._at(f"{_BASES}/{mission}")

    def tip(self, branch: str) -> Sha | None:
        """A branch as it was fetched or pushed."""
        return self._at(f"{_PROPOSED}/{branch}")

    def is_ours(self, branch: str) -> bool:
        """Whether it is in what was pushed here."""
        tip, ours = self.tip(branch), self._at(f"{_OURS}/{branch}")
        return tip is None or (ours is not None and self._objects.contains(ours, tip))

    def has(self, branch: str, commit: Sha) -> bool:
        """Whether a branch contains a commit, with the same files."""
        tip = self.tip(branch)
        return tip is not None and self._objects.contains(tip, commit) and self._files(tip) == self._files(commit)

    def arrived(self, base: Sha, commit: Sha) -> bool:
        """Whether the base has a commit or its changes."""
        if self._objects.contains(base, commit):
            return True
        common = self._objects.base_of(base, commit)
        if common is None:
            return False
        files, conflicts = merge_files(self._files(common), self._files(base), self._files(commit))
        return not conflicts and files == self._files(base)

    def present(self, commit: Sha, paths: Sequence[str]) -> bool:
        """Whether there is one of the files."""
        return any(path in paths or path.startswith(tuple(f"{p}/" for p in paths)) for path in self._files(commit))

    def push(self, branch: str, commit: Sha) -> str:
        """Push on top of what is known to be there; what is there must not have moved since."""
        tip = self.tip(branch)
        if self.has(branch, commit):
            return ""
        new = commit
        if tip is not None and not self._objects.contains(commit, tip):
            now = self._objects.get(commit)
            new = self._objects.add(Commit(now.files, (commit, tip), "Take up\n", PROGRAM, now.at))
        self._disk.write(f"{_OURS}/{branch}", new)
        fault = self._world.troubles.next("push")
        if fault is not None and fault is not Fault.LOST:
            raise ToolError("cannot push to the remote `origin`")
        there = self._world.site.commits.branches().get(branch)
        if there is not None and not self._objects.contains(new, Sha(there)):
            return f"{branch} has moved"
        try:
            self._world.site.push(OURS, branch, new)
        except DeniedError as error:
            return error.words
        if fault is not None:
            raise ToolError("cannot push to the remote `origin`: the answer was lost")
        self._disk.write(f"{_PROPOSED}/{branch}", new)
        return ""

    def take(self, branch: str) -> Sha | None:
        """Accept what is there."""
        tip = self.tip(branch)
        if tip is not None:
            self._disk.write(f"{_OURS}/{branch}", tip)
        return tip

    def delete(self, branch: str) -> str:
        """Delete it, if it is as it was last seen."""
        if not self.is_ours(branch):
            return f"{branch} has commits of someone else"
        if self._world.site.commits.branches().get(branch) not in {None, self.tip(branch)}:
            return f"{branch} has moved"
        try:
            if branch in self._world.site.commits.branches():
                self._world.site.delete_branch(OURS, branch)
        except DeniedError as error:
            return error.words
        self._disk.remove(f"{_PROPOSED}/{branch}")
        self._disk.remove(f"{_OURS}/{branch}")
        return ""

    def _files(self, commit: Sha) -> dict[str, str]:
        return dict(self._objects.get(commit).files)

    def _at(self, place: str) -> Sha | None:
        found = self._disk.read(place, str)
        return Sha(found) if found else None

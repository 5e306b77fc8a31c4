"""A remote in memory that clones share, and what each clone knows of it. The way there can fail in every manner."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.kit.fakes.code import REFS

from mission_cli.domain.errors import BlockedError, ToolError
from mission_cli.domain.host import clone_id
from mission_cli.domain.ids import MissionId, Sha

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.kit.fakes.disk import Disk
    from tests.kit.fakes.objects import Objects

SEEN, SIGNS, SENT = "state/seen", "state/signs", "runtime/pushed"
_OURS = ("heads/mission", "wip")


@dataclass
class Remote:
    """What the remote has. `state` is the head of its state branch."""

    state: Sha | None = None
    refs: dict[str, str] = field(default_factory=dict)
    """Branches of missions, saved work, claims: as in `code/refs` of a clone."""
    signs: dict[str, str] = field(default_factory=dict)

    def copy(self) -> Remote:
        """Another one that has the same."""
        return Remote(self.state, dict(self.refs), dict(self.signs))


class Way:
    """How a clone reaches the remote: at all, and whether it hears the answer. A perfect one."""

    def reach(self) -> None:
        """Before anything is asked. Raises ToolError when nobody is there."""

    def hear(self) -> None:
        """After it was done. Raises ToolError when the answer is lost."""


def cut_off() -> ToolError:
    """What a clone says that cannot reach its remote."""
    return ToolError("the remote `origin` cannot be reached", hint="mission doctor tries it")


class NoShare:
    """Nothing is shared."""

    remote = ""

    def accepted(self) -> Sha | None:
        """Nobody heard of anything."""
        return None

    def fetch(self) -> Sha | None:
        """There is nobody to ask."""
        raise AssertionError("nothing is shared")

    def push(self, head: Sha) -> bool:
        """There is nobody to tell."""
        raise AssertionError(head)

    def unsent(self) -> Sequence[MissionId]:
        """Nothing is to be sent."""
        return []

    def push_branches(self, missions: Sequence[MissionId]) -> bool:
        """There is nobody to send them to."""
        raise AssertionError(missions)

    def adopt(self, mission: MissionId, *, driven: bool = False) -> None:
        """There is nobody to have it from."""
        raise AssertionError(mission, driven)

    def beat(self) -> None:
        """Nobody looks."""
        raise AssertionError("nothing is shared")

    def signs(self) -> Mapping[str, str]:
        """None."""
        return {}


class MemoryShare:
    """One clone's side of a remote."""

    remote = "origin"

    def __init__(self, disk: Disk, objects: Objects, there: Remote, way: Way, *, me: str) -> None:
        self._disk, self._objects, self._there, self._way = disk, objects, there, way
        self._me = clone_id(me)

    def accepted(self) -> Sha | None:
        """The head that the remote had when it was heard of last."""
        seen = self._disk.read(SEEN, str)
        return Sha(seen) if seen else None

    def fetch(self) -> Sha | None:
        """Bring state branch and signs over."""
        self._way.reach()
        self._way.hear()
        if self._there.state is None:
            self._disk.remove(SEEN)
        else:
            self._disk.write(SEEN, self._there.state)
        self._disk.remove_below(SIGNS)
        for host, sign in self._there.signs.items():
            self._disk.write(f"{SIGNS}/{host}", sign)
        return self.accepted()

    def push(self, head: Sha) -> bool:
        """Make `head` the remote's state branch, unless it has something else."""
        self._way.reach()
        if self._there.state is not None and not self._objects.contains(head, self._there.state):
            self._way.hear()
            return False
        self._there.state = head
        self._way.hear()
        self._disk.write(SEEN, head)
        return True

    def unsent(self) -> list[MissionId]:
        """Missions with something to send."""
        sent = self._sent()
        moved = [ref for ref, oid in self._refs().items() if sent.get(ref) != oid]
        return list(dict.fromkeys(MissionId(ref.split("/")[-2]) for ref in moved))

    def push_branches(self, missions: Sequence[MissionId]) -> bool:
        """Send what has moved since the last time."""
        sent = self._sent()
        moved = {r: oid for r, oid in self._refs().items() if r.split("/")[-2] in missions and sent.get(r) != oid}
        if not moved:
            return True
        self._way.reach()
        refused = False
        for ref, oid in moved.items():
            there = self._there.refs.get(ref)
            if there is None or self._objects.contains(Sha(oid), Sha(there)):
                self._there.refs[ref] = oid
            else:
                refused = True
        self._way.hear()
        if not refused:
            self._disk.write(SENT, tuple(sorted({**sent, **moved}.items())))
        return not refused

    def adopt(self, mission: MissionId, *, driven: bool = False) -> None:
        """Take over what the remote has of a mission; a branch of ours beside it is kept as saved work."""
        self._way.reach()
        self._way.hear()
        for ref, oid in sorted(self._there.refs.items()):
            if ref.split("/")[-2] != mission:
                continue
            before = self._disk.read(f"{REFS}/{ref}", str)
            if before == oid or (before and ref.startswith("claims/")):
                continue
            if before and self._objects.contains(Sha(before), Sha(oid)):
                continue
            if before and not self._objects.contains(Sha(oid), Sha(before)):
                if driven and ref.endswith("/work") and self._has_work(Sha(before), Sha(oid)):
                    raise BlockedError(f"{ref} here and at `origin` have diverged", hint="merge them")
                self._disk.create(f"{REFS}/wip/{mission}/before-takeover-{before[:7]}", before)
            self._disk.write(f"{REFS}/{ref}", oid)

    def _has_work(self, ours: Sha, theirs: Sha) -> bool:
        """Whether ours holds more than fences beside theirs."""
        base = self._objects.base_of(ours, theirs)
        return base is None or self._objects.get(base).files != self._objects.get(ours).files

    def beat(self) -> None:
        """Leave another sign than before."""
        self._way.reach()
        mine = self._disk.read(f"{SIGNS}/{self._me}", str) or ""
        if self._there.signs.get(self._me, "") == mine:
            sign = f"{self._me} {int(mine.rpartition(' ')[2] or 0) + 1}"
            self._there.signs[self._me] = sign
            self._way.hear()
            self._disk.write(f"{SIGNS}/{self._me}", sign)
        else:
            raise ToolError(f"another clone sends heartbeats as {self._me}")

    def signs(self) -> Mapping[str, str]:
        """Signs by host."""
        return {host: str(sign) for host, sign in self._disk.below(SIGNS).items()}

    def _sent(self) -> dict[str, str]:
        sent = self._disk.read(SENT, tuple)
        return dict(sent) if sent else {}

    def _refs(self) -> dict[str, str]:
        found = self._disk.below(REFS)
        return {ref: str(oid) for ref, oid in found.items() if ref.startswith(tuple(f"{o}/" for o in _OURS))}


def claim_there(there: Remote, way: Way, run: str, content: str) -> str | None:
    """Claim an attempt at the remote: None when it is ours now, else what the one who has it wrote."""
    way.reach()
    other = there.refs.setdefault(f"claims/{run}", content)
    way.hear()
    return None if other == content else other

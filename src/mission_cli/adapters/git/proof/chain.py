"""The chain of state commits: which link a new commit follows, kept in the runtime folder, and all that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli.adapters.fs.atomic import make_folder, read_json, write_json
from mission_cli.domain.evidence.chain import Linked, Links, before_of, followed, links_in, trailer
from mission_cli.domain.ids import MissionId, Sha
from mission_cli.ports.git.state import sum_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mission_cli.adapters.git.repo.command import Git
    from mission_cli.adapters.git.repo.objects import Objects
    from mission_cli.ports.git.state import Texts

_FIELDS = "%H%x00%P%x00%(trailers:key=Mission-Chain,valueonly,unfold)%x00"


class Chain:
    """The links of one state branch. Without what was kept, the whole history is read once."""

    def __init__(self, git: Git, objects: Objects, place: Path) -> None:
        self._git, self._objects, self._place = git, objects, place
        self._head, self._links = "", Links()

    def trailers(self, head: Sha | None, texts: Mapping[MissionId, Mapping[str, Texts]]) -> list[str]:
        """Return the lines with which a commit on top of `head` continues the chain of each mission that it changes."""
        links = self._at(head) if head else {}
        sums = {mission: sum_of(files) for mission, files in texts.items()}
        return [trailer(m, before_of(links.get(m, ())), written) for m, written in sorted(sums.items()) if written]

    def made(self, commit: Sha, parent: Sha | None, lines: Sequence[str]) -> None:
        """Keep the links at a commit that was made with these trailers; losing them costs time only."""
        before = self._links if parent == (self._head or None) else {}
        own = {m: (link.link,) for m, link in links_in(line.partition(": ")[2] for line in lines).items()}
        self._keep(commit, {**before, **own})

    def _keep(self, head: str, links: Links) -> None:
        self._head, self._links = head, links
        make_folder(self._place.parent)
        write_json(self._place, {"head": head, "links": {m: list(found) for m, found in links.items()}}, durable=False)

    def _at(self, head: Sha) -> Links:
        """Return the last links at a commit."""
        if self._head != head:
            self._read()
        if self._head != head:
            self._keep(head, self._newer(head))
        return self._links

    def _read(self) -> None:
        raw: Any = read_json(self._place)
        try:
            head, links = raw["head"], {str(m): tuple(map(str, found)) for m, found in raw["links"].items()}
        except (AttributeError, KeyError, TypeError):
            return
        if isinstance(head, str):
            self._head, self._links = head, links

    def _newer(self, head: Sha) -> Links:
        """Return the links at `head` from those that are known; from the whole history where it does not just go on."""
        if self._head and self._objects.is_on_line(self._head, head):
            newer = history_of(self._git, f"{self._head}..{head}")
            if all(len(one.parents) == 1 for one in newer):
                return followed(newer, {self._head: self._links}).get(head, {})
        return followed(history_of(self._git, head), {}).get(head, {})


def history_of(git: Git, revisions: str) -> list[Linked]:
    """Return the commits of a history with their links, parents first."""
    words = git.run("log", "-z", "--topo-order", "--reverse", f"--format={_FIELDS}", revisions).out
    parts = words.decode("utf-8", "replace").split("\0")
    found = []
    for n in range(0, len(parts) - 3, 4):
        commit, parents, values = parts[n : n + 3]
        found.append(Linked(Sha(commit), tuple(map(Sha, parents.split())), links_in(values.splitlines())))
    return found

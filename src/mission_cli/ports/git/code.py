"""The code repository: branches of a mission, evidence of attempts, landing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass, field
from mission_cli.domain.branches.landing import LandPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mission_cli.domain.branches.against import Change
    from mission_cli.domain.branches.landing import Content, Landing, Merge, Words
    from mission_cli.domain.ids import FeatureNumber, MissionId, RunId, Sha
    from mission_cli.domain.runs.evidence import Evidence
    from mission_cli.domain.runs.jobs import Left
    from mission_cli.domain.touch.facts import CodeFacts


@dataclass(frozen=True, slots=True)
class Heads:
    """The branches of one mission."""

    base: Sha | None = None
    work: Sha | None = None
    ours: Sha | None = None
    """Where this program last put `work`, or is about to; None if unknown."""
    known_base: Sha | None = None
    """Where the base was last seen, not moved by a worker; None if unknown."""
    highest: Mapping[FeatureNumber, int] = field(default_factory=dict)
    """Highest attempt number by feature among claims and branches."""
    renamed: str = ""
    """The new name of the base, if it was renamed and git's log shows that; else empty."""
    unborn: bool = False
    """Whether the base is the branch that is checked out, and has no commit yet."""
    in_the_way: str = ""
    """A person's branch whose name makes branches of the mission impossible."""

    @property
    def begun(self) -> bool:
        """Whether branches or claims of a mission of this name exist, or cannot be made."""
        return bool(self.work or self.ours or self.highest or self.in_the_way)


class CodeRepo(Protocol):
    """What the loop needs from the code repository; only `land` and `put_base_back` move a person's branch."""

    def heads(self, mission: MissionId, base: str) -> Heads:
        """Return the heads of the branches."""
        ...

    def evidence(
        self,
        run: RunId,
        *,
        start: Sha,
        work: Sha,
        protected: Callable[[str, bool], bool],
        words: Words,
        left: Left | None = None,
    ) -> Evidence | None:
        """Return what the attempt's branch contains, merged on `work`; None if its tree cannot be read.

        `words`: those of the merge commit.
        `left`: what was read of it at its end; without it the branch is read and fetched now.
        """
        ...

    def base_merge(self, base: Sha, work: Sha) -> Merge | None:
        """Return the base merged into `work`, or None if it is contained already."""
        ...

    def landing(self, base_name: str, base: Sha, work: Sha, plan: LandPlan = LandPlan()) -> Landing:  # noqa: B008 - frozen
        """Return what landing `work` would do, and what is in its way."""
        ...

    def landing_commit(self, base: Sha, work: Sha) -> Sha | None:
        """Return the commit of the base that landed `work` and says so; None if `work` landed without one, or not."""
        ...

    def content(self, base: Sha, commit: Sha) -> Content:
        """Return the commits and files that a commit would bring to the base."""
        ...

    def diff(self, base: Sha, commit: Sha, paths: Sequence[str] | None = None) -> str:
        """Return the whole change from one commit to another, as `git diff` prints it.

        With paths, only these files: no program of the settings runs, nothing is renamed, and large files are binary.
        """
        ...

    def code_tree(self, commit: Sha) -> str:
        """Return the tree of a commit without mission folders."""
        ...

    def find_commit(self, short: str) -> Sha | None:
        """Return the full hash of a commit, or None."""
        ...

    def newest(self, commits: Sequence[Sha]) -> Sha | None:
        """Return the commit that contains the others, given commits of one line; None for none."""
        ...

    def glance(self, commit: Sha, wanted: Sequence[str]) -> Mapping[str, str]:
        """Return the paths that tell of packages; with the content of files whose names are wanted, else empty.

        Those of the two top levels, and what is next to deeper files with a wanted name.
        """
        ...

    def below(self, commit: Sha, places: Sequence[str]) -> Sequence[str]:
        """Return the paths of a commit that are one of the places, or below one of them; some 2,000 at most."""
        ...

    def recent(self, commit: Sha, most: int) -> tuple[str, ...]:
        """Return the subjects of the last commits, without merges, newest first."""
        ...

    def touched(self, commit: Sha) -> CodeFacts:
        """Return which files there are, which changed together in the latest commits, and which import which.

        Everything is cut at fixed sizes. The answer for the last commit that was asked for is kept.
        """
        ...

    def common(self, one: Sha, other: Sha) -> Sha | None:
        """Return the last common commit; None if there is none."""
        ...

    def read(self, commit: Sha, paths: Iterable[str]) -> Mapping[str, str]:
        """Return the texts of the paths that are files of a commit; very large ones are left out."""
        ...

    def changes(self, before: Sha, after: Sha, wanted: Callable[[str], bool]) -> tuple[Change, ...]:
        """Return the wanted files that differ between two commits, as texts."""
        ...

    def overlay(self, commit: Sha, files: Mapping[str, str | None], words: str = "Judge as the base does") -> Sha:
        """Return a commit with some files replaced; None: removed. Equal input gives the same commit.

        `words`: its message.
        """
        ...

    def missing(self, commit: Sha, paths: Sequence[str]) -> Mapping[str, bool]:
        """Return the paths that are files of the checkout but not of a commit; True: git ignores the file."""
        ...

    def listed(self, commit: Sha, folder: str) -> Sequence[str]:
        """Return the paths of all files below a folder of a commit; none if there is no such folder."""
        ...

    def branch(self, name: str) -> Sha | None:
        """Return the commit of a branch; None if there is none."""
        ...

    def offer(self, branch: str, commit: Sha, expect: Sha | None) -> bool:
        """Make a branch of a mission, or move it from `expect`; False if another process was first."""
        ...

    def make_branch(self, name: str) -> None:
        """Create a branch at what is checked out, if it does not exist. Raises ToolError without a commit."""
        ...

    def is_dedicated(self, base: str) -> bool:
        """Whether a branch has nothing but what a new repository comes with."""
        ...

    def make_work(self, mission: MissionId, base: Sha) -> None:
        """Create the branch of finished features, if it does not exist."""
        ...

    def move_work(self, mission: MissionId, to: Sha, expect: Sha) -> bool:
        """Compare and swap; False if another process moved it first."""
        ...

    def own_work(self, mission: MissionId, work: Sha) -> None:
        """Record `work` as known: a person, or another clone, moved it."""
        ...

    def own_base(self, mission: MissionId, base: Sha) -> None:
        """Record the base as known: this program, or a person, moved it."""
        ...

    def put_base_back(self, base_name: str, to: Sha, expect: Sha) -> None:
        """Move the base to where it was known to be, unless it has moved again; files that are checked out stay."""
        ...

    def gained(self, before: Sha, after: Sha, besides: Sha | None) -> tuple[Sha, ...]:
        """Return the commits that a branch gained by a move, newest first, without those that `besides` contains."""
        ...

    def makers(self, commit: Sha, runs: Sequence[RunId]) -> tuple[RunId, ...]:
        """Return the runs in whose own trees a commit was made."""
        ...

    def fence(self, mission: MissionId, words: str) -> None:
        """Put an empty commit on `work`, so that the clone that drove the mission before cannot push there."""
        ...

    def land(self, base_name: str, commit: Sha, expect: Sha) -> str:
        """Fast-forward the base. Returns why it did not, or the empty string."""
        ...

    def watch(self, missions: Sequence[MissionId], bases: Sequence[str]) -> list[str]:
        """Return files whose look changes when a branch that the loop reads moves."""
        ...

"""The code repository: branches of a mission, evidence of attempts, landing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli._support.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mission_cli.domain.branches.against import Change
    from mission_cli.domain.branches.landing import Landing, Merge
    from mission_cli.domain.ids import FeatureNumber, MissionId, RunId, Sha
    from mission_cli.domain.runs import Evidence, Left


@dataclass(frozen=True, slots=True)
class Heads:
    """The branches of one mission."""

    base: Sha | None = None
    work: Sha | None = None
    ours: Sha | None = None
    """Where we put `work` last, or are about to; None where nobody knows."""
    known_base: Sha | None = None
    """Where the base was when it was looked at last and no worker had moved it; None where nobody knows."""
    highest: Mapping[FeatureNumber, int] = field(default_factory=dict)
    """Highest attempt number by feature among claims and branches."""
    renamed: str = ""
    """What the base is called by now, where it is gone and git's log tells; else empty."""
    in_the_way: str = ""
    """A branch of a person's beside which there can be none of the mission's."""


class CodeRepo(Protocol):
    """What the loop needs from the repository that the work is done in; only `land` touches a person's branch."""

    def heads(self, mission: MissionId, base: str) -> Heads:
        """Where the branches are."""
        ...

    def evidence(
        self,
        run: RunId,
        *,
        start: Sha,
        work: Sha,
        protected: Callable[[str, bool], bool],
        left: Left | None = None,
    ) -> Evidence | None:
        """Say what the attempt's branch holds, merged on `work`; None when its tree cannot be read.

        `left` is what was seen of it when it ended; without it the branch is read and fetched now.
        """
        ...

    def base_merge(self, base: Sha, work: Sha) -> Merge | None:
        """The base merged into `work`, or None when it is in there already."""
        ...

    def landing(self, base_name: str, base: Sha, work: Sha) -> Landing:
        """What landing `work` would do, and what is in its way."""
        ...

    def code_tree(self, commit: Sha) -> str:
        """Tree of a commit without mission folders."""
        ...

    def find_commit(self, short: str) -> Sha | None:
        """The full name of a commit, or None."""
        ...

    def newest(self, commits: Sequence[Sha]) -> Sha | None:
        """Of commits on one line the one that contains the others; None for none."""
        ...

    def glance(self, commit: Sha, wanted: Sequence[str]) -> Mapping[str, str]:
        """Paths of the two uppermost levels; with the content of files whose name is wanted, else empty."""
        ...

    def common(self, one: Sha, other: Sha) -> Sha | None:
        """The last commit that both contain; None where there is none."""
        ...

    def read(self, commit: Sha, paths: Iterable[str]) -> Mapping[str, str]:
        """Texts of those of the paths that are files of a commit; one that is very large is left out."""
        ...

    def changes(self, before: Sha, after: Sha, wanted: Callable[[str], bool]) -> tuple[Change, ...]:
        """The wanted files that differ between two commits, as texts."""
        ...

    def overlay(self, commit: Sha, files: Mapping[str, str | None]) -> Sha:
        """A commit like another one in which some files are as said; None: not there. The same whenever it is made."""
        ...

    def missing(self, commit: Sha, paths: Sequence[str]) -> Mapping[str, bool]:
        """Those of the paths that are files of the checkout and not in git at a commit; True: git ignores the file."""
        ...

    def make_branch(self, name: str) -> None:
        """Create a branch at what is checked out; nothing when it exists. Raises ToolError without a commit."""
        ...

    def is_dedicated(self, base: str) -> bool:
        """Whether there is nothing on a branch yet but what a new repository comes with."""
        ...

    def make_work(self, mission: MissionId, base: Sha) -> None:
        """Create the branch of finished features; nothing when it exists."""
        ...

    def move_work(self, mission: MissionId, to: Sha, expect: Sha) -> bool:
        """Compare and swap; False when somebody else was faster."""
        ...

    def own_work(self, mission: MissionId, work: Sha) -> None:
        """Take `work` as it is for what we have put there: a person moved it, or another clone."""
        ...

    def own_base(self, mission: MissionId, base: Sha) -> None:
        """Take the base as it is for what we, or a person, have put there."""
        ...

    def put_base_back(self, base_name: str, to: Sha, expect: Sha) -> None:
        """Move the base to where it was known to be, unless it has moved again; files that are checked out stay."""
        ...

    def gained(self, before: Sha, after: Sha, besides: Sha | None) -> tuple[Sha, ...]:
        """The commits that a branch gained by a move, newest first, without those that another commit has."""
        ...

    def makers(self, commit: Sha, runs: Sequence[RunId]) -> tuple[RunId, ...]:
        """Those of the runs in whose own trees a commit was made."""
        ...

    def fence(self, mission: MissionId, words: str) -> None:
        """Put an empty commit on `work`, so that a clone which drove the mission before cannot push its own there."""
        ...

    def land(self, base_name: str, commit: Sha, expect: Sha) -> str:
        """Fast-forward the base. Returns why it did not, or the empty string."""
        ...

    def watch(self, missions: Sequence[MissionId], bases: Sequence[str]) -> list[str]:
        """Files whose look changes when a branch that the loop looks at moves."""
        ...

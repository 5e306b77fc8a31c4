"""The code repository: mission branches, what attempts left there, and landing finished work on the base."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.git.code.cache import Known, changed_at
from mission_cli.adapters.git.code.collect import collect
from mission_cli.adapters.git.code.compare import (
    below,
    changed_paths,
    changes,
    code_tree,
    completed_features,
    content,
    count_commits,
    diff,
    glance,
    is_substantial,
    overlay_tree,
    read,
    recent,
)
from mission_cli.adapters.git.code.findings import Findings
from mission_cli.adapters.git.code.landing import land, landing, landing_commit, renamed_to
from mission_cli.adapters.git.code.merges import Merges
from mission_cli.adapters.git.code.untracked import missing_at
from mission_cli.adapters.git.repo.checkout import checked_out, refs_files, worktrees
from mission_cli.adapters.git.repo.command import ZERO, Git
from mission_cli.adapters.git.repo.objects import Objects
from mission_cli.adapters.git.repo.touched import code_facts
from mission_cli.domain.branches.landing import BASE_MERGED, LandPlan, Merge
from mission_cli.domain.branches.refs import ROOT, Area, head_of, obstacles_to, run_of, work_branch
from mission_cli.domain.errors import ToolError
from mission_cli.domain.host import PROGRAM
from mission_cli.domain.ids import FeatureNumber, MissionId, Sha, split_run_id
from mission_cli.domain.paths import is_test_file
from mission_cli.domain.runs.evidence import Evidence
from mission_cli.ports.git.code import Heads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from mission_cli.adapters.git.code.collect import Screen
    from mission_cli.adapters.git.repo.checkout import Checkout
    from mission_cli.domain.branches.against import Change
    from mission_cli.domain.branches.landing import Content, Landing, Words
    from mission_cli.domain.host import Person
    from mission_cli.domain.ids import RunId
    from mission_cli.domain.runs.jobs import Left
    from mission_cli.domain.touch.facts import CodeFacts

_MOST_GAINED, _SHORT = 1000, pattern("[0-9a-f]{4,64}")
_NEW_REPOSITORY = ("README", "LICENSE", ".GITIGNORE", ".GITATTRIBUTES", ".EDITORCONFIG", ".MISSION.TOML", "MISSIONS")


class GitCodeRepo:
    """The repository of a checkout, and the trees of its attempts."""

    def __init__(
        self,
        checkout: Checkout,
        *,
        tree_of: Callable[[RunId], Path],
        screen: Screen,
        program: Person = PROGRAM,
    ) -> None:
        self._checkout = checkout
        self._screen = screen
        self._git = Git(checkout.common_dir, durable=True, main_tree=checkout.main_tree)
        self._objects = Objects(self._git, checkout.runtime)
        self._attempts: dict[MissionId, tuple[tuple[int, ...], dict[FeatureNumber, int]]] = {}
        self._merges = Merges(self._git, checkout.runtime, program)
        self._findings = Findings(self._git, checkout.runtime, self._merges.commit)
        self._known = Known()
        self._tree_of = tree_of

    def heads(self, mission: MissionId, base: str) -> Heads:
        """Return the commits that the branches of a mission point to."""
        work = self._work(mission)
        there = self._objects.commit_of(f"refs/heads/{base}") if base else None
        return Heads(
            base=there,
            unborn=bool(base) and there is None and checked_out(self._git) == head_of(base),
            renamed=renamed_to(self._git, base) if base and there is None else "",
            work=work,
            ours=self._ours(mission, work),
            known_base=self._objects.commit_of(Area.KNOWN.of(mission)),
            highest=self._highest(mission),
            in_the_way="" if work else self._in_the_way(mission),
        )

    def _ours(self, mission: MissionId, work: Sha | None) -> Sha | None:
        """Return where the program last put `work`.

        The ref is written before `work` moves, by merges whose first parent is the `work` of that moment.
        """
        kept = self._objects.commit_of(Area.OURS.of(mission))
        if kept is None or work is None or kept == work:
            return kept
        return work if self._objects.parent_of(kept) == work else kept

    def own_work(self, mission: MissionId, work: Sha) -> None:
        """Record that the program put `work` where it is now."""
        ref = Area.OURS.of(mission)
        self._git.swap_ref(ref, work, self._objects.commit_of(ref) or ZERO)

    def own_base(self, mission: MissionId, base: Sha) -> None:
        """Record a base that no worker has moved, in a ref."""
        ref = Area.KNOWN.of(mission)
        self._git.swap_ref(ref, base, self._objects.commit_of(ref) or ZERO)

    def put_base_back(self, base_name: str, to: Sha, expect: Sha) -> None:
        """Move the base back to `to`, if it is still at `expect`."""
        self._git.swap_ref(f"refs/heads/{base_name}", to, expect)

    def gained(self, before: Sha, after: Sha, besides: Sha | None) -> tuple[Sha, ...]:
        """Return what `git rev-list` lists between two commits, at most as many as a worker makes."""
        without = [f"^{commit}" for commit in (before, besides) if commit]
        words = self._git.text("rev-list", f"--max-count={_MOST_GAINED}", after, *without).split()
        return tuple(map(Sha, words))

    def makers(self, commit: Sha, runs: Sequence[RunId]) -> tuple[RunId, ...]:
        """Return the runs whose own trees contain a commit as an object, which means that it was made there."""
        return tuple(r for r in runs if (self._tree_of(r) / ".git/objects" / commit[:2] / commit[2:]).is_file())

    def _in_the_way(self, mission: MissionId) -> str:
        """Return an existing branch whose name prevents git from creating the mission's branches, or empty."""
        return next((name for name in obstacles_to(mission) if self._objects.commit_of(head_of(name))), "")

    def _highest(self, mission: MissionId) -> dict[FeatureNumber, int]:
        """Return the highest attempt number with a branch or claim, by feature; runs git only after these changed."""
        mine, claims = Area.BRANCHES.of(f"{mission}/"), Area.CLAIMS.of(f"{mission}/")
        places = (mine, claims, "packed-refs", "reftable/tables.list")
        look = tuple(changed_at(self._checkout.common_dir / name) for name in places)
        before, highest = self._attempts.get(mission, ((), {}))
        if look == before or not any(look):
            return highest
        highest = {}
        for ref in (*self._objects.refs_below(mine), *self._objects.refs_below(claims)):
            parts = split_run_id(run_of(ref, Area.BRANCHES, Area.CLAIMS) or "")
            if parts is not None:
                highest[parts[1]] = max(highest.get(parts[1], 0), parts[2])
        self._attempts[mission] = (look, highest)
        return highest

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
        """Return what the attempt's branch holds, merged on `work`; fetch what has not been fetched yet."""
        left = self._left(run, start, left)
        if left.secrets or left.unfit:
            return Evidence(tip=None, commits=1, secrets=left.secrets, unfit=left.unfit, work=work)
        tip = self._objects.commit_of(left.tip) if left.tip else self._objects.commit_of(Area.TIPS.of(run))
        if tip is None:
            return Evidence(tip=None, elsewhere=left.elsewhere, trouble=left.trouble, work=work)
        self._show(run, tip)
        elsewhere, trouble = left.elsewhere, left.trouble
        real, mission = tip, MissionId(run.partition("/")[0])
        found = self._known.of("findings", mission, start, real, ask=self._findings.changed)
        tip = self._known.of("code", mission, start, real, ask=self._findings.code_of) if found else real
        commits = self._known.of("count", start, tip, ask=partial(count_commits, self._git))
        changes = self._known.of("changes", start, tip, ask=partial(changed_paths, self._git))
        touched = tuple(c.path for c in changes if protected(c.path, c.existed))
        merged = self._known.of("merge", words.author, words.message, work, tip, ask=self._merges.of_attempt)
        integrated = commits > 0 and self._objects.is_ancestor(tip, work)
        candidate = self._known.of("merged", tip, work, ask=self._merges.made) or tip if integrated else merged.commit
        if found and not commits:
            candidate = work
        judged = self._findings.commit_with(candidate, real, found) if found and candidate else None
        name = self._known.of("tree", candidate, ask=self.code_tree) if candidate else ""
        return Evidence(
            tip=real,
            commits=commits,
            changed=tuple(c.path for c in changes),
            substantial=self._known.of("substantial", start, tip, ask=partial(is_substantial, self._git)),
            tests_changed=sum(is_test_file(c.path) for c in changes),
            protected=touched,
            elsewhere=elsewhere,
            conflicts=merged.conflicts,
            unrelated=merged.unrelated,
            candidate=candidate,
            findings=found,
            judged=judged,
            tree=name if judged is None else f"{name}.{self._objects.tree_of(judged)}",
            completes=self._known.of("completes", start, real, ask=partial(completed_features, self._git)),
            integrated=integrated,
            work=work,
            trouble=trouble,
        )

    def base_merge(self, base: Sha, work: Sha) -> Merge | None:
        """Merge the base into `work`; None when `work` contains it already."""
        if self._objects.is_ancestor(base, work):
            return None
        if self._objects.is_ancestor(work, base):
            return Merge(base)
        tree, conflicts = self._merges.tree(work, base)
        if tree is None:
            return Merge(None, conflicts)
        return Merge(self._merges.commit(tree, [work, base], BASE_MERGED, base))

    def landing(self, base_name: str, base: Sha, work: Sha, plan: LandPlan = LandPlan()) -> Landing:  # noqa: B008 - frozen
        """Return what landing `work` would do, and what is in its way."""
        return landing(
            self._git,
            base_name,
            base,
            work,
            plan=plan,
            is_ancestor=self._objects.is_ancestor,
            merges=self._merges,
            code_tree=self.code_tree,
        )

    def content(self, base: Sha, commit: Sha) -> Content:
        """Return the commits and files that a commit would bring to the base."""
        return content(self._git, base, commit)

    def diff(self, base: Sha, commit: Sha, paths: Sequence[str] | None = None) -> str:
        """Return the whole change from one commit to another, or that of some files."""
        return diff(self._git, base, commit, paths)

    def landing_commit(self, base: Sha, work: Sha) -> Sha | None:
        """Return the commit of the base that says that it landed `work`."""
        return landing_commit(self._git, base, work)

    def land(self, base_name: str, commit: Sha, expect: Sha) -> str:
        """Fast-forward the base. Returns why it could not, or the empty string."""
        return land(self._git, base_name, commit, expect)

    def code_tree(self, commit: Sha) -> str:
        """Return the tree of a commit without mission folders."""
        return code_tree(self._git, self._objects, self._checkout.runtime, commit)

    def find_commit(self, short: str) -> Sha | None:
        """Return the commit that an abbreviated id stands for, or None."""
        return self._known.of("short", short, ask=self._objects.commit_of) if _SHORT.fullmatch(short) else None

    def newest(self, commits: Sequence[Sha]) -> Sha | None:
        """Return the commit that contains all the others, of commits on one line of history."""
        if len(set(commits)) < 2:  # noqa: PLR2004 - one needs no comparison
            return commits[0] if commits else None
        return Sha(self._git.text("merge-base", "--independent", *dict.fromkeys(commits)).splitlines()[0])

    def glance(self, commit: Sha, wanted: Sequence[str]) -> Mapping[str, str]:
        """Return the paths that tell of packages, with the content of files whose name is wanted, otherwise empty."""
        return glance(self._git, commit, wanted)

    def below(self, commit: Sha, places: Sequence[str]) -> Sequence[str]:
        """Return the paths of a commit that are one of the places, or below one of them."""
        return below(self._git, commit, places)

    def recent(self, commit: Sha, most: int) -> tuple[str, ...]:
        """Return the subjects of the last commits, newest first."""
        return recent(self._git, commit, most)

    def touched(self, commit: Sha) -> CodeFacts:
        """Return facts about the files of a commit; the last answer is kept in `touch.json`."""
        return code_facts(self._git, self._checkout.runtime, commit)

    def common(self, one: Sha, other: Sha) -> Sha | None:
        """Return the newest commit that both contain."""
        found = self._known.of("common", one, other, ask=self._common)
        return Sha(found) if found else None

    def _common(self, one: Sha, other: Sha) -> str:
        older = next((a for a, b in ((one, other), (other, one)) if self._objects.is_on_line(a, b)), "")
        return older or self._git.run("merge-base", one, other, ok=(0, 1, 128)).out.decode().strip()

    def read(self, commit: Sha, paths: Iterable[str]) -> Mapping[str, str]:
        """Return the texts of those paths that are files in a commit."""
        return read(self._git, commit, paths)

    def changes(self, before: Sha, after: Sha, wanted: Callable[[str], bool]) -> tuple[Change, ...]:
        """Return the wanted files that differ between two commits, as texts."""
        return changes(self._git, before, after, wanted)

    def overlay(self, commit: Sha, files: Mapping[str, str | None], words: str = "Judge as the base does") -> Sha:
        """Return a commit on top of another one, with the content of some files replaced."""
        tree = overlay_tree(self._git, self._checkout.runtime, commit, files)
        return self._merges.commit(tree, [commit], words, commit)

    def missing(self, commit: Sha, paths: Sequence[str]) -> Mapping[str, bool]:
        """Return files of the checkout that a clone of the commit does not have."""
        return missing_at(self._checkout.common_dir, self._checkout.main_tree, commit, paths)

    def listed(self, commit: Sha, folder: str) -> Sequence[str]:
        """Return the paths of all files below a folder of a commit."""
        return sorted(self._objects.files(commit, folder))

    def branch(self, name: str) -> Sha | None:
        """Return the commit of a branch."""
        return self._objects.commit_of(head_of(name)) if name else None

    def offer(self, branch: str, commit: Sha, expect: Sha | None) -> bool:
        """Make or move a branch of a mission; False if another process was first."""
        return self._git.swap_ref(head_of(branch), commit, expect or ZERO)

    def make_branch(self, name: str) -> None:
        """Create a branch at HEAD; do nothing if it exists."""
        ref, head = f"refs/heads/{name}", self._objects.commit_of("HEAD")
        if head is None or (not self._git.swap_ref(ref, head, ZERO) and self._objects.commit_of(ref) is None):
            raise ToolError(f"cannot create the branch {name}", hint="make a first commit, then try again")

    def is_dedicated(self, base: str) -> bool:
        """Whether a branch contains only the files that a new repository usually has."""
        commit = self._objects.commit_of(f"refs/heads/{base}")
        names = self._git.words("ls-tree", "-z", "--name-only", commit) if commit else []
        return all(name.upper().startswith(_NEW_REPOSITORY) for name in names)

    def make_work(self, mission: MissionId, base: Sha) -> None:
        """Create the branch of finished features; do nothing if it exists."""
        if not self._put_work(mission, base, None) and self._work(mission) is None:
            raise ToolError(
                f"cannot create the branch {work_branch(mission)}", hint=f"rename the branch `{ROOT}` if there is one"
            )

    def move_work(self, mission: MissionId, to: Sha, expect: Sha) -> bool:
        """Move `work` from `expect` to another commit; False if another process moved it first."""
        return self._put_work(mission, to, expect)

    def _work(self, mission: MissionId) -> Sha | None:
        return self._objects.commit_of(head_of(work_branch(mission)))

    def _put_work(self, mission: MissionId, to: Sha, expect: Sha | None) -> bool:
        """Move `work`, recorded as the program's move beforehand; a move that comes too late is not recorded."""
        if self._work(mission) != expect:
            return False
        self.own_work(mission, to)
        return self._git.swap_ref(head_of(work_branch(mission)), to, expect or ZERO)

    def fence(self, mission: MissionId, words: str) -> None:
        """Put an empty commit on `work`; do nothing if there is no such branch yet."""
        work = self._work(mission)
        if work is not None:
            tree = self._git.text("rev-parse", f"{work}^{{tree}}")
            author, committer = self._merges.identities
            made = self._git.commit_tree(tree, [work], words, author=author, committer=committer)
            self._put_work(mission, made, work)

    def watch(self, missions: Sequence[MissionId], bases: Sequence[str]) -> list[str]:
        """Return the files that change when a branch that the loop watches moves."""
        names = [f"refs/heads/{base}" for base in dict.fromkeys(bases) if base]
        names += [head_of(work_branch(mission)) for mission in missions]
        return refs_files(self._git, names)

    # What an attempt left

    def _left(self, run: RunId, start: Sha, left: Left | None) -> Left:
        """Return what the attempt left; collected again if it was not collected yet or its commits are not here."""
        if left is not None and (not left.tip or left.secrets or left.unfit or self._objects.commit_of(left.tip)):
            return left
        return collect(self._git.git_dir, self._tree_of(run), run, start=start, screen=self._screen)

    def _show(self, run: RunId, tip: Sha) -> None:
        """Keep what is judged in a ref, and show it as a branch unless that branch is checked out somewhere."""
        tips, branch = Area.TIPS.of(run), Area.BRANCHES.of(run)
        held, now = self._objects.commit_of(tips), self._objects.commit_of(branch)
        if held != tip:
            self._git.swap_ref(tips, tip, held or ZERO)
        if now != tip and not any(t.branch == branch for t in worktrees(self._git)):
            self._git.swap_ref(branch, tip, now or ZERO)

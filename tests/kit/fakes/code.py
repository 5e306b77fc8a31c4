"""A code repository in memory: branches on the disk of a clone, trees of jobs beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import unified_diff
from typing import TYPE_CHECKING

from tests.kit.fakes.objects import Commit, changed_between, merge_files, tree_of

from mission_cli.domain.branches.against import Change
from mission_cli.domain.branches.landing import (
    BASE_MERGED,
    LANDED,
    Content,
    LandedCommit,
    LandedFile,
    Landing,
    LandPlan,
    LandState,
    Merge,
)
from mission_cli.domain.errors import ToolError
from mission_cli.domain.host import PROGRAM, Person
from mission_cli.domain.ids import FeatureNumber, Sha, split_run_id
from mission_cli.domain.judging.packages import glanced
from mission_cli.domain.paths import findings_folders, is_test_file
from mission_cli.domain.runs.evidence import Evidence
from mission_cli.domain.status import LandMethod
from mission_cli.domain.touch.facts import Changed, CodeFacts
from mission_cli.domain.touch.imports import imports_of
from mission_cli.ports.git.code import Heads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tests.kit.fakes.disk import Disk
    from tests.kit.fakes.objects import Objects

    from mission_cli.domain.branches.landing import Words
    from mission_cli.domain.ids import MissionId, RunId
    from mission_cli.domain.runs.jobs import Left

REFS, TREES = "code/refs", "trees"
_FOLDERS = ("missions/", ".missions/", "todo/missions/")


@dataclass(frozen=True)
class Tree:
    """The tree of a job: what its branch is at, and what lies in it that is not committed."""

    tip: Sha | None
    branch: str = ""
    uncommitted: tuple[tuple[str, str], ...] = ()


class MemoryCodeRepo:
    """The repository of one clone, and the trees that attempts work in. Every move of a ref is synced."""

    def __init__(self, disk: Disk, objects: Objects) -> None:
        self._disk, self._objects = disk, objects

    def heads(self, mission: MissionId, base: str) -> Heads:
        """Where the branches are."""
        names = [*self._disk.below(f"{REFS}/heads/mission/{mission}"), *self._disk.below(f"{REFS}/claims/{mission}")]
        highest: dict[FeatureNumber, int] = {}
        for name in names:
            parts = split_run_id(f"{mission}/{name}")
            if parts is not None:
                highest[parts[1]] = max(highest.get(parts[1], 0), parts[2])
        work, ours = self._ref(f"heads/mission/{mission}/work"), self._ref(f"ours/{mission}")
        about = self._objects.get(ours).parents[:1] if ours and work else ()
        return Heads(
            base=self._ref(f"heads/{base}") if base else None,
            work=work,
            ours=work if about == (work,) else ours,
            known_base=self._ref(f"known/{mission}"),
            highest=highest,
        )

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
        """Fetch the attempt's branch and say what it holds, merged on `work`."""
        del left
        tree = self._disk.read(f"{TREES}/{run}", Tree)
        if tree is not None and tree.tip is not None:
            self._disk.write(f"{REFS}/tips/{run}", tree.tip)
            self._disk.write(f"{REFS}/heads/mission/{run}", tree.tip)
        tip = self._ref(f"tips/{run}")
        if tip is None:
            return Evidence(tip=None, work=work)
        real, folders = tip, findings_folders(run.partition("/")[0])
        before, after = self._objects.get(start).files, self._objects.get(tip).files
        found = {p: t for p, t in after.items() if p.startswith(folders) and before.get(p) != t}
        if found:
            after = {p: t for p, t in after.items() if p not in found}
            said = self._objects.get(tip)
            tip = start if after == before else self._objects.add(replace(said, files=after, parents=(start,)))
        changed = tuple(changed_between(before, after))
        since = set(self._objects.ancestry(start))
        mine = [name for name in self._objects.ancestry(tip) if name not in since]
        named = [name for name in self._objects.ancestry(real) if name not in since]
        author = Person(words.author, PROGRAM.email) if words.author else PROGRAM
        merged = self._merged(work, tip, words.message, tip, author)
        integrated = bool(mine) and self._objects.contains(work, tip)
        candidate = self._merge_commit(tip, work) if integrated else merged.commit
        candidate = work if found and not mine else candidate
        judged = self.overlay(candidate, found) if found and candidate else None
        name = self.code_tree(candidate) if candidate else ""
        return Evidence(
            tip=real,
            commits=len(mine),
            changed=changed,
            substantial=any(before.get(p, "").split() != after.get(p, "").split() for p in changed),
            tests_changed=sum(is_test_file(p) for p in changed),
            protected=tuple(p for p in changed if protected(p, p in before)),
            conflicts=merged.conflicts,
            unrelated=merged.unrelated,
            candidate=candidate,
            findings=tuple(sorted(found)),
            judged=judged,
            tree=name if judged is None else f"{name}.{judged}",
            completes=tuple(dict.fromkeys(c for name in named for c in _completes(self._objects.get(name).message))),
            integrated=integrated,
            work=work,
        )

    def base_merge(self, base: Sha, work: Sha) -> Merge | None:
        """The base merged into `work`, or None when it is in there already."""
        if self._objects.contains(work, base):
            return None
        return self._merged(work, base, BASE_MERGED, base)

    def landing(self, base_name: str, base: Sha, work: Sha, plan: LandPlan = LandPlan()) -> Landing:  # noqa: B008 - frozen
        """What landing `work` would do; nothing of a person's is in its way here."""
        del base_name
        squash = plan.method is LandMethod.SQUASH
        if self._objects.contains(base, work) or (squash and self.landing_commit(base, work)):
            return Landing(LandState.LANDED)
        forward = self._objects.contains(work, base)
        if forward and plan.method is LandMethod.FORWARD:
            return Landing(LandState.FORWARD, work, self.code_tree(work))
        merged = self._merged(base, work, plan.words.message, work)
        if merged.commit is None:
            return Landing(LandState.CONFLICT, conflicts=merged.conflicts)
        commit = merged.commit
        if squash:
            commit = self._objects.add(replace(self._objects.get(commit), parents=(base,)))
        return Landing(LandState.FORWARD if forward else LandState.MERGE, commit, self.code_tree(commit))

    def landing_commit(self, base: Sha, work: Sha) -> Sha | None:
        """The commit of the base that says that it landed `work`."""
        said = f"{LANDED}: {work}\n"
        return next((name for name in self._objects.ancestry(base) if said in self._objects.get(name).message), None)

    def content(self, base: Sha, commit: Sha) -> Content:
        """The commits and files that a commit would bring to the base; here each changed file is one line."""
        there = set(self._objects.ancestry(base))
        line = [(name, self._objects.get(name)) for name in self._objects.line(commit) if name not in there]
        commits = [LandedCommit(name, one.message.split("\n")[0], one.author.name) for name, one in line]
        old, new = self._objects.get(base).files, self._objects.get(commit).files
        files = [LandedFile(path, int(path in new), int(path in old)) for path in changed_between(old, new)]
        return Content(tuple(commits), tuple(files))

    def diff(self, base: Sha, commit: Sha, paths: Sequence[str] | None = None) -> str:
        """The changed files, or some of them; without line ends, and therefore without git's note about them."""
        old, new = self._objects.get(base).files, self._objects.get(commit).files
        named = [path for path in changed_between(old, new) if paths is None or path in paths]
        return "".join(one_diff(path, old.get(path), new.get(path)) for path in named)

    def land(self, base_name: str, commit: Sha, expect: Sha) -> str:
        """Fast-forward the base."""
        if self._disk.swap(f"{REFS}/heads/{base_name}", commit, expect):
            return ""
        return f"{base_name} has moved"

    def code_tree(self, commit: Sha) -> str:
        """Tree of a commit without mission folders."""
        files = self._objects.get(commit).files
        return tree_of({path: text for path, text in files.items() if not path.startswith(_FOLDERS)})

    def find_commit(self, short: str) -> Sha | None:
        """The full name of a commit, or None."""
        return self._objects.find(short)

    def newest(self, commits: Sequence[Sha]) -> Sha | None:
        """Of commits on one line the one that contains the others."""
        return next((c for c in commits if all(self._objects.contains(c, other) for other in commits)), None)

    def glance(self, commit: Sha, wanted: Sequence[str]) -> Mapping[str, str]:
        """Paths that tell of packages; with the content of files whose name is wanted, else empty."""
        files = self._objects.get(commit).files
        paths, read = glanced(sorted(files), wanted)
        return {**dict.fromkeys(paths, ""), **{path: files[path] for path in read}}

    def below(self, commit: Sha, places: Sequence[str]) -> Sequence[str]:
        """Paths that are one of the places, or below one of them."""
        files = sorted(self._objects.get(commit).files)
        return [path for path in files if any(path == one or path.startswith(f"{one}/") for one in places)]

    def recent(self, commit: Sha, most: int) -> tuple[str, ...]:
        """The subjects of the last commits, newest first."""
        found = [self._objects.get(name) for name in self._objects.ancestry(commit)]
        return tuple(one.message.splitlines()[0] for one in found if len(one.parents) < 2)[:most]

    def touched(self, commit: Sha) -> CodeFacts:
        """Which files there are, which changed together, and which import which."""
        files = self._objects.get(commit).files
        commits: list[Changed] = []
        for name in self._objects.ancestry(commit):
            one = self._objects.get(name)
            before = self._objects.get(one.parents[0]).files if one.parents else {}
            commits.append(Changed(one.message.split("\n")[0], tuple(changed_between(before, one.files))))
        return CodeFacts(tuple(sorted(files)), tuple(commits), imports_of(files, files))

    def common(self, one: Sha, other: Sha) -> Sha | None:
        """The last commit that both contain."""
        return self._objects.base_of(one, other)

    def read(self, commit: Sha, paths: Iterable[str]) -> Mapping[str, str]:
        """Texts of those of the paths that are files of a commit."""
        files = self._objects.get(commit).files
        return {path: files[path] for path in paths if path in files}

    def changes(self, before: Sha, after: Sha, wanted: Callable[[str], bool]) -> tuple[Change, ...]:
        """The wanted files that differ between two commits, as texts."""
        old, new = self._objects.get(before).files, self._objects.get(after).files
        return tuple(Change(p, old.get(p), new.get(p)) for p in changed_between(old, new) if wanted(p))

    def overlay(self, commit: Sha, files: Mapping[str, str | None], words: str = "Judge as the base does") -> Sha:
        """A commit like another one in which some files are as said."""
        now = self._objects.get(commit)
        whole = {**now.files, **files}
        changed = {path: text for path, text in whole.items() if text is not None}
        return self._objects.add(Commit(changed, (commit,), words, PROGRAM, now.at))

    def missing(self, commit: Sha, paths: Sequence[str]) -> Mapping[str, bool]:
        """There is no checkout."""
        del commit, paths
        return {}

    def listed(self, commit: Sha, folder: str) -> Sequence[str]:
        """Paths below a folder."""
        return sorted(path for path in self._objects.get(commit).files if path.startswith(f"{folder}/"))

    def branch(self, name: str) -> Sha | None:
        """Where a branch is."""
        return self._ref(f"heads/{name}")

    def offer(self, branch: str, commit: Sha, expect: Sha | None) -> bool:
        """Compare and swap; False when somebody else was faster."""
        place = f"{REFS}/heads/{branch}"
        if self._ref(f"heads/{branch}") != expect:
            return False
        self._disk.write(place, commit)
        return True

    def make_branch(self, name: str) -> None:
        """Create a branch at the base; nothing when it exists."""
        head = self._ref("heads/main")
        if head is None:
            raise ToolError(f"cannot create the branch {name}", hint="make a first commit, then try again")
        self._disk.create(f"{REFS}/heads/{name}", head)

    def is_dedicated(self, base: str) -> bool:
        """Whether there is nothing on a branch yet but what a new repository comes with."""
        head = self._ref(f"heads/{base}")
        names = {path.split("/")[0].upper() for path in self._objects.get(head).files} if head else set()
        return all(name.startswith(("README", "LICENSE", ".GITIGNORE", "MISSIONS")) for name in names)

    def make_work(self, mission: MissionId, base: Sha) -> None:
        """Create the branch of finished features; nothing when it exists."""
        if self._ref(f"heads/mission/{mission}/work") is None:
            self.own_work(mission, base)
            self._disk.create(f"{REFS}/heads/mission/{mission}/work", base)

    def move_work(self, mission: MissionId, to: Sha, expect: Sha) -> bool:
        """Compare and swap; False when somebody else was faster."""
        if self._ref(f"heads/mission/{mission}/work") != expect:
            return False
        self.own_work(mission, to)
        return self._disk.swap(f"{REFS}/heads/mission/{mission}/work", to, expect)

    def own_work(self, mission: MissionId, work: Sha) -> None:
        """Take `work` as it is for what we have put there."""
        self._disk.write(f"{REFS}/ours/{mission}", work)

    def own_base(self, mission: MissionId, base: Sha) -> None:
        """Take the base as it is for what we, or a person, have put there."""
        self._disk.write(f"{REFS}/known/{mission}", base)

    def put_base_back(self, base_name: str, to: Sha, expect: Sha) -> None:
        """Compare and swap."""
        self._disk.swap(f"{REFS}/heads/{base_name}", to, expect)

    def gained(self, before: Sha, after: Sha, besides: Sha | None) -> tuple[Sha, ...]:
        """The commits that a branch gained by a move."""
        old = {name for commit in (before, besides) if commit for name in self._objects.ancestry(commit)}
        return tuple(name for name in self._objects.ancestry(after) if name not in old)

    def makers(self, commit: Sha, runs: Sequence[RunId]) -> tuple[RunId, ...]:
        """Those of the runs in whose own trees a commit was made."""
        trees = {run: self._disk.read(f"{TREES}/{run}", Tree) for run in runs}
        return tuple(run for run, tree in trees.items() if tree is not None and tree.tip == commit)

    def fence(self, mission: MissionId, words: str) -> None:
        """Put an empty commit on `work`; nothing where there is none yet."""
        work = self._ref(f"heads/mission/{mission}/work")
        if work is not None:
            now = self._objects.get(work)
            made = self._objects.add(Commit(now.files, (work,), words, PROGRAM, now.at))
            self.move_work(mission, made, work)

    def watch(self, missions: Sequence[MissionId], bases: Sequence[str]) -> list[str]:
        """Names whose look changes when a branch that the loop looks at moves."""
        names = [f"{REFS}/heads/{base}" for base in dict.fromkeys(bases) if base]
        return names + [f"{REFS}/heads/mission/{mission}/work" for mission in missions]

    def _ref(self, name: str) -> Sha | None:
        found = self._disk.read(f"{REFS}/{name}", str)
        return Sha(found) if found else None

    def _merged(self, ours: Sha, theirs: Sha, message: str, dated_like: Sha, author: Person = PROGRAM) -> Merge:
        base = self._objects.base_of(ours, theirs)
        if base is None:
            return Merge(None)
        was = self._objects.get(base).files
        files, conflicts = merge_files(was, self._objects.get(ours).files, self._objects.get(theirs).files)
        if conflicts:
            return Merge(None, conflicts)
        at = self._objects.get(dated_like).at
        return Merge(self._objects.add(Commit(files, (ours, theirs), message, author, at)))

    def _merge_commit(self, tip: Sha, work: Sha) -> Sha | None:
        """The commit that brought `tip` to `work`."""
        line = [name for name in self._objects.line(work) if self._objects.contains(name, tip)]
        return line[-1] if line else None


def _completes(message: str) -> list[str]:
    key = "Completes-feature: "
    return [line.removeprefix(key).strip() for line in message.splitlines() if line.startswith(key)]


def one_diff(path: str, old: str | None, new: str | None) -> str:
    """The change of one file, as git prints it."""
    names = ("/dev/null" if old is None else f"a/{path}", "/dev/null" if new is None else f"b/{path}")
    kind = "new file mode 100644\n" if old is None else "deleted file mode 100644\n" if new is None else ""
    lines = unified_diff((old or "").splitlines(), (new or "").splitlines(), *names, lineterm="")
    return f"diff --git a/{path} b/{path}\n{kind}" + "".join(f"{line}\n" for line in lines)

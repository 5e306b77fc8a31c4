"""A repository to test ports in: a real one with real processes, and one in memory."""

from __future__ import annotations

import json
import os
import shutil
import signal
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from tests.kit.away import Away
from tests.kit.clones import make_hub
from tests.kit.fakes.code import REFS, TREES, Tree
from tests.kit.fakes.executor import JOBS, Outcome
from tests.kit.fakes.host import make_host
from tests.kit.fakes.objects import Commit
from tests.kit.fakes.others import ADA
from tests.kit.fakes.runtime import PLACE
from tests.kit.fakes.runtime import is_idle as is_idle_in_memory
from tests.kit.fakes.share import Remote
from tests.kit.fakes.state import HEAD, TREE
from tests.sim.faults import BadWay

from mission_cli import __version__
from mission_cli.adapters.git.code import trees
from mission_cli.adapters.git.repo.command import Git
from mission_cli.adapters.user import user_folder
from mission_cli.domain.host import PROGRAM
from mission_cli.domain.ids import MissionId, RunId, Sha
from mission_cli.domain.status import JobState
from mission_cli.fastpath import is_idle
from mission_cli.wiring import compose

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.domain.runs.jobs import Job
    from mission_cli.engine.context import Context
    from mission_cli.ports.executor import JobSpec

_M = MissionId("m")
LAST_LINE = "the pläne"
WORKER = """\
with open(OUTSIDE / "began", "a") as log:
    log.write(RUN + "\\n")
if ATTEMPT == 2:
    Path(os.environ["MISSION_USAGE"]).write_text('{"cost_usd": 0.25}')
    print("reading\\nthe \x1b[1mpläne", flush=True)
    time.sleep(600)
"""


class Place(Protocol):
    """What the tests need beside the ports themselves."""

    is_here: bool
    """Whether workers run on this machine: their trees are seen, and a death before it is settled as lost."""

    def context(self) -> Context:
        """The ports, as a new process is handed them."""
        ...

    def base(self, **files: str) -> Sha:
        """Commit files on main, as a person does; return its head."""
        ...

    def rewrite(self) -> Sha:
        """Make all of main one commit without a parent, as a person who rewrites history does; return it."""
        ...

    def attempt(self, run: RunId, start: Sha, **files: str) -> None:
        """Leave the tree of an attempt with one commit on its branch."""
        ...

    def beside(self, parent: Sha, path: str, text: str) -> Sha:
        """A commit of the state beside what is there."""
        ...

    def move_state(self, to: Sha | None) -> None:
        """Move the branch of the state as a program that is not ours does; None: delete it."""
        ...

    def scribble(self, path: str, text: str) -> None:
        """Write a file of the state's work tree, as a person does, and commit nothing."""
        ...

    def read(self, path: str) -> str:
        """A file of the state's work tree; empty where there is none."""
        ...

    def idle(self) -> bool:
        """What the fast path says."""
        ...

    def wait(self, key: str) -> Job:
        """Let a job come to its end; return what the executor says of it."""
        ...

    def until_begun(self, key: str) -> None:
        """Return when a worker has begun."""
        ...

    def until_paid(self, key: str) -> None:
        """Return when the tally of a worker says what it has cost and what it does."""
        ...

    def forge_claim(self, key: str, text: str | None) -> None:
        """Write the claim on an attempt as somebody else does; None: delete it."""
        ...

    def kill(self, key: str) -> None:
        """Kill the supervisor of a job once it has begun."""
        ...

    def lose_runtime(self) -> None:
        """Remove the runtime folder, with the folders of all jobs."""
        ...

    def began(self) -> list[str]:
        """The workers that really began, in order."""
        ...

    def argv(self) -> tuple[str, ...]:
        """A worker: its first attempt ends at once, its second one does not end by itself."""
        ...

    def share(self) -> Context:
        """From now on the place shares a remote, and so does the world that is returned."""
        ...

    def cut(self, *, off: bool) -> None:
        """Take the remote away, or give it back."""
        ...

    def leave(self) -> None:
        """Stop whatever runs."""
        ...


class RealPlace:
    """Git, files and processes."""

    is_here = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hub = make_hub(folder)
        self._person = self._hub.clone(folder / "ada", worker=WORKER)
        self._person.set('remote = ""')

    def context(self) -> Context:
        """As a pulse opens it, but that no job starts a pulse."""
        return compose.open_repository(self._person.repo, create=True, ticking=False).context

    def base(self, **files: str) -> Sha:
        """As a person does it."""
        return Sha(self._person.commit("A person's work", **{f.replace("_", "."): t for f, t in files.items()}))

    def rewrite(self) -> Sha:
        """By plumbing, beside what is checked out."""
        root = self._person.git("commit-tree", "main^{tree}", "-m", "All of it").strip()
        self._person.git("update-ref", "refs/heads/main", root)
        return Sha(root)

    def attempt(self, run: RunId, start: Sha, **files: str) -> None:
        """A tree as the supervisor makes it."""
        code, tree = self._person.repo / ".git", self._tree(run)
        trees.make_tree(code, tree, commit=start, branch=f"mission/{run}")
        for name, text in files.items():
            file = tree / name.replace("_", ".")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self._person.git("add", "--all", cwd=tree)
        self._person.git("commit", "--quiet", "-m", "work\n\nCompletes-feature: 1.1", cwd=tree)

    def beside(self, parent: Sha, path: str, text: str) -> Sha:
        """By an index of its own."""
        git = Git(self._state)
        env = {"GIT_INDEX_FILE": os.fspath(self._folder / "index")}
        git.run("read-tree", parent, env=env)
        git.run("update-index", "--add", "--cacheinfo", f"100644,{git.store(text.encode())},{path}", env=env)
        tree = git.text("write-tree", env=env)
        return git.commit_tree(tree, [parent], "theirs\n", author=PROGRAM, committer=PROGRAM)

    def move_state(self, to: Sha | None) -> None:
        """Without its index and its work tree."""
        what = [to] if to else []
        self._person.git("update-ref", *([] if to else ["-d"]), "refs/heads/missions", *what, cwd=self._state)

    def scribble(self, path: str, text: str) -> None:
        """An editor's save."""
        (self._person.repo / "missions" / path).write_text(text)

    def read(self, path: str) -> str:
        """What lies there."""
        file = self._person.repo / "missions" / path
        return file.read_text() if file.exists() else ""

    def idle(self) -> bool:
        """`fastpath.py` itself."""
        return is_idle(os.fspath(self._person.runtime), __version__)

    def wait(self, key: str) -> Job:
        """Block on its lock."""
        executor = self.context().executor
        executor.wait(key)
        return executor.poll([key])[key]

    def until_begun(self, key: str) -> None:
        """From the file that workers write."""
        executor = self.context().executor
        while executor.poll([key])[key].state is not JobState.RUNNING or key not in self.began():
            pass

    def until_paid(self, key: str) -> None:
        """From the tally itself, once the last line is in it."""
        executor = self.context().executor
        while (tally := executor.tally(key)) is None or not (tally.usd and tally.action == LAST_LINE):
            assert executor.poll([key])[key].exit is None

    def forge_claim(self, key: str, text: str | None) -> None:
        """By plumbing."""
        git, ref = Git(self._person.repo / ".git"), f"refs/mission/claims/{key}"
        git.run("update-ref", *(["-d", ref] if text is None else [ref, git.store(text.encode())]))

    def kill(self, key: str) -> None:
        """With SIGKILL, when its worker is there."""
        executor = self.context().executor
        self.until_begun(key)
        started = json.loads((self._person.runtime / "jobs" / key / "started.json").read_text())
        os.kill(started["pid"], signal.SIGKILL)
        executor.wait(key)

    def lose_runtime(self) -> None:
        """As a person does."""
        shutil.rmtree(self._person.runtime)

    def began(self) -> list[str]:
        """From the file that workers write."""
        log = self._person.repo.parent / "began"
        return log.read_text().splitlines() if log.exists() else []

    def argv(self) -> tuple[str, ...]:
        """The script that the person's settings name."""
        return tuple(self.context().settings.runners["script"].command)

    def share(self) -> Context:
        """One more clone of the hub."""
        self._person.set('remote = "origin"')
        other = self._hub.clone(self._folder / "ben", worker=WORKER)
        return compose.open_repository(other.repo, create=True, ticking=False).context

    def cut(self, *, off: bool) -> None:
        """The hub is somewhere else."""
        if off:
            self._hub.go_away()
        else:
            self._hub.come_back()

    def leave(self) -> None:
        """Stop jobs."""
        self._person.leave()

    @property
    def _state(self) -> Path:
        return self._person.repo / ".git/mission-state.git"

    def _tree(self, run: RunId) -> Path:
        ctx = self.context()
        clone = ctx.machine.me().rpartition(":")[2]
        return user_folder("state") / "trees" / f"{self._person.repo.name}-{clone}" / run


class AwayPlace(RealPlace):
    """The same, and workers run on a host."""

    is_here = False

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.away = Away(self._person, folder)

    def context(self) -> Context:
        """With the executor for that host."""
        return self.away.context()

    def kill(self, key: str) -> None:
        """Lose the machine under it."""
        self.until_begun(key)
        self.away.host.kill_node(self.away.names(key).id())

    def forge_claim(self, key: str, text: str | None) -> None:
        """By plumbing, here and at the exchange."""
        super().forge_claim(key, text)
        names = self.away.names(key)
        place = self.away.host.folder / "exchange.git"
        if not place.is_dir():
            self._person.git("init", "--quiet", "--bare", os.fspath(place))
            (self.away.host.folder / "near.git").symlink_to(place.name)
        git = Git(place)
        git.run("update-ref", *(["-d", names.claim] if text is None else [names.claim, git.store(text.encode())]))

    def leave(self) -> None:
        """Stop jobs, here and there."""
        self.away.leave()
        super().leave()


class FakePlace:
    """The same in memory."""

    is_here = True

    def __init__(self) -> None:
        self._host = make_host(_works)
        self._remote: Remote | None = None
        self._way = BadWay()
        ctx = self._host.context()
        ctx.state.commit([], message="Begin\n\nMission-Event: state.created\n", expect=None)

    def context(self) -> Context:
        """What a process is handed."""
        return self._host.context()

    def base(self, **files: str) -> Sha:
        """A commit on main."""
        head = self.context().code.heads(_M, "main").base
        assert head is not None
        named = {f.replace("_", "."): t for f, t in files.items()}
        before = self._host.jobs.objects.get(head).files
        made = Commit({**before, **named}, (head,), "A person's work\n", ADA, self._host.jobs.clock.now())
        new = self._host.jobs.objects.add(made)
        assert self.context().code.land("main", new, head) == ""
        return new

    def rewrite(self) -> Sha:
        """A commit without a parent."""
        head, objects = self.context().code.heads(_M, "main").base, self._host.jobs.objects
        assert head is not None
        root = objects.add(Commit(objects.get(head).files, (), "All of it\n", ADA, self._host.jobs.clock.now()))
        assert self.context().code.land("main", root, head) == ""
        return root

    def attempt(self, run: RunId, start: Sha, **files: str) -> None:
        """The tree that a supervisor would leave."""
        objects = self._host.jobs.objects
        named = {f.replace("_", "."): t for f, t in files.items()}
        words = "work\n\nCompletes-feature: 1.1\n"
        at = self._host.jobs.clock.now()
        tip = objects.add(Commit({**objects.get(start).files, **named}, (start,), words, ADA, at))
        self._host.jobs.disk.write(f"{TREES}/{run}", Tree(tip, f"mission/{run}"))

    def beside(self, parent: Sha, path: str, text: str) -> Sha:
        """A commit that no branch has."""
        objects = self._host.jobs.objects
        files = {**objects.get(parent).files, path: text}
        return objects.add(Commit(files, (parent,), "theirs\n", PROGRAM, self._host.jobs.clock.now()))

    def move_state(self, to: Sha | None) -> None:
        """Without the work tree."""
        if to is None:
            self._host.jobs.disk.remove(HEAD)
        else:
            self._host.jobs.disk.write(HEAD, to)

    def scribble(self, path: str, text: str) -> None:
        """An editor's save."""
        self._host.jobs.disk.write(f"{TREE}/{path}", text, sync=False)

    def read(self, path: str) -> str:
        """What lies there."""
        return self._host.jobs.disk.read(f"{TREE}/{path}", str) or ""

    def idle(self) -> bool:
        """What stands in for `fastpath.py`."""
        return is_idle_in_memory(self._host.jobs)

    def wait(self, key: str) -> Job:
        """Let time go on."""
        executor = self.context().executor
        executor.wait(key)
        return executor.poll([key])[key]

    def until_begun(self, key: str) -> None:
        """Let jobs go on."""
        self._host.jobs.work()
        assert key in self.began()

    def until_paid(self, key: str) -> None:
        """Let time go on, but for less than it takes."""
        self.until_begun(key)
        self._host.jobs.clock.time.pass_by(timedelta(seconds=400))

    def forge_claim(self, key: str, text: str | None) -> None:
        """A ref of the clone."""
        ref = f"{REFS}/claims/{key}"
        if text is None:
            self._host.jobs.disk.remove(ref)
        else:
            self._host.jobs.disk.write(ref, text)

    def kill(self, key: str) -> None:
        """Once it has begun."""
        self._host.jobs.work()
        self._host.jobs.die(key)

    def lose_runtime(self) -> None:
        """From its disk."""
        for folder in (PLACE, JOBS):
            self._host.jobs.disk.remove_below(folder)

    def began(self) -> list[str]:
        """The truth."""
        return self._host.jobs.truth.starts

    def argv(self) -> tuple[str, ...]:
        """Whatever; the script of the host says what it does."""
        return ("script",)

    def share(self) -> Context:
        """One more clone of the same remote."""
        self._remote = Remote()
        self._host.there, self._host.way = self._remote, self._way
        objects, time = self._host.jobs.objects, self._host.jobs.clock.time
        other = make_host(_works, name="there:000002", time=time, objects=objects)
        other.there, other.way = self._remote, self._way
        other.jobs.disk.write(HEAD, self._host.jobs.disk.read(HEAD, str))
        return other.context()

    def cut(self, *, off: bool) -> None:
        """Nobody reaches it."""
        self._way.cut = off

    def leave(self) -> None:
        """Nothing runs."""


def _works(spec: JobSpec) -> Outcome:
    if not spec.key.endswith("-a2"):
        return Outcome(1.0)
    costs = (Decimal("0.25"), Decimal("0.25")) if spec.program.agent else ()
    return Outcome(600.0, costs=costs, prints=("reading", LAST_LINE))

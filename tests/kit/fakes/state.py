"""A state store in memory. Its commit has the steps of the real one, and may die between any two of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.kit.fakes.objects import Commit, changed_between, tree_of

from mission_cli.adapters.git.state.history import with_links, with_sum
from mission_cli.adapters.git.state.snapshot_reader import by_owner
from mission_cli.adapters.git.state.takeover_merge import with_driver
from mission_cli.document.merging.mission import merge
from mission_cli.document.merging.text import TextMerged
from mission_cli.document.runs.archive import is_roll, split_roll
from mission_cli.document.runs.merge import merge_runs
from mission_cli.domain.board.marks import one_of
from mission_cli.domain.branches.moves import Moves
from mission_cli.domain.errors import BlockedError, ConflictError, NotFoundError
from mission_cli.domain.evidence.chain import TRAILER, Linked, before_of, followed, links_in, trailer
from mission_cli.domain.evidence.witnesses import Signature, Witness
from mission_cli.domain.host import PROGRAM
from mission_cli.domain.ids import MissionId, Sha
from mission_cli.ports.git.state import (
    Edit,
    Event,
    Foreign,
    Snapshot,
    Step,
    Stored,
    Texts,
    Write,
    assets_folder,
    evidence_folder,
    folder_of,
    research_folder,
    sum_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

    from tests.kit.fakes.clock import HostClock
    from tests.kit.fakes.disk import Disk
    from tests.kit.fakes.life import Life
    from tests.kit.fakes.objects import Objects

    from mission_cli.domain.host import Person
    from mission_cli.ports.git.state import Settled

HEAD, JOURNAL, TREE = "state/head", "state/journal", "state/tree"
OWN = "runtime/own"


@dataclass(frozen=True)
class Journal:
    """What a commit is about to publish."""

    old: Sha | None
    new: Sha


class MemoryStateStore:
    """Mission files of one clone. The ref is `state/head` of its disk, the work tree `state/tree`."""

    def __init__(self, disk: Disk, objects: Objects, clock: HostClock, life: Life) -> None:
        self._disk, self._objects, self._clock, self._life = disk, objects, clock, life

    def snapshot(self, settled: Mapping[MissionId, Settled] | None = None) -> Snapshot:
        """What is committed now, without the texts of missions that are settled and as they were then."""
        head = self._head()
        return self.at(head, settled) if head else Snapshot(None)

    def at(self, commit: Sha, settled: Mapping[MissionId, Settled] | None = None) -> Snapshot:
        """Everything at another commit."""
        files = self._objects.get(commit).files
        missions: dict[MissionId, Stored] = {}
        rest: dict[MissionId, Settled] = {}
        for path in sorted(files):
            name, _, file = path.partition("/")
            if file != "mission.md":
                continue
            mission = MissionId(name)
            content = tree_of({p: t for p, t in files.items() if p.startswith(f"{name}/")})
            was = (settled or {}).get(mission)
            if was is not None and was.content == content:
                rest[mission] = was
            else:
                missions[mission] = Stored(mission, path, files[path], f"{name}/runs", content)
        return Snapshot(commit, missions, rest)

    def head(self) -> Sha | None:
        """The commit that the branch is at."""
        return self._head()

    def runs(self, stored: Stored, at: Sha) -> Mapping[str, str]:
        """Texts of a mission's run records at a commit, by attempt; a file of its own counts before a year's."""
        files = self.run_files(stored, at)
        rolled = [split_roll(text) for name, text in files.items() if is_roll(name)]
        alone = {name: text for name, text in files.items() if not is_roll(name)}
        return {name: text for texts in (*rolled, alone) for name, text in texts.items()}

    def run_files(self, stored: Stored, at: Sha) -> Mapping[str, str]:
        """Texts of the files that hold them, by name."""
        start = f"{stored.runs}/"
        files = self._objects.get(at).files
        return {p.removeprefix(start).removesuffix(".md"): t for p, t in files.items() if p.startswith(start)}

    def found(self, stored: Stored, at: Sha) -> Mapping[str, str]:
        """Texts of the files with findings, by path below their folder."""
        start = f"{research_folder(stored)}/"
        files = self._objects.get(at).files
        return {p.removeprefix(start): t for p, t in files.items() if p.startswith(start)}

    def assets(self, stored: Stored, at: Sha) -> Mapping[str, str]:
        """Files about the mission, by name."""
        start = f"{assets_folder(stored)}/"
        files = self._objects.get(at).files
        return {p.removeprefix(start): t for p, t in files.items() if p.startswith(start)}

    def evidence(self, stored: Stored, at: Sha) -> Mapping[str, str]:
        """Texts of the evidence files, by name."""
        start = f"{evidence_folder(stored)}/"
        files = self._objects.get(at).files
        return {p.removeprefix(start): t for p, t in files.items() if p.startswith(start)}

    def workspace(self, stored: Stored, at: Sha, *folders: str) -> Mapping[str, str]:
        """Texts of the files in these folders, by path below the one of the mission."""
        home, files = f"{folder_of(stored)}/", self._objects.get(at).files
        starts = tuple(f"{home}{folder}/" for folder in folders)
        return {p.removeprefix(home): t for p, t in files.items() if p.startswith(starts)}

    def file(self, path: str, at: Sha) -> str | None:
        """Text of any file at a commit."""
        return self._objects.get(at).files.get(path)

    def commit(self, writes: Sequence[Write], *, message: str, expect: Sha | None, author: Person | None = None) -> Sha:
        """Commit exactly these files on top of `expect`, then let the work tree follow."""
        self.recover()
        head = self._head()
        if head != expect:
            raise ConflictError("the mission files were changed meanwhile", hint="try again")
        files = dict(self._objects.get(head).files) if head else {}
        writes = [w for w in writes if not (w.by_hash and files.get(w.path) == w.new)]
        for write in writes:
            if files.get(write.path) != write.old:
                raise ConflictError(f"{write.path} was changed meanwhile", hint="try again")
            if write.new is None:
                files.pop(write.path, None)
            else:
                files[write.path] = write.new
        parents = (head,) if head else ()
        texts = {w.path: (w.old, w.new) for w in writes}
        message, _ = with_links(with_sum(message, texts), lambda: self._links(head, texts))
        new = self._objects.add(Commit(files, parents, message, author or PROGRAM, self._clock.now()))
        reworks = {write.path: write.rework for write in writes}
        self._publish(head, new, reworks)
        return new

    def _links(self, head: Sha | None, texts: Mapping[str, Texts]) -> list[str]:
        """The lines by which a commit continues the chains of missions."""
        known = self._objects.links
        before = followed(self._linked(head, known), known).get(head or "", {})
        mine = {name: sum_of(files) for name, files in by_owner(texts).items()}
        return [trailer(name, before_of(before.get(name, ())), one) for name, one in sorted(mine.items()) if one]

    def _linked(self, head: Sha | None, known: Container[str]) -> list[Linked]:
        """The commits up to a head of which the links are not known, parents first."""
        found: dict[Sha, Linked] = {}
        waiting = [head] if head is not None else []
        while waiting:
            name = waiting[-1]
            commit = self._objects.get(name)
            missing = [one for one in commit.parents if one not in found and one not in known]
            if missing:
                waiting += missing
                continue
            waiting.pop()
            if name not in known:
                found[name] = Linked(name, commit.parents, links_in(_trailers(commit).get(TRAILER, ())))
        return [*found.values()]

    def chain(self) -> Sequence[Linked]:
        """All commits of the branch with their links."""
        return self._linked(self._head(), ())

    def signatures(self) -> Mapping[Sha, Signature]:
        """No commit is signed."""
        return {one.commit: Signature.NONE for one in reversed(self.chain())}

    def why_unsigned(self) -> str | None:
        """No signatures are asked for."""
        return None

    def witnesses(self) -> Sequence[Witness]:
        """There are no witnesses."""
        return ()

    def event(self, commit: Sha) -> Event:
        """A commit as an event."""
        return _event(commit, self._objects.get(commit))

    def common(self, theirs: Sha) -> Sha | None:
        """The last commit that our head and another one both contain."""
        head = self._head()
        return self._objects.base_of(head, theirs) if head else None

    def join(self, theirs: Sha, *, message: str, taken: Sequence[Stored] = ()) -> Sha:
        """Bring another head in, by meaning; return the new head."""
        self.recover()
        head = self._head()
        if head is None or self._objects.contains(head, theirs):
            return head or theirs
        new = theirs
        if not self._objects.contains(theirs, head):
            new = self._joined(head, theirs, message, taken)
        self._publish(head, new, {})
        return new

    def recover(self) -> list[str]:
        """Finish what a dead process had begun."""
        journal, now = self._disk.read(JOURNAL, Journal), self._head()
        if journal is None:
            return []
        done = []
        if now is not None and self._objects.contains(now, journal.new):
            self._follow(journal.old, journal.new, {})
            done.append(f"finished the commit {journal.new[:7]}")
        self._disk.remove(JOURNAL, sync=False)
        return done

    def text_on_disk(self, stored: Stored) -> str | None:
        """The work tree's copy."""
        return self._tree().get(stored.path)

    def edits(self, path: str = "") -> list[Edit]:
        """A person's edits that are not committed; what a commit of ours is writing just now is none of them."""
        return [edit for edit in self._edits() if path in {"", edit.path}]

    def _edits(self) -> list[Edit]:
        head, journal = self._head(), self._disk.read(JOURNAL, Journal)
        files = self._objects.get(head).files if head else {}
        ours = self._paths(journal.old, journal.new) if journal else []
        found = []
        tree = self._tree()
        for path in sorted({*files, *tree}):
            if path not in ours and files.get(path) != tree.get(path):
                kind = "untracked" if path not in files else "deleted" if path not in tree else "modified"
                found.append(Edit(path, kind))
        return found

    def history(self, mission: Stored | None = None, since: Sha | None = None, limit: int = 100) -> list[Event]:
        """Commits that touched a mission (or any), newest first."""
        head, found = self._head(), []
        before = set(self._objects.ancestry(since)) if since else set()
        for name in self._objects.line(head) if head else ():
            commit = self._objects.get(name)
            paths = self._paths(next(iter(commit.parents), None), name)
            touched = mission is None or any(p == mission.path or p.startswith(f"{folder_of(mission)}/") for p in paths)
            if name not in before and touched:
                found.append(_event(name, commit))
        return found[:limit]

    def steps(self, since: Sha, limit: int) -> Sequence[Step] | None:
        """The steps of the journal from a commit to the head, oldest first."""
        head, named = self._head(), Sha(since.removesuffix("^"))
        if self._objects.find(named) is None:
            return None
        start = named if named == since else next(iter(self._objects.get(named).parents), None)
        if head is None or start is None or not self._objects.contains(head, start):
            return None
        line: list[Sha] = []
        for name in self._objects.line(head):
            if name == start or not self._objects.contains(name, start):
                break
            line.append(name)
        found: list[Step] = []
        for name in reversed(line):
            parent = next(iter(self._objects.get(name).parents), None)
            joins = not found and parent != start
            before = start if joins else parent
            if joins or self._paths(parent, name):
                found.append(Step(_event(name, self._objects.get(name)), before, joins))
        return found if len(found) <= limit else None

    def last_change(self, mission: Stored) -> str:
        """The commit that last changed a mission."""
        return next((event.commit for event in self.history(mission, limit=1)), "")

    def text_at(self, stored: Stored, revision: str) -> str:
        """A mission's text at a revision."""
        first = revision.removesuffix("^")
        found = self._objects.find(first)
        if found is None:
            raise NotFoundError(f"there is no revision `{first}`", hint="mission history lists the revisions")
        parents = self._objects.get(found).parents
        name = found if first == revision else next(iter(parents), None)
        return self._objects.get(name).files.get(stored.path, "") if name else ""

    def last_editor(self, stored: Stored) -> str:
        """Name of who last committed the file without being us."""
        events = self.history(stored, limit=1_000_000)
        return next((e.author.name for e in events if not e.events), "")

    def path_for(self, mission: MissionId) -> str:
        """Path of a new mission's file."""
        return f"{mission}/mission.md"

    def work_path(self, path: str) -> str:
        """Where a file of the store lies on disk."""
        return f"{TREE}/{path}"

    def foreign(self, head: Sha | None) -> Foreign | None:
        """The moves that are not ours."""
        note, now = self._disk.read(OWN, Moves), self._head()
        if note == Moves(head):
            return None
        known = note.found(now, self._contains) if note else Moves(now)
        if known != note:
            self._disk.write(OWN, known, sync=False)
        moves = known.foreign(now)
        return Foreign(now, moves) if moves else None

    def own(self, head: Sha | None) -> None:
        """Take the branch as it is for known, unless it has moved on."""
        if self._head() == head:
            self._disk.write(OWN, Moves(head), sync=False)

    def changed(self, before: Sha | None, after: Sha | None) -> Mapping[MissionId, Mapping[str, Texts]]:
        """Texts of the files of missions that differ between two commits, by mission and path."""
        old, new = (self._files(commit) for commit in (before, after))
        found: dict[MissionId, dict[str, Texts]] = {}
        for path in changed_between(old, new):
            name, _, rest = path.partition("/")
            if rest:
                found.setdefault(MissionId(name), {})[path] = (old.get(path), new.get(path))
        return found

    def put_back(self, texts: Mapping[str, str | None], *, message: str, foreign: Foreign) -> Sha:
        """Commit these files on top of foreign moves."""
        self.recover()
        head = self._head()
        if head != foreign.head:
            raise ConflictError("the mission files were changed meanwhile", hint="try again")
        files = dict(self._objects.get(head).files) if head else {}
        files = {path: text for path, text in (files | dict(texts)).items() if text is not None}
        before = dict.fromkeys(move.before for move in foreign.moves if move.before)
        lost = [one for one in before if not head or not self._objects.contains(head, one)]
        new = self._objects.add(Commit(files, (*([head] if head else []), *lost), message, PROGRAM, self._clock.now()))
        self._publish(head, new, {}, settles=True)
        return new

    def _files(self, commit: Sha | None) -> Mapping[str, str]:
        """The files of a commit; of `<id>^`, its first parent."""
        named = Sha(commit.removesuffix("^")) if commit else None
        name = next(iter(self._objects.get(named).parents), None) if named and named != commit else named
        return self._objects.get(name).files if name else {}

    def _contains(self, old: Sha, new: Sha) -> bool:
        return self._objects.contains(new, old)

    def watch(self) -> list[str]:
        """Names whose look changes whenever something is committed."""
        return [HEAD, JOURNAL]

    def merge(self, base: str, ours: str, theirs: str) -> str | None:
        """Both changes of a text in one, or None where they touch each other."""
        merged = merge(base, ours, theirs, _by_lines)
        return None if merged is None or merged.conflicts else merged.text

    # Publishing

    def _head(self) -> Sha | None:
        head = self._disk.read(HEAD, str)
        return Sha(head) if head else None

    def _tree(self) -> dict[str, str]:
        return {path: text for path, text in self._disk.below(TREE).items() if isinstance(text, str)}

    def _publish(
        self,
        head: Sha | None,
        new: Sha,
        reworks: Mapping[str, Callable[[str], str] | None],
        *,
        settles: bool = False,
    ) -> None:
        self._life.step("store: objects written")
        self._disk.write(JOURNAL, Journal(head, new))
        self._life.step("store: journal written")
        note = self._disk.read(OWN, Moves)
        note = (note.found(head, self._contains) if note else Moves(head)).begun(head, new, settles=settles)
        self._disk.write(OWN, note)
        self._life.step("store: move noted")
        moved = self._disk.swap(HEAD, new, head)
        self._life.step("store: branch moved")
        self._disk.write(OWN, note.ended(moved=moved), sync=False)
        if not moved:
            raise ConflictError("the mission files were changed meanwhile", hint="try again")
        self._follow(head, new, reworks)
        self._disk.remove(JOURNAL, sync=False)

    def _follow(self, old: Sha | None, new: Sha, reworks: Mapping[str, Callable[[str], str] | None]) -> None:
        """Bring the work tree from one commit to the next; where a person has edits our change is made on theirs."""
        before = self._objects.get(old).files if old else {}
        after = self._objects.get(new).files
        for path in self._paths(old, new):
            name, there = f"{TREE}/{path}", self._disk.read(f"{TREE}/{path}", str)
            if there == after.get(path):
                continue
            if path not in after:
                if there == before.get(path):
                    self._disk.remove(name)
            elif there == before.get(path):
                self._disk.write(name, after[path])
            elif there is not None:
                rework = reworks.get(path) or self._reworking(before.get(path), after[path])
                self._disk.write(name, rework(there))
            self._life.step("store: a file followed")

    def _reworking(self, base: str | None, ours: str) -> Callable[[str], str]:
        def rework(theirs: str) -> str:
            return (self.merge(base, ours, theirs) if base is not None else None) or theirs

        return rework

    def _paths(self, old: Sha | None, new: Sha) -> list[str]:
        before = self._objects.get(old).files if old else {}
        after = self._objects.get(new).files
        return [p for p in sorted({*before, *after}) if before.get(p) != after.get(p)]

    def _joined(self, head: Sha, theirs: Sha, message: str, taken: Sequence[Stored]) -> Sha:
        base = self._objects.base_of(head, theirs)
        was: Mapping[str, str] = self._objects.get(base).files if base else {}
        mine, other = self._objects.get(head).files, self._objects.get(theirs).files
        if taken and base:
            others = {path: text for path, text in mine.items() if not _is_of(path, taken)}
            mine = {**others, **self._persons_only(base, head, taken)}
        files, stuck = dict(mine), []
        for path in dict.fromkeys([*mine, *other]):
            here, there = mine.get(path), other.get(path)
            if there in (here, was.get(path)):
                continue
            if here is not None and there is not None and here != was.get(path):
                merged = _merge_file(path, was.get(path, ""), here, there)
                stuck += [path] if merged is None else []
                files[path] = merged or here
            elif there is not None:
                files[path] = there
            elif here == was.get(path):
                del files[path]
        for mission in taken:
            if mission.path in files and mission.path in other:
                files[mission.path] = with_driver(files[mission.path], other[mission.path], mission.id)
        if stuck:
            hint = "merge the branch yourself: git merge, then resolve the conflict markers"
            raise BlockedError(f"both sides changed the same place in {', '.join(stuck)}", hint=hint)
        return self._objects.add(Commit(files, (head, theirs), message, PROGRAM, self._clock.now()))

    def _persons_only(self, base: Sha, head: Sha, taken: Sequence[Stored]) -> dict[str, str]:
        """The files of missions as they would be if only persons had written since `base`."""
        kept = {path: text for path, text in self._objects.get(base).files.items() if _is_of(path, taken)}
        line: list[Commit] = []
        at = head
        while not self._objects.contains(base, at):
            line.insert(0, self._objects.get(at))
            at = line[0].parents[0]
        for commit in line:
            before = self._objects.get(commit.parents[0]).files
            for path in () if commit.author == PROGRAM else [p for p in {**before, **commit.files} if _is_of(p, taken)]:
                was, now, here = before.get(path), commit.files.get(path), kept.get(path)
                if now is None:
                    kept.pop(path, None)
                elif now not in (was, here):
                    kept[path] = now if here in (was, None) else _merge_file(path, was or "", now, here or "") or now
        return kept


def _is_of(path: str, missions: Sequence[Stored]) -> bool:
    return any(path.startswith(f"{mission.runs.rpartition('/')[0]}/") for mission in missions)


def _merge_file(path: str, base: str, ours: str, theirs: str) -> str | None:
    if "/runs/" in path:
        return merge_runs(base, ours, theirs)
    page = one_of(path, ours, theirs)
    if page is not None:
        return page
    merged = merge(base, ours, theirs, _by_lines)
    return None if merged is None or merged.conflicts else merged.text


def _by_lines(base: str, ours: str, theirs: str) -> TextMerged:
    """What git's textual merge says where both sides changed a text: here always that a person has to decide."""
    del base, theirs
    return TextMerged(ours, conflicts=1)


def _trailers(commit: Commit) -> dict[str, list[str]]:
    trailers: dict[str, list[str]] = {}
    for line in commit.message.partition("\n")[2].splitlines():
        key, colon, value = line.partition(": ")
        if colon:
            trailers.setdefault(key, []).append(value)
    return trailers


def _event(name: Sha, commit: Commit) -> Event:
    subject, trailers = commit.message.partition("\n")[0], _trailers(commit)
    return Event(
        commit=name,
        at=commit.at,
        author=commit.author,
        subject=subject,
        events=tuple(trailers.get("Mission-Event", ())),
        missions=tuple(trailers.get("Mission-Id", ())),
        why=tuple(trailers.get("Mission-Why", ())),
        notify=tuple(trailers.get("Mission-Notify", ())),
        runs=tuple(trailers.get("Mission-Run", ())),
        sum=next(iter(trailers.get("Mission-Sum", ())), ""),
    )

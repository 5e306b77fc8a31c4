"""Read history and uncommitted edits of the state repository."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.domain.errors import NotFoundError
from mission_cli.domain.events import EventKind
from mission_cli.domain.host import Person
from mission_cli.domain.ids import Sha
from mission_cli.domain.notice import advise, do
from mission_cli.ports.git.state import Edit, Event, Step, sum_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mission_cli.adapters.git.repo.command import Git
    from mission_cli.adapters.git.repo.objects import Objects
    from mission_cli.ports.git.state import Texts

_MOST_NOTED, _MOST_FOLLOWED, _MOST_EVENTS = 4000, 500, 512
_FEW_LOOKS = 64
"""Commits that are looked at one by one; git is faster for more."""
_PLAIN_HEAD = pattern(
    r"tree \w+(?:\nparent \w+)*\nauthor (?P<name>[^<>\n]*) <(?P<email>[^<>\n]*)> \d+ [+-]\d{4}"
    r"\ncommitter [^<>\n]* <[^<>\n]*> (?P<at>\d+) (?P<sign>[+-])(?P<hours>\d\d)(?P<minutes>\d\d)"
)
_TRAILER = pattern(r"[A-Za-z0-9-]+: \S(?:.*\S)?")
_ODD_MESSAGE = pattern(r"\A\s|\r|\n[ \t]|\n---|[^\S\n]\n\n|\n\n\n|\0")
"""Where git sees other paragraphs, or a trailer of several lines."""
_FIELDS = ("%H", "%P", "%cI", "%an", "%ae", "%B", "%(trailers:only,unfold)")
_STATUS_KINDS = {"?": "untracked", "1": "modified", "2": "modified", "u": "conflicted"}


def began_as_state(git: Git, commit: str) -> bool:
    """Whether a commit's history begins with `state.created`; an unrelated branch may be called `missions` too."""
    shape = "--format=%(trailers:key=Mission-Event,valueonly)"
    return EventKind.STATE_CREATED in git.text("log", "--max-parents=0", shape, commit).split()


def text_at(git: Git, revision: str, path: str) -> str:
    """Return a file at a revision; empty if it does not exist there. Raises NotFoundError for an unknown revision."""
    first = revision.removesuffix("^")
    commit = git.commit_of(revision)
    if commit is None and git.commit_of(first) is None:
        raise NotFoundError(f"there is no revision `{first}`", hint=advise(do("history"), " lists the revisions"))
    found = git.blobs([f"{commit}:{path}"]) if commit else {}
    return next((content.decode("utf-8", "surrogateescape") for content in found.values()), "")


class Changes:
    """Knows what each commit changed since it first looked, along first parents; what was before is looked up once.

    A history up to a commit never changes, so nothing of this gets old.
    """

    def __init__(self, git: Git, objects: Objects, folders: Sequence[str]) -> None:
        """`folders` hold the missions."""
        self._git, self._objects, self._folders = git, objects, folders
        self._head, self._start, self._count = "", "", 0
        self._since: dict[str, list[tuple[int, str]]] = {}
        """Commits after `_start` with their numbers, oldest first, by an entry of the folders that they changed."""
        self._before: dict[str, str] = {}
        """The last commit up to `_start`, by the first path that was asked for."""
        self._events: dict[str, Event] = {}

    def last(self, head: str, paths: Sequence[str]) -> str:
        """Return the commit that last changed some paths of a mission; empty if no commit has any of them."""
        newer = self._newer(head, paths)
        if newer:
            return newer[0]
        if paths[0] not in self._before:
            self._before[paths[0]] = self._found(paths)
        return self._before[paths[0]]

    def history(
        self, head: str, paths: Sequence[str], limit: int, older: Callable[[str], Sequence[Event]]
    ) -> list[Event]:
        """Return what touched some paths of a mission, newest first; `older` returns what did so up to a commit."""
        newer = [self.event(commit) for commit in self._newer(head, paths)[:limit]]
        return [*newer, *older(self._start)][:limit]

    def _newer(self, head: str, paths: Sequence[str]) -> list[str]:
        """Return the commits since the start that changed some paths, newest first."""
        self._follow(head)
        places = [path for path in paths if not any(path.startswith(f"{folder}/") for folder in paths)]
        found = {one for place in places for one in self._since.get(place, ())}
        return [commit for _, commit in sorted(found, reverse=True)]

    def _follow(self, head: str) -> None:
        """Note what the commits up to `head` have changed; begin anew where it does not follow on the last one."""
        if head == self._head:
            return
        line = self._line(head, self._head) if self._head else None
        if line is None or self._count > _MOST_NOTED:
            self._start, self._since, self._before, line = head, {}, {}, []
            self._count = 0
        for commit in reversed(line):
            self._count += 1
            for place in self._changed_by(commit):
                self._since.setdefault(place, []).append((self._count, commit))
        self._head = head

    def _line(self, head: str, down_to: str) -> list[str] | None:
        """Return the commits from `head` along first parents without `down_to`; None if it is not on the line."""
        line: list[str] = []
        here = head
        while here != down_to:
            if not here or len(line) >= _MOST_FOLLOWED:
                return None
            line.append(here)
            here = self._objects.parent_of(here)
        return line

    def _changed_by(self, commit: str) -> Iterator[str]:
        parent = self._objects.parent_of(commit)
        for folder in self._folders:
            after = self._objects.entries(commit, folder)
            before = self._objects.entries(parent, folder) if parent else {}
            if after is not before:
                start = f"{folder}/" if folder else ""
                yield from {f"{start}{name}" for name, _ in set(after.items()) ^ set(before.items())}

    def _found(self, paths: Sequence[str]) -> str:
        """Return the last commit up to the start that changed some paths."""
        here, now = self._start, [self._objects.entry(self._start, path) for path in paths]
        for _ in range(_FEW_LOOKS):
            parent = self._objects.parent_of(here)
            if not parent or [self._objects.entry(parent, path) for path in paths] != now:
                return here if any(now) or parent else ""
            here = parent
        return self._git.text("log", "--first-parent", "--max-count=1", "--format=%H", here, "--", *paths)

    def event(self, commit: str) -> Event:
        """Return a commit as an event."""
        if commit not in self._events:
            raw = self._objects.raw_commit(commit)
            found = event_of(commit, raw) if raw is not None else None
            if len(self._events) >= _MOST_EVENTS:
                del self._events[next(iter(self._events))]
            self._events[commit] = found or _log(self._git, commit, (), None, 1)[0][1]
        return self._events[commit]


def event_of(commit: str, raw: bytes) -> Event | None:
    """Return a commit as `read_history` does; None if only git knows for certain what its message says."""
    head, _, body = raw.partition(b"\n\n")
    found, message = _PLAIN_HEAD.fullmatch(head.decode("utf-8", "replace")), body.decode("utf-8", "replace")
    paragraphs = message.rstrip("\n").split("\n\n")
    trailers = paragraphs[-1].split("\n") if len(paragraphs) > 1 else []
    if found is None or _ODD_MESSAGE.search(message) or not all(map(_TRAILER.fullmatch, trailers)):
        return None
    sign = -1 if found["sign"] == "-" else 1
    zone = timezone(sign * timedelta(hours=int(found["hours"]), minutes=int(found["minutes"])))
    at = datetime.fromtimestamp(int(found["at"]), zone).isoformat()
    return _event(commit, "", at, found["name"], found["email"], message, "\n".join(trailers))[1]


def read_history(git: Git, branch: str, *, paths: Sequence[str], since: Sha | None, limit: int) -> list[Event]:
    """Return the commits of a branch that touched the paths, newest first, without `since`; one git call for all."""
    return [event for _, event in _log(git, branch, paths, since, limit)]


def read_steps(git: Git, head: Sha, *, paths: Sequence[str], since: Sha, limit: int) -> list[Step] | None:
    """Return the steps from a commit to `head`, oldest first; None if it does not contain `since`, or if too many."""
    commit = git.commit_of(since)
    if commit is None or not git.succeeds("merge-base", "--is-ancestor", commit, head):
        return None
    joined = _joined_at(git, commit, head)
    found = [Step(event, commit, joins=True) for _, event in _log(git, joined, (), None, 1)] if joined else []
    newer = _log(git, head, paths, Sha(joined or commit), limit + 1)
    found += [Step(event, parent) for parent, event in reversed(newer)]
    return found if len(found) <= limit else None


def _joined_at(git: Git, commit: Sha, head: Sha) -> str:
    """Return where the line of first parents of `head` first contains a commit; empty if the commit is on that line."""
    out = git.text("rev-list", "--first-parent", "--parents", f"{commit}..{head}")
    line = [words.split() for words in out.splitlines()]
    if not line or line[-1][1:2] == [commit]:
        return ""
    low, high = 0, len(line) - 1  # newest first: the first one contains the commit, and the last one may not
    while low < high:
        middle = (low + high + 1) // 2
        if git.succeeds("merge-base", "--is-ancestor", commit, line[middle][0]):
            low = middle
        else:
            high = middle - 1
    return line[low][0]


def _log(git: Git, branch: str, paths: Sequence[str], since: Sha | None, limit: int) -> list[tuple[Sha | None, Event]]:
    """Return the commits as `read_history` does, each with its first parent."""
    revisions = f"{since}..{branch}" if since else branch
    flags = ("-z", "--first-parent", f"--max-count={limit}", f"--format={'%x00'.join(_FIELDS)}")
    words = git.run("log", *flags, revisions, "--", *paths).out.decode("utf-8", "replace").split("\0")
    size = len(_FIELDS)
    return [_event(*words[n : n + size]) for n in range(0, len(words) - size + 1, size)]


def _event(
    commit: str, parents: str, at: str, name: str, email: str, message: str, trailers: str
) -> tuple[Sha | None, Event]:
    found: dict[str, list[str]] = {}
    for line in trailers.splitlines():
        key, _, value = line.partition(": ")
        found.setdefault(key, []).append(value)
    first = parents.partition(" ")[0]
    return Sha(first) if first else None, Event(
        commit=Sha(commit),
        at=datetime.fromisoformat(at),
        author=Person(name, email),
        subject=message.partition("\n")[0],
        events=tuple(found.get("Mission-Event", ())),
        missions=tuple(found.get("Mission-Id", ())),
        why=tuple(found.get("Mission-Why", ())),
        runs=tuple(found.get("Mission-Run", ())),
        undoes=next(iter(found.get("Mission-Undoes", ())), ""),
        notify=tuple(found.get("Mission-Notify", ())),
        sum=next(iter(found.get("Mission-Sum", ())), ""),
    )


def with_sum(message: str, texts: Mapping[str, Texts]) -> str:
    """Return the message of a commit of this program with the hash over the files that it writes."""
    found = sum_of(texts)
    return f"{message.rstrip()}\nMission-Sum: {found}\n" if found and "\nMission-Id: " in message else message


def with_links(message: str, lines: Callable[[], Sequence[str]]) -> tuple[str, Sequence[str]]:
    """Return the message of a commit of this program with its links, and these; `lines` is asked only for such one."""
    if "\nMission-Id: " not in message:
        return message, ()
    found = lines()
    return "\n".join([message.rstrip(), *found]) + "\n", found


def read_edits(out: str) -> Iterator[Edit]:
    """Yield uncommitted edits from the output of `git status --porcelain=v2 -z`."""
    words = iter(out.split("\0"))
    for line in words:
        kind = line[:1]
        if kind not in _STATUS_KINDS:
            continue
        fields = line.split(" ", {"1": 8, "2": 9, "u": 10}.get(kind, 1))
        if kind == "2":
            next(words, None)
        path = fields[-1]
        staged = kind in {"1", "2"} and fields[1][0] != "."
        deleted = kind == "1" and "D" in fields[1]
        yield Edit(path, "deleted" if deleted else "staged" if staged else _STATUS_KINDS[kind])

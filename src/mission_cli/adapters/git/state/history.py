"""Read history and uncommitted edits of the state repository."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mission_cli.domain.errors import NotFoundError
from mission_cli.domain.events import EventKind
from mission_cli.domain.host import Person
from mission_cli.domain.ids import Sha
from mission_cli.domain.notice import advise, do
from mission_cli.ports.git.state import Edit, Event, Step, sum_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.adapters.git.repo.command import Git
    from mission_cli.adapters.git.repo.objects import Entry, Objects
    from mission_cli.ports.git.state import Texts

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
    """Finds the commit that last changed some paths: along first parents, from the head to where it looked last."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._known: dict[str, tuple[str, str]] = {}
        """The head and the answer, by the first path."""

    def last(self, head: str, paths: Sequence[str]) -> str:
        """Return it; empty if no commit has any of the paths."""
        seen, answer = self._known.get(paths[0], ("", ""))
        found, here = head, self._at(head, paths)
        while found != seen:
            before = self._objects.parent_of(found)
            there = self._at(before, paths) if before else [None for _ in paths]
            if there != here:
                break
            found = before
            if not found:
                break
        else:
            found = answer
        self._known[paths[0]] = (head, found)
        return found

    def _at(self, commit: str, paths: Sequence[str]) -> list[Entry | None]:
        return [self._objects.entry(commit, path) for path in paths]


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

"""Cached answers about commits that every round of a pulse asks for again."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import TypeVar

    from mission_cli.adapters.git.repo.command import Git

    K = TypeVar("K")
    T = TypeVar("T")

_KNOWN_SECONDS = 5.0


class Known:
    """A cache of answers that depend only on object ids, for the few seconds that the rounds of a pulse take.

    Not for longer: a person's `git gc` may delete a merge commit that no ref holds yet. Asking again recreates it.
    """

    def __init__(self) -> None:
        self._answers: dict[tuple[str, ...], Any] = {}
        self._until = 0.0

    def of(self, name: str, *ids: str, ask: Callable[..., T]) -> T:
        """Return the cached answer for these ids, or call `ask` with them."""
        now = time.monotonic()
        if now > self._until:
            self._answers.clear()
            self._until = now + _KNOWN_SECONDS
        key = (name, *ids)
        if key not in self._answers:
            self._answers[key] = ask(*ids)
        answer: T = self._answers[key]
        return answer


_MOST_SAID, _LONGEST_SAID = 256, 100_000
_said: dict[tuple[str, ...], list[str]] = {}
_blobs: dict[tuple[str, str], bytes | None] = {}


def said_of(git: Git, *args: str) -> list[str]:
    """Return the words of a command that names commits by their ids only: what git says of them never changes."""
    key = (os.fspath(git.git_dir), *args)
    found = _said.get(key)
    if found is None:
        found = git.words(*args)
        if sum(map(len, found)) <= _LONGEST_SAID:
            _keep(_said, key, found)
    return [*found]


def blobs_of(git: Git, names: Sequence[str]) -> dict[str, bytes]:
    """Return contents by names that begin with the id of a commit, or are ids; missing ones are left out."""
    place = os.fspath(git.git_dir)
    known = {name: _blobs[place, name] for name in names if (place, name) in _blobs}
    rest = [name for name in names if name not in known]
    new = git.blobs(rest) if rest else {}
    for name in rest:
        content = new.get(name)
        if len(content or b"") <= _LONGEST_SAID:
            _keep(_blobs, (place, name), content)
    found = {name: known.get(name, new.get(name)) for name in names}
    return {name: content for name, content in found.items() if content is not None}


def _keep(known: dict[K, T], key: K, value: T) -> None:
    if len(known) >= _MOST_SAID:
        known.pop(next(iter(known)), None)
    known[key] = value


def changed_at(place: Path) -> int:
    """When a folder or file was last modified, in nanoseconds; 0 if it does not exist."""
    try:
        return place.stat().st_mtime_ns
    except OSError:
        return 0

"""Refs of a repository that is reached by its URL: listed, created only once, replaced by their old value, fetched."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.adapters.git.repo.command import Git
from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mission_cli.adapters.proc.run import Completed

_PUSH = ("push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-recurse-submodules", "--no-signed")
_FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--refmap=")
_NEVER_HANG = {
    "GIT_ASKPASS": "true",
    "GIT_SSH_COMMAND": "ssh -oBatchMode=yes -oConnectTimeout=15 -oServerAliveInterval=10",
    "GIT_HTTP_LOW_SPEED_LIMIT": "1",
    "GIT_HTTP_LOW_SPEED_TIME": "30",
}
_ANY = tuple(range(256))
_QUICK, _LONG = 60.0, 900.0
"""Timeouts in seconds: of a list, and of what moves objects."""
_THERE = ("stale info", "fetch first", "already exists", "cannot lock ref", "failed to update ref", "incorrect old")
"""Messages if a ref has another value than it was expected to have."""
_BROKEN = ("fsck", "index-pack", "bad object", "unpack-objects", "corrupt")
"""Messages about what was received, not about the way to it."""
_DETAIL = 300


class NoAnswerError(ToolError):
    """The repository could not be asked; what was sent to it may have arrived."""


class FarRefs:
    """The refs at a URL, with the objects of one git dir here. `env` is for git, such as `GIT_SSH_COMMAND`."""

    def __init__(self, git_dir: Path, url: str, env: Mapping[str, str] | None = None) -> None:
        self._git = Git(git_dir, durable=True, own_config=True)
        self._url = url
        self._env = {**_NEVER_HANG, **(env or {})}

    def listed(self, patterns: Sequence[str]) -> dict[str, str]:
        """Return the ids of the refs that match whole names or patterns."""
        if not patterns:
            return {}
        done = self._ask("ls-remote", "--quiet", "--refs", "--", self._url, *patterns, timeout=_QUICK)
        if done.code:
            raise NoAnswerError(_words(done))
        lines = done.out.decode("utf-8", "replace").splitlines()
        return {ref: oid for oid, _, ref in (line.partition("\t") for line in lines)}

    def create(self, wanted: Mapping[str, str]) -> dict[str, bool]:
        """Create refs with these ids; False for those that exist with another one. Repeating it changes nothing."""
        return self._push([f"--force-with-lease={ref}:" for ref in wanted], wanted)

    def replace(self, wanted: Mapping[str, tuple[str, str]]) -> dict[str, bool]:
        """Move refs to new ids, if they still have the old ones; an empty new id deletes a ref."""
        leases = [f"--force-with-lease={ref}:{old}" for ref, (_, old) in wanted.items()]
        return self._push(leases, {ref: new for ref, (new, _) in wanted.items()})

    def fetch(self, wanted: Mapping[str, str]) -> None:
        """Fetch refs from there to refs here, both as keys and values; every object is checked.

        Raises ToolError, and NoAnswerError if there was no answer.
        """
        pairs = [f"+{there}:{here}" for there, here in wanted.items()]
        done = self._ask("-c", "fetch.fsckObjects=true", *_FETCH, "--", self._url, *pairs, timeout=_LONG)
        if done.code:
            words = _words(done)
            raise ToolError(words) if any(word in words for word in _BROKEN) else NoAnswerError(words)

    def _push(self, leases: Sequence[str], wanted: Mapping[str, str]) -> dict[str, bool]:
        if not wanted:
            return {}
        pairs = [f"{oid}:{ref}" for ref, oid in wanted.items()]
        done = self._ask(*_PUSH, *leases, "--", self._url, *pairs, timeout=_LONG)
        told = [line.split("\t") for line in done.out.decode("utf-8", "replace").splitlines() if line.count("\t") > 1]
        said = {pair.rpartition(":")[2]: (flag, words) for flag, pair, words, *_ in told}
        if not set(wanted) <= set(said):
            raise NoAnswerError(_words(done))
        for flag, words in said.values():
            if flag == "!" and not any(word in words for word in _THERE):
                raise ToolError(f"the exchange refused a ref: {one_line(words, _DETAIL)}{_cause(done)}")
        return {ref: said[ref][0] != "!" for ref in wanted}

    def _ask(self, *words: str, timeout: float) -> Completed:
        try:
            return self._git.run(*words, env=self._env, ok=_ANY, timeout=timeout)
        except ToolError as error:
            if not (self._git.git_dir / os.curdir).is_dir():
                raise
            raise NoAnswerError(error.message) from error


def _cause(done: Completed) -> str:
    """Return why the other side could not take objects, such as a full disk; empty if it does not say."""
    said = done.err.decode("utf-8", "replace").splitlines()
    told = next((line for line in said if line.startswith("remote: ") and "fatal:" in line), "")
    told = told or next((line for line in said if "unpack failed" in line), "")
    return f": {one_line(told.removeprefix('remote: '), _DETAIL)}" if told else ""


def _words(done: Completed) -> str:
    said = done.err.decode("utf-8", "replace") or done.out.decode("utf-8", "replace") or f"git ended with {done.code}"
    return one_line(said, _DETAIL)

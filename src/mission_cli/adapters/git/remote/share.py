"""The remote that clones share: the state branch, the branches of missions, claims, and signs of life.

The state repository asks with the remotes and credentials of the repository that it lies in. Nothing is ever
forced, and nothing is pushed but the state branch and what we alone write.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.adapters.fs.atomic import random_hex, read_json, write_json
from mission_cli.adapters.fs.locks import locked
from mission_cli.adapters.git.repo.checkout import worktrees
from mission_cli.adapters.git.repo.command import ZERO, Git
from mission_cli.domain.errors import BlockedError, ToolError
from mission_cli.domain.host import clone_id
from mission_cli.domain.ids import MissionId

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mission_cli.adapters.git.repo.checkout import Checkout
    from mission_cli.adapters.git.state.branch_home import Layout
    from mission_cli.adapters.proc.run import Completed
    from mission_cli.domain.ids import Sha

_SEEN = "refs/mission/remote"
_SIGNS = "refs/mission/hosts"
_OURS = ("refs/heads/mission", "refs/mission/wip")
_CLAIMS = "refs/mission/claims"
_QUIET = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
_PUSH = ("push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-recurse-submodules")
"""Nothing goes along, whatever the person has set for their own pushes."""
_PATIENCE = 180.0
_LONG = 600.0
"""Seconds for branches, which may be large."""
_MOVED = ("cannot lock ref", "failed to update ref", "incorrect old value", "reference already exists")
"""What a remote says when somebody else was faster by a moment."""


class GitShare:
    """What one clone shares with others. `me` is its name among the hosts."""

    def __init__(self, checkout: Checkout, layout: Layout, *, remote: str, me: str) -> None:
        if remote.startswith("-"):
            raise ToolError(f"the setting `remote` is {remote!r}", hint="write the name of a remote: git remote")
        self._remote = "" if layout.in_place else remote
        self._branch, self._me = layout.branch, me
        config = checkout.common_dir / "config"
        self._state = Git(layout.git_dir, durable=True, own_config=True, beside=config)
        self._code = Git(checkout.common_dir, durable=True, own_config=True)
        self._sent = checkout.runtime / "pushed.json"
        self._lock = checkout.runtime / "share.lock"

    @property
    def remote(self) -> str:
        """Its name; empty where mission files lie on a person's own branch, which is theirs to push."""
        return self._remote

    def accepted(self) -> Sha | None:
        """The head that the remote had when it was heard of last."""
        return self._state.commit_of(self._seen)

    def fetch(self) -> Sha | None:
        """Bring state branch and signs over; both by patterns, so that what is not there yet is no error."""
        state = f"+{self._branch}*:{_SEEN}/{self._branch.rpartition('/')[2]}*"
        with self._alone():
            whole = ("--prune", "--no-filter")  # the clone may be a partial one, but the state is read here
            self._state.ask("fetch", *_QUIET, *whole, "--", self._remote, state, f"+{_SIGNS}/*:{_SIGNS}/*")
            head = self.accepted()
            if head is None:
                self._sent.unlink(missing_ok=True)  # it is new, or was emptied: nothing is there any more
        return head

    def push(self, head: Sha) -> bool:
        """Make `head` the remote's state branch, unless it has something else."""
        with self._alone():
            done = self._push(self._state, f"{head}:{self._branch}")
            if done:
                self._state.run("update-ref", self._seen, head)
        return done

    def push_branches(self, missions: Sequence[MissionId]) -> bool:
        """Send what has moved since the last time; what is gone here stays there."""
        with self._alone():
            sent, now = self._sent_before(), self._refs(missions)
            moved = {ref: oid for ref, oid in now.items() if sent.get(ref) != oid}
            if moved and not self._push(self._code, *(f"{oid}:{ref}" for ref, oid in moved.items())):
                work = [f"{oid}:{ref}" for ref, oid in moved.items() if ref.endswith("/work")]
                if work and not self._push(self._code, *work):
                    return False
            if moved:  # an attempt that was written anew here stays there as it was: nothing is built on it
                write_json(self._sent, {self._remote: {**sent, **moved}})
        return True

    def unsent(self) -> list[MissionId]:
        """Missions with something to send."""
        sent = self._sent_before()
        moved = [ref for ref, oid in self._refs([]).items() if sent.get(ref) != oid]
        return list(dict.fromkeys(MissionId(ref.split("/")[3]) for ref in moved))

    def adopt(self, mission: MissionId, *, driven: bool = False) -> None:
        """Take over what the remote has of a mission; a branch of ours beside it is kept as saved work.

        Raises BlockedError when a person has such a branch checked out, or when finished work that is `driven` here
        would be replaced.
        """
        names = [f"{kind}/{mission}/" for kind in (*_OURS, _CLAIMS)]
        kept = [f"{_SEEN}/{name.removeprefix('refs/')}" for name in names]
        pairs = [f"+{name}*:{there}*" for name, there in zip(names, kept, strict=True)]
        with self._alone():
            self._code.ask("fetch", *_QUIET, "--prune", "--", self._remote, *pairs, timeout=_LONG)
        theirs = self._listed(kept)
        ours = self._listed(names)
        busy = {t.branch for t in worktrees(self._code)}
        for there, oid in theirs.items():
            ref = "refs/" + there.removeprefix(f"{_SEEN}/")
            before = ours.get(ref, "")
            if before == oid or (before and ref.startswith(_CLAIMS)):
                continue
            if before and self._code.succeeds("merge-base", "--is-ancestor", oid, before):
                continue  # what is here contains it
            if ref in busy:
                raise BlockedError(f"{ref} is checked out here", hint="switch that work tree to a branch of yours")
            if before and not self._code.succeeds("merge-base", "--is-ancestor", before, oid):
                if driven and ref.endswith("/work") and not self._code.succeeds("diff", "--quiet", f"{oid}...{before}"):
                    branch = ref.removeprefix("refs/heads/")
                    hint = f"bring both together: git switch {branch}, git merge {there}, git switch -"
                    raise BlockedError(f"{branch} here and at `{self._remote}` went different ways", hint=hint)
                self._code.swap_ref(f"refs/mission/wip/{mission}/before-takeover-{before[:7]}", before, ZERO)
            self._code.swap_ref(ref, oid, before or ZERO)

    def beat(self) -> None:
        """Put a new object behind our sign. Raises ToolError when another clone uses it."""
        ref = f"{_SIGNS}/{clone_id(self._me)}"
        word = {"host": self._me, "nonce": random_hex(8)}
        blob = self._state.store(json.dumps(word).encode())
        with self._alone():
            before = self._state.run("rev-parse", "--verify", "--quiet", ref, ok=(0, 1)).out.decode().strip()
            if not self._push(self._state, f"--force-with-lease={ref}:{before}", f"{blob}:{ref}"):
                hint = "is this a copy of another machine? the next look at the remote tries again"
                raise ToolError(f"somebody else leaves signs of life as {self._me}", hint=hint)
            self._state.run("update-ref", ref, blob)

    def signs(self) -> Mapping[str, str]:
        """Object ids by host."""
        lines = self._state.text("for-each-ref", "--format=%(objectname) %(refname)", _SIGNS).splitlines()
        return {ref.rpartition("/")[2]: oid for oid, _, ref in (line.partition(" ") for line in lines)}

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One of our processes at a time: they note what they heard at the same places."""
        with locked(self._lock, patience=_PATIENCE):
            yield

    @property
    def _seen(self) -> str:
        return f"{_SEEN}/{self._branch.rpartition('/')[2]}"

    def _push(self, git: Git, *what: str) -> bool:
        """Push; False when the remote refused it for what it has. Raises ToolError when it cannot be asked."""
        flags = [word for word in what if word.startswith("--")]
        refs = [word for word in what if not word.startswith("--")]
        done = git.ask(*_PUSH, *flags, "--", self._remote, *refs, ok=tuple(range(256)), timeout=_LONG)
        if done.code == 0:
            return True
        if _was_slower(done):
            return False
        raise ToolError(
            f"the remote `{self._remote}` cannot be pushed to: {_words(done)}", hint="mission doctor tries it"
        )

    def _refs(self, missions: Sequence[MissionId]) -> dict[str, str]:
        """What we alone write of these missions, or of all, with what it stands at."""
        return self._listed([f"{kind}/{m}/" for kind in _OURS for m in missions] or [f"{kind}/" for kind in _OURS])

    def _listed(self, patterns: Sequence[str]) -> dict[str, str]:
        lines = self._code.text("for-each-ref", "--format=%(objectname) %(refname)", *patterns).splitlines()
        return {ref: oid for oid, _, ref in (line.partition(" ") for line in lines)}

    def _sent_before(self) -> dict[str, str]:
        raw = read_json(self._sent)
        found = raw.get(self._remote) if isinstance(raw, dict) else None
        return dict(found) if isinstance(found, dict) else {}


def claim_there(code: Path, remote: str, run: str, content: bytes) -> bytes | None:
    """Claim an attempt at the remote: None when it is ours now, else what the one who has it wrote.

    Raises ToolError when the remote cannot be asked; then it may be ours all the same, and asking again tells.
    """
    git = Git(code, durable=True, own_config=True)
    ref, blob = f"{_CLAIMS}/{run}", git.store(content)
    lease = f"--force-with-lease={ref}:"
    pushed = git.ask(*_PUSH, lease, "--", remote, f"{blob}:{ref}", ok=tuple(range(256)))
    if pushed.code == 0:
        return None
    there = git.ask("ls-remote", "--quiet", "--refs", "--", remote, ref).out.decode().split()
    if not there:
        raise ToolError(f"the claim on {run} cannot be pushed to `{remote}`: {_words(pushed)}")
    if there[0] == blob:
        return None
    git.ask("fetch", *_QUIET, "--", remote, ref)
    return git.blobs([there[0]]).get(there[0], b"")


def _was_slower(done: Completed) -> bool:
    """Whether a push was refused for what the remote has by now, and for nothing else."""
    lines = [line for line in done.out.decode("utf-8", "replace").splitlines() if line.startswith("!")]
    return bool(lines) and all("[rejected]" in line or any(word in line for word in _MOVED) for line in lines)


def _words(done: Completed) -> str:
    refused = [line for line in done.out.decode("utf-8", "replace").splitlines() if line.startswith("!")]
    return one_line("; ".join(refused) or done.err.decode("utf-8", "replace"), 300)

"""The remote that clones share: the state branch, mission branches, claims and heartbeats.

The state repository uses the remotes and credentials of the code repository. Nothing is force-pushed, and only the
state branch and refs that only this program writes are pushed.
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
from mission_cli.domain.branches.refs import PUSHED, Area, branch_of, is_work, mission_of
from mission_cli.domain.errors import BlockedError, ToolError
from mission_cli.domain.host import clone_id
from mission_cli.domain.notice import advise, do

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mission_cli.adapters.git.repo.checkout import Checkout
    from mission_cli.adapters.git.state.branch_home import Layout
    from mission_cli.adapters.proc.run import Completed
    from mission_cli.domain.ids import MissionId, Sha

_QUIET = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
_PUSH = ("push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-recurse-submodules")
"""Options that exclude everything else from a push, whatever the person has configured for their own pushes."""
_PATIENCE = 180.0
_LONG = 600.0
"""Timeout in seconds for branches, which may be large."""
_MOVED = ("cannot lock ref", "failed to update ref", "incorrect old value", "reference already exists")
"""Messages of a remote when another clone has moved a ref at the same moment."""


class GitShare:
    """Exchanges state, branches, claims and heartbeats of one clone with a remote. `me` is its name among the hosts."""

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
        """The name of the remote; empty if mission files are on a person's own branch, which they push themselves."""
        return self._remote

    def accepted(self) -> Sha | None:
        """Return the head of the remote's state branch as of the last contact."""
        return self._state.commit_of(self._seen)

    def fetch(self) -> Sha | None:
        """Fetch state branch and heartbeats. Both are given as patterns, so that a missing ref is not an error."""
        state = f"+{self._branch}*:{self._seen}*"
        with self._alone():
            whole = ("--prune", "--no-filter")  # a partial clone needs the complete state, too
            self._state.ask("fetch", *_QUIET, *whole, "--", self._remote, state, f"+{Area.HOSTS}*:{Area.HOSTS}*")
            head = self.accepted()
            if head is None:
                self._sent.unlink(missing_ok=True)  # the remote is new or was emptied: send everything again
        return head

    def push(self, head: Sha) -> bool:
        """Push `head` as the remote's state branch; False if the remote has commits that `head` does not contain."""
        with self._alone():
            done = self._push(self._state, f"{head}:{self._branch}")
            if done:
                self._state.run("update-ref", self._seen, head)
        return done

    def push_branches(self, missions: Sequence[MissionId]) -> bool:
        """Push mission branches that have moved since the last push; a branch deleted here stays at the remote."""
        with self._alone():
            sent, now = self._sent_before(), self._refs(missions)
            moved = {ref: oid for ref, oid in now.items() if sent.get(ref) != oid}
            if moved and not self._push(self._code, *(f"{oid}:{ref}" for ref, oid in moved.items())):
                work = [f"{oid}:{ref}" for ref, oid in moved.items() if is_work(ref)]
                if work and not self._push(self._code, *work):
                    return False
            if moved:  # an attempt's branch that was rewritten here stays as it was there: nothing depends on it
                write_json(self._sent, {self._remote: {**sent, **moved}})
        return True

    def unsent(self) -> list[MissionId]:
        """Return the missions that have branches to push."""
        sent = self._sent_before()
        moved = [ref for ref, oid in self._refs([]).items() if sent.get(ref) != oid]
        return list(dict.fromkeys(mission_of(ref, *PUSHED) for ref in moved))

    def adopt(self, mission: MissionId, *, driven: bool = False) -> None:
        """Replace a mission's branches by the remote's. A different branch of this clone is kept as saved work.

        Raises BlockedError if such a branch is checked out, or if the work branch of a mission that is `driven` here
        would be replaced.
        """
        names = [area.of(f"{mission}/") for area in (*PUSHED, Area.CLAIMS)]
        kept = [Area.REMOTE.of(name.removeprefix("refs/")) for name in names]
        pairs = [f"+{name}*:{there}*" for name, there in zip(names, kept, strict=True)]
        with self._alone():
            self._code.ask("fetch", *_QUIET, "--prune", "--", self._remote, *pairs, timeout=_LONG)
        theirs = self._listed(kept)
        ours = self._listed(names)
        busy = {t.branch for t in worktrees(self._code)}
        for there, oid in theirs.items():
            ref = f"refs/{Area.REMOTE.within(there)}"
            before = ours.get(ref, "")
            if before == oid or (before and ref.startswith(Area.CLAIMS)):
                continue
            if before and self._code.succeeds("merge-base", "--is-ancestor", oid, before):
                continue  # the local branch contains it
            if ref in busy:
                raise BlockedError(f"{ref} is checked out here", hint="switch that work tree to another branch")
            if before and not self._code.succeeds("merge-base", "--is-ancestor", before, oid):
                if driven and is_work(ref) and not self._code.succeeds("diff", "--quiet", f"{oid}...{before}"):
                    branch = branch_of(ref)
                    hint = f"merge them: git switch {branch}, git merge {there}, git switch -"
                    raise BlockedError(f"{branch} here and at `{self._remote}` have diverged", hint=hint)
                self._code.swap_ref(Area.WIP.of(f"{mission}/before-takeover-{before[:7]}"), before, ZERO)
            self._code.swap_ref(ref, oid, before or ZERO)

    def beat(self) -> None:
        """Renew this clone's heartbeat at the remote. Raises ToolError if another clone writes the same one."""
        ref = Area.HOSTS.of(clone_id(self._me))
        word = {"host": self._me, "nonce": random_hex(8)}
        blob = self._state.store(json.dumps(word).encode())
        with self._alone():
            before = self._state.run("rev-parse", "--verify", "--quiet", ref, ok=(0, 1)).out.decode().strip()
            if not self._push(self._state, f"--force-with-lease={ref}:{before}", f"{blob}:{ref}"):
                hint = "is this a copy of another machine? the next sync tries again"
                raise ToolError(f"another clone sends heartbeats as {self._me}", hint=hint)
            self._state.run("update-ref", ref, blob)

    def signs(self) -> Mapping[str, str]:
        """Return object ids of heartbeats, by host."""
        lines = self._state.text("for-each-ref", "--format=%(objectname) %(refname)", Area.HOSTS).splitlines()
        return {ref.rpartition("/")[2]: oid for oid, _, ref in (line.partition(" ") for line in lines)}

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock of this exchange: processes of this program record what they received in the same places."""
        with locked(self._lock, patience=_PATIENCE):
            yield

    @property
    def _seen(self) -> str:
        return Area.REMOTE.of(self._branch.rpartition("/")[2])

    def _push(self, git: Git, *what: str) -> bool:
        """Push. False if the remote refused because of what it has now. Raises ToolError if it cannot be reached."""
        flags = [word for word in what if word.startswith("--")]
        refs = [word for word in what if not word.startswith("--")]
        done = git.ask(*_PUSH, *flags, "--", self._remote, *refs, ok=tuple(range(256)), timeout=_LONG)
        if done.code == 0:
            return True
        if _was_slower(done):
            return False
        raise ToolError(
            f"cannot push to the remote `{self._remote}`: {_words(done)}", hint=advise("test it: ", do("doctor"))
        )

    def _refs(self, missions: Sequence[MissionId]) -> dict[str, str]:
        """Return the refs that only this program writes, of these missions or of all, with the ids they point to."""
        return self._listed([area.of(f"{m}/") for area in PUSHED for m in missions] or [*PUSHED])

    def _listed(self, patterns: Sequence[str]) -> dict[str, str]:
        lines = self._code.text("for-each-ref", "--format=%(objectname) %(refname)", *patterns).splitlines()
        return {ref: oid for oid, _, ref in (line.partition(" ") for line in lines)}

    def _sent_before(self) -> dict[str, str]:
        raw = read_json(self._sent)
        found = raw.get(self._remote) if isinstance(raw, dict) else None
        return dict(found) if isinstance(found, dict) else {}


def claim_there(code: Path, remote: str, run: str, content: bytes) -> bytes | None:
    """Claim an attempt at the remote. Returns None if it is now claimed here, otherwise what the owner wrote.

    Raises ToolError if the remote cannot be reached. The claim may have succeeded anyway; try again to find out.
    """
    git = Git(code, durable=True, own_config=True)
    ref, blob = Area.CLAIMS.of(run), git.store(content)
    lease = f"--force-with-lease={ref}:"
    pushed = git.ask(*_PUSH, lease, "--", remote, f"{blob}:{ref}", ok=tuple(range(256)))
    if pushed.code == 0:
        return None
    there = git.ask("ls-remote", "--quiet", "--refs", "--", remote, ref).out.decode().split()
    if not there:
        raise ToolError(f"cannot push the claim on {run} to `{remote}`: {_words(pushed)}")
    if there[0] == blob:
        return None
    git.ask("fetch", *_QUIET, "--", remote, ref)
    return git.blobs([there[0]]).get(there[0], b"")


def _was_slower(done: Completed) -> bool:
    """Whether a push was refused only because of what the remote has by now."""
    lines = [line for line in done.out.decode("utf-8", "replace").splitlines() if line.startswith("!")]
    return bool(lines) and all("[rejected]" in line or any(word in line for word in _MOVED) for line in lines)


def _words(done: Completed) -> str:
    refused = [line for line in done.out.decode("utf-8", "replace").splitlines() if line.startswith("!")]
    return one_line("; ".join(refused) or done.err.decode("utf-8", "replace"), 300)

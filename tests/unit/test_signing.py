"""State commits are signed with the person's key if that needs no question; nothing ever waits for a key."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host
from tests.kit.nightly import only_at_night
from tests.unit.test_chain import BRANCH

from mission_cli.adapters.git.proof.signing import Signer
from mission_cli.adapters.git.state.branch_home import Layout
from mission_cli.adapters.git.state.store import GitStateStore
from mission_cli.app.queries.diagnosis.doctor import signing_findings
from mission_cli.app.verify.witnessed import rewritten, signatures_in
from mission_cli.domain.evidence.witnesses import Signature
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.ids import Sha
    from mission_cli.engine.context import Context

SLOW = "#!/bin/sh\nexec sleep 60\n"


class Room:
    """A person's home with keys, a code repository, and the state in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.code = folder, folder / "code/.git"
        self.env = {"HOME": os.fspath(folder), "PATH": os.environ["PATH"]}
        self.git("init", "--quiet", os.fspath(folder / "code"))
        self.state = self.code / "mission-state.git"
        self.git("init", "--quiet", "--bare", os.fspath(self.state))
        self.config("user.name", "Ada")
        self.config("user.email", "ada@example.com")

    def git(self, *words: str, ok: tuple[int, ...] = (0,)) -> str:
        """Run git as the person does."""
        done = subprocess.run(
            ["git", *words], env={**os.environ, **self.env}, capture_output=True, text=True, check=False
        )
        assert done.returncode in ok, done.stderr
        return done.stdout

    def config(self, name: str, value: str) -> None:
        """Set something for the person."""
        self.git("config", "--file", os.fspath(self.folder / ".gitconfig"), name, value)

    def ssh(self, passphrase: str = "") -> Path:
        """Sign with a new ssh key."""
        key = self.folder / "key"
        key.unlink(missing_ok=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", key], check=True)
        allowed = self.folder / "allowed"
        allowed.write_text(f"ada@example.com {key.with_name('key.pub').read_text()}")
        for name, value in (
            ("commit.gpgsign", "true"),
            ("gpg.format", "ssh"),
            ("user.signingkey", os.fspath(key)),
            ("gpg.ssh.allowedSignersFile", os.fspath(allowed)),
        ):
            self.config(name, value)
        return key

    def store(self, mode: str = "auto") -> GitStateStore:
        """The state."""
        signer = Signer(self.code, self.state / "runtime/signing.json", mode, self.env)
        layout = Layout(self.state, self.state / "none", BRANCH, ("",), self.state / "runtime")
        return GitStateStore(layout, signer=signer)

    def commit(self, text: str, mode: str = "auto") -> Sha:
        """Commit a text as the program does."""
        store = self.store(mode)
        head = store.head()
        old = store.file("m/mission.md", head) if head is not None else None
        return store.commit([Write("m/mission.md", text, old)], message=f"{text}\n\nMission-Id: m\n", expect=head)

    def states(self) -> list[str]:
        """The states of all signatures, the oldest commit first."""
        return [str(state) for state in self.store().signatures().values()][::-1]


@pytest.fixture
def room() -> Iterator[Room]:
    yield Room(Path(os.environ["HOME"]))
    subprocess.run(["gpgconf", "--kill", "all"], check=False, capture_output=True)


def context(room: Room) -> Context:
    """A world with the state of a room."""
    return replace(make_host(lambda _: Outcome()).context(), state=room.store())


def test_commits_are_signed_if_the_person_signs_and_git_finds_them_good(room: Room) -> None:
    first = room.commit("one")
    room.ssh()
    second = room.commit("two")
    third = room.commit("three", "never")
    assert room.states() == ["none", "good", "none"]
    assert 'Good "git" signature for ada@example.com' in room.git(
        "-C", os.fspath(room.state), "log", "-1", "--format=%GG", second
    )
    assert room.store().why_unsigned() == ""
    ctx = context(room)
    look, misfits = signatures_in(ctx)
    assert (look.good, look.none, look.unsigned, misfits) == (1, 2, [third], [])
    assert first
    assert [f.words for f in signing_findings(ctx)] == ["commits of mission files are signed with your key"]


def test_only_who_asks_for_it_signs(room: Room) -> None:
    room.ssh()
    room.config("commit.gpgsign", "false")
    room.commit("one")
    room.commit("two", "always")
    assert room.states() == ["none", "good"]
    assert (room.store().why_unsigned(), room.store("never").why_unsigned()) == (None, None)


def test_a_key_with_a_passphrase_is_never_asked_for_and_the_failure_is_not_repeated_at_once(room: Room) -> None:
    room.ssh("secret")
    room.commit("one")
    room.commit("two")
    assert room.states() == ["none", "none"]
    why = room.store().why_unsigned()
    assert why is not None
    assert why.startswith("ssh-keygen cannot sign: ")
    ctx = context(room)
    assert [f.level for f in signing_findings(ctx)] == ["warning"]
    room.ssh()
    room.commit("still in the pause")
    assert room.store().why_unsigned() == ""
    room.commit("three")
    assert room.states() == ["none", "none", "none", "good"]


@only_at_night
def test_a_program_that_hangs_costs_its_time_limit_once(room: Room) -> None:
    room.ssh()
    slow = room.folder / "slow"
    slow.write_text(SLOW)
    slow.chmod(0o755)
    room.config("gpg.ssh.program", os.fspath(slow))
    begun = time.monotonic()
    for text in ("one", "two", "three"):
        room.commit(text)
    assert 5 <= time.monotonic() - begun < 14
    assert room.states() == ["none"] * 3


def test_what_was_changed_or_made_by_another_key_is_told_apart(room: Room) -> None:
    key = room.ssh()
    good = room.commit("one")
    raw = room.git("-C", os.fspath(room.state), "cat-file", "commit", good)
    forged = subprocess.run(
        ["git", "-C", os.fspath(room.state), "hash-object", "-t", "commit", "-w", "--stdin"],
        input=raw.replace("\none", "\neno", 1), capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    room.git("-C", os.fspath(room.state), "update-ref", BRANCH, forged)
    assert room.states() == ["bad"]
    ctx = context(room)
    assert [m.what for m in signatures_in(ctx)[1]] == ["its signature is wrong, or its key is revoked"]
    room.git("-C", os.fspath(room.state), "update-ref", BRANCH, good)
    (room.folder / "allowed").write_text("")
    assert room.states() == [Signature.UNKNOWN]
    room.git("config", "--file", os.fspath(room.folder / ".gitconfig"), "--unset", "gpg.ssh.allowedSignersFile")
    assert room.states() == [Signature.UNKNOWN]
    assert key.is_file()


def test_a_history_that_was_replaced_is_found_by_what_this_clone_and_the_remote_have_seen(room: Room) -> None:
    first, second = room.commit("one"), room.commit("two")
    git = ("-C", os.fspath(room.state))
    ctx = context(room)
    room.git(*git, "update-ref", "refs/mission/remote/missions", second)
    assert [*rewritten(ctx)] == []
    room.git(*git, "update-ref", BRANCH, first)
    words = "the history does not contain it: it was rewritten, or is not merged: without"
    short = room.git(*git, "rev-parse", "--short", second).strip()
    ctx = context(room)
    assert [f"{m.where}: {m.what}" for m in rewritten(ctx)] == [
        f"commit {second[:7]}: this clone has seen this commit, and {words} {short} two",
        f"commit {second[:7]}: the remote, when it was last asked, had this commit, and {words} {short} two",
    ]
    room.store().own(first)
    room.commit("other")
    ctx = context(room)
    assert [m.what.partition(" this commit")[0] for m in rewritten(ctx)] == [
        "this clone has seen",
        "the remote, when it was last asked, had",
    ]


@only_at_night
@pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed")
def test_gpg_signs_without_a_pinentry_or_not_at_all(room: Room) -> None:
    env = {**os.environ, **room.env}
    make = ["gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase"]
    subprocess.run([*make, "", "--quick-gen-key", "Ada <ada@example.com>"], env=env, check=True, capture_output=True)
    room.config("commit.gpgsign", "true")
    room.commit("one")
    assert room.states() == ["good"]
    subprocess.run([*make, "x", "--quick-gen-key", "Bea <bea@example.com>"], env=env, check=True, capture_output=True)
    subprocess.run(["gpgconf", "--kill", "gpg-agent"], env=env, check=True)
    room.config("user.signingkey", "bea@example.com")
    room.commit("two")
    assert room.states() == ["good", "none"]
    why = room.store().why_unsigned()
    assert why is not None
    assert "cannot sign" in why


@only_at_night
def test_signing_costs_milliseconds(room: Room, record_property: object) -> None:
    room.ssh()
    room.commit("one")
    begun = time.perf_counter()
    for number in range(5):
        room.commit(f"{number}")
    each = (time.perf_counter() - begun) / 5
    assert callable(record_property)
    begun = time.perf_counter()
    for number in range(5):
        room.commit(f"x{number}", "never")
    plain = (time.perf_counter() - begun) / 5
    record_property("state commit, ms", {"signed": round(each * 1000, 1), "unsigned": round(plain * 1000, 1)})
    assert room.states().count("good") == 6

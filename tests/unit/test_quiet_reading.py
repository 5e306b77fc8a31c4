"""Views of a running mission start no git process: what a commit changed is read from the files that it made."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from mission_cli.adapters.git.repo.checkout import find_checkout
from mission_cli.adapters.git.state.branch_home import make_state
from mission_cli.adapters.git.state.history import event_of, read_history
from mission_cli.adapters.git.state.store import GitStateStore
from mission_cli.domain.host import PROGRAM
from mission_cli.domain.ids import MissionId
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mission_cli.domain.ids import Sha

M, N, FLAT = MissionId("m"), MissionId("n"), MissionId("flat")
MESSAGE = "Start m\n\nwhy\n\nMission-Event: mission.started\nMission-Id: m\nMission-Why: a: b\n"


@pytest.fixture
def stores(tmp_path: Path) -> tuple[GitStateStore, GitStateStore]:
    """Return the state of a repository as a pulse and as a server have it opened."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    layout = make_state(find_checkout(tmp_path))
    return GitStateStore(layout), GitStateStore(layout)


def commit(store: GitStateStore, path: str, text: str, message: str = MESSAGE) -> Sha:
    snapshot = store.snapshot()
    old = next((one.text for one in snapshot.missions.values() if one.path == path), None)
    return store.commit([Write(path, text, old)], message=message, expect=snapshot.head)


def test_what_a_commit_changed_is_read_without_git(
    stores: tuple[GitStateStore, GitStateStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    pulse, server = stores
    first = [commit(pulse, "m/mission.md", "a"), commit(pulse, "n/mission.md", "x")]
    before = server.snapshot()
    assert [event.commit for event in server.history(before.missions[M])] == first[:1]
    assert server.last_change(before.missions[N]) == first[1]
    then = [commit(pulse, "m/mission.md", text) for text in "bcd"]
    with monkeypatch.context() as gitless:
        gitless.setenv("PATH", "")
        now = server.snapshot()
        stored = now.missions[M]
        assert (now.head, stored.text, now.missions[N].text) == (then[-1], "d", "x")
        assert server.head() == server.last_change(stored) == then[-1]
        assert server.last_change(now.missions[N]) == first[1]
        assert server.edits("m/mission.md") == []
        assert server.runs(stored, then[-1]) == {}
        seen = server.history(stored)
    assert seen == pulse.history(stored) == GitStateStore(server.layout).history(stored)
    assert [event.commit for event in seen] == [*then[::-1], first[0]]
    assert [event.commit for event in server.history(stored, limit=2)] == then[:0:-1]


def test_a_history_that_was_replaced_is_read_anew(stores: tuple[GitStateStore, GitStateStore]) -> None:
    pulse, server = stores
    kept, lost = (commit(pulse, "m/mission.md", text) for text in "ab")
    assert server.last_change(server.snapshot().missions[M]) == lost
    subprocess.run(["git", "reset", "-q", "--hard", kept], cwd=server.layout.work_tree, check=True)
    stored = server.snapshot().missions[M]
    assert (stored.text, server.last_change(stored)) == ("a", kept)
    assert [event.commit for event in server.history(stored)] == [kept]


def test_a_mission_without_a_folder_has_one_history_with_its_attempts(
    stores: tuple[GitStateStore, GitStateStore],
) -> None:
    pulse, server = stores
    first = commit(pulse, "flat-mission.md", "a")
    assert server.last_change(server.snapshot().missions[FLAT]) == first
    made = [commit(pulse, path, path) for path in ("flat/runs/1.1-a1.md", "m/mission.md", "flat/runs/1.1-a2.md")]
    made.append(commit(pulse, "flat-mission.md", "b"))
    stored = server.snapshot().missions[FLAT]
    assert server.last_change(stored) == made[-1]
    seen = server.history(stored)
    assert [event.commit for event in seen] == [made[3], made[2], made[0], first]
    assert seen == GitStateStore(server.layout).history(stored)


def test_edits_are_seen_as_git_sees_them(stores: tuple[GitStateStore, GitStateStore]) -> None:
    pulse, server = stores
    commit(pulse, "m/mission.md", "a\n")
    commit(pulse, "x/m/mission.md", "a\n", "x")
    place = server.layout.work_tree / "m/mission.md"

    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=server.layout.work_tree, check=True)

    steps: dict[str, tuple[Callable[[], object], list[str]]] = {
        "nothing": (lambda: None, []),
        "other words": (lambda: place.write_text("b\n"), ["modified"]),
        "staged": (lambda: git("add", "m"), ["staged"]),
        "staged, and as it was": (lambda: place.write_text("a\n"), ["staged"]),
        "as it was": (lambda: git("reset", "-q"), []),
        "a program": (lambda: place.chmod(0o755), ["modified"]),
        "none any more": (lambda: git("checkout", "-q", "m"), []),
        "removed": (place.unlink, ["deleted"]),
        "a link": (lambda: place.symlink_to("../x/m/mission.md"), ["modified"]),
        "another branch": (lambda: git("checkout", "-q", "-f", "-b", "mine"), []),
        "assumed unchanged": (lambda: git("update-index", "--assume-unchanged", "m/mission.md"), []),
    }
    for name, (change, kinds) in steps.items():
        change()
        assert [edit.kind for edit in server.edits("m/mission.md")] == kinds, name


MESSAGES = [
    "one",
    "one\n",
    "one\n\nbody\n",
    MESSAGE,
    "one\n\nMission-Id: m\n",
    "one\n\nMission-Id: m\nno trailer\n",
    "one\n\nMission-Id: m\n more of it\n",
    "one\n\nMission-Id: m  \n\n",
    "one\n\nMission-Id:m\n",
    "one\n\nbody\n---\nMission-Id: m\n",
    "one\n\n---\n\nMission-Id: m\n",
    "one\n\nbody\n \nMission-Id: m\n",
    "one\ntwo\n\nMission-Id: m\r\n",
    "one\n\nMission-Id: m\nMission-Why: ä – ü\nMission-Id: n\n",
    "one\n\nMission-Id:\n",
    "one\n\n# comment\nMission-Id: m\n",
    "  one\n\nMission-Id: m\n",
]


@pytest.mark.parametrize("zone", ["+0000", "-0330"])
def test_a_commit_says_what_git_says_of_it(tmp_path: Path, zone: str) -> None:
    from mission_cli.adapters.git.repo.command import Git
    from mission_cli.adapters.git.repo.objects import Objects

    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    git, parsed = Git(tmp_path / ".git"), 0
    tree = git.text("mktree")
    for message in MESSAGES:
        raw = (
            f"tree {tree}\nauthor Ä B <a@example.org> 1700000000 {zone}\ncommitter C <c@example.org> 1700000001 {zone}"
        )
        data = f"{raw}\n\n{message}".encode()
        oid = git.text("hash-object", "-w", "-t", "commit", "--stdin", stdin=data)
        there = Objects(git, tmp_path).raw_commit(oid)
        found = event_of(oid, there) if there is not None else None
        parsed += found is not None
        if found is not None:
            assert [found] == read_history(git, oid, paths=(), since=None, limit=1), message
    assert parsed == 5, "the messages that this program writes are among them"


def test_a_commit_of_the_program_starts_git_only_to_move_the_branch(
    stores: tuple[GitStateStore, GitStateStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    pulse, server = stores
    commit(pulse, "m/mission.md", "a\n")
    began: list[str] = []
    real = subprocess.Popen.__init__

    def counted(self: object, argv: list[str], **more: object) -> None:
        began.append(next(word for word in argv[1:] if "-" not in word[:1] and "=" not in word))
        real(self, argv, **more)  # type: ignore[call-overload]  # as it was called

    with monkeypatch.context() as counting:
        counting.setattr(subprocess.Popen, "__init__", counted)
        snapshot = server.snapshot()
        writes = [Write("m/mission.md", "b\n", "a\n"), Write("m/runs/1.1-a1.md", "run\n"), Write("m/a", "a", None)]
        made = server.commit(writes, message=MESSAGE, expect=snapshot.head, author=PROGRAM)
    assert began == ["update-ref"]
    asked = ("status --porcelain", "fsck --strict --no-dangling", "log -1 --format=%H,%an,%ae,%cn,%B", "ls-files")
    said = [
        subprocess.run(
            ["git", *words.split()], cwd=server.layout.work_tree, check=True, capture_output=True, text=True
        ).stdout.strip()
        for words in asked
    ]
    who = f"{PROGRAM.name},{PROGRAM.email},{PROGRAM.name}"
    message = pulse.history(limit=1)[0]
    assert said[:2] == ["", ""], "nothing is edited, and nothing is wrong"
    assert said[2].startswith(f"{made},{who},{MESSAGE.rstrip()}\n")
    assert said[3].split() == ["m/a", "m/mission.md", "m/runs/1.1-a1.md"]
    assert (message.commit, message.events, message.missions) == (made, ("mission.started",), ("m",))

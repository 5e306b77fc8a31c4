"""`mission verify` without processes: every changed byte of the record is found, and an honest record fits."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot
from tests.kit.fakes.objects import Commit
from tests.kit.fakes.others import ADA
from tests.kit.fakes.state import HEAD, TREE
from tests.kit.nightly import NIGHTLY
from tests.sim.sim import Sim, head_of

from mission_cli.app.addressing import resolve
from mission_cli.app.verify.files import files_at
from mission_cli.app.verify.marks import unproven
from mission_cli.app.verify.verify import examine
from mission_cli.domain.status import MissionStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.kit.fakes.host import Host

    from mission_cli.domain.ids import Sha


LOOK = timedelta(minutes=7)
COMMENT = re.compile(r"<!-- (?:start )?(?:pass|fail)[^>]*-->")


class World(Sim):
    """One host without a remote, and a mission that has come to its end."""

    def __init__(self) -> None:
        super().__init__(3)
        while self.mission(self.host).status is not MissionStatus.COMPLETED:
            self.time.pass_by(LOOK)
            self.go_on()
        self.end_of_it = head_of(self.host)

    @property
    def host(self) -> Host:
        """The host."""
        return self.hosts[0]

    @property
    def files(self) -> Mapping[str, str]:
        """The committed files."""
        return self.objects.get(self.end_of_it).files

    def misfits(self, *, history: bool = False) -> list[str]:
        """What does not fit, as text."""
        ctx = self.host.context()
        found = examine(ctx, resolve(ctx.state.snapshot(), "m"), history=history)
        return [f"{one.where}: {one.what}" for one in found.misfits]

    @contextmanager
    def at(self, head: Sha, tree: Mapping[str, str] | None = None) -> Iterator[None]:
        """Let the branch be somewhere else for a while, with these files in the work tree; by default its own."""
        try:
            self._put(head, self.objects.get(head).files if tree is None else tree)
            yield
        finally:
            self._put(self.end_of_it, self.files)

    def _put(self, head: Sha, tree: Mapping[str, str]) -> None:
        disk = self.host.jobs.disk
        disk.write(HEAD, head)
        for path in disk.below(TREE):
            disk.remove(f"{TREE}/{path}")
        for path, text in tree.items():
            disk.write(f"{TREE}/{path}", text)

    def on_top(self, files: Mapping[str, str], message: str = "By hand\n") -> Sha:
        """A commit of a person."""
        return self.objects.add(Commit(files, (self.end_of_it,), message, ADA, self.time.now))

    def rewritten(self, path: str, at: int, place: int, bits: int) -> Sha:
        """The history with one byte of a file changed in the commit with this number, and in those that kept it."""
        line = list(self.objects.line(self.end_of_it))[::-1]
        was = self.objects.get(line[at]).files[path]
        new, parents = flipped(was, place, bits), self.objects.get(line[at]).parents
        for name in line[at:]:
            commit = self.objects.get(name)
            files = {**commit.files, path: new} if commit.files.get(path) == was else commit.files
            parents = (self.objects.add(replace(commit, files=files, parents=parents)),)
        return parents[0]


def flipped(text: str, place: int, bits: int) -> str:
    """The text with one byte changed."""
    data = bytearray(text.encode("utf-8", "surrogateescape"))
    data[place % len(data)] ^= bits
    return data.decode("utf-8", "surrogateescape")


@cache
def world() -> World:
    return World()


NUMBER, BITS = st.integers(0, 10**6), st.integers(1, 255)


def one_of(names: list[str], number: int) -> str:
    return sorted(names)[number % len(names)]


def test_an_honest_record_fits_at_every_commit() -> None:
    assert world().misfits(history=True) == []


@given(NUMBER, NUMBER, BITS)
@settings(max_examples=50 if NIGHTLY else 15)
def test_a_byte_that_changed_in_the_work_tree_is_found_with_its_line(which: int, place: int, bits: int) -> None:
    files = dict(world().files)
    path = one_of(list(files), which)
    files[path] = flipped(files[path], place, bits)
    with world().at(world().end_of_it, files):
        said = world().misfits()
    assert [one for one in said if one.startswith(f"{path}:") and "differs from what is committed" in one]


@given(NUMBER, NUMBER, BITS)
@settings(max_examples=50 if NIGHTLY else 15)
def test_a_byte_of_a_record_that_a_person_commits_is_found(which: int, place: int, bits: int) -> None:
    path = one_of([path for path in world().files if path != "m/mission.md"], which)
    head = world().on_top({**world().files, path: flipped(world().files[path], place, bits)})
    with world().at(head):
        said = world().misfits()
    assert f"commit {head[:7]} (By hand): {path} was changed by Ada" in said
    assert [one for one in said if one.startswith(f"{path}: ")]


@given(NUMBER, NUMBER, BITS)
@settings(max_examples=50 if NIGHTLY else 15)
def test_a_byte_of_a_result_that_a_person_commits_is_found(which: int, place: int, bits: int) -> None:
    text = world().files["m/mission.md"]
    comments = list(COMMENT.finditer(text))
    comment = comments[which % len(comments)]
    place = len(text[: comment.start()].encode()) + place % len(comment[0])
    head = world().on_top({**world().files, "m/mission.md": flipped(text, place, bits)})
    with world().at(head):
        said = world().misfits()
    assert [one for one in said if one.startswith(f"commit {head[:7]} (By hand): the result ")]


@given(NUMBER, NUMBER, NUMBER, BITS)
@settings(max_examples=40 if NIGHTLY else 15)
def test_a_byte_that_changed_in_an_older_commit_is_found(which: int, at: int, place: int, bits: int) -> None:
    line = list(world().objects.line(world().end_of_it))[::-1]
    at = 1 + at % (len(line) - 1)
    before, after = (world().objects.get(name).files for name in line[at - 1 : at + 1])
    path = one_of([path for path in after if after[path] != before.get(path)], which)
    with world().at(world().rewritten(path, at, place, bits)):
        said = world().misfits()
    assert [one for one in said if "does not fit its `Mission-Sum`: " in one and path in one]


def test_what_was_changed_is_said_in_words() -> None:
    text = world().files["m/mission.md"]
    told = {}
    for what, old, new in (
        ("a tick", "- [x] grep: `good` in `1.1.txt`", "- [ ] grep: `good` in `1.1.txt`"),
        ("a verdict", "<!-- pass 2026-11-20T10:49:07Z", "<!-- fail 2026-11-20T10:49:07Z"),
        ("a criterion", "- [x] grep: `good` in `1.1.txt`", "- [x] grep: `goo` in `1.1.txt`"),
        ("a passed milestone", "**Passed at:** ", "**Passed at:** 0"),
        ("a cost", "| 2026-11-20 | Money (USD) | $", "| 2026-11-20 | Money (USD) | $9"),
        ("a sum", "| Money (USD) | $12 | $", "| Money (USD) | $12 | $9"),
    ):
        assert old in text, what
        with world().at(world().on_top({**world().files, "m/mission.md": text.replace(old, new, 1)})):
            told[what] = [re.sub(r"[0-9a-f]{7,}", "…", one) for one in world().misfits()]
    assert told == snapshot(
        {
            "a tick": ["m/mission.md:96: 1.1: grep: `good` in `1.1.txt`: it is not ticked, and its result is passed"],
            "a verdict": [
                "commit … (By hand): the result <!-- pass 2026-11-20T10:49:07Z … --> was removed or changed by Ada",
                "commit … (By hand): the result <!-- fail 2026-11-20T10:49:07Z … --> was added by Ada",
                "m/mission.md:92: 1: file: `1.1.txt` `1.2.txt` `1.3.txt`: the file says failed, and the recorded verdict is passed",
                "m/mission.md:92: 1: file: `1.1.txt` `1.2.txt` `1.3.txt`: it is ticked, and its result is failed",
            ],
            "a criterion": [
                "m/mission.md:96: 1.1: grep: `goo` in `1.1.txt`: no recorded verdict is from 2026-11-20T10:21:03Z"
            ],
            "a passed milestone": [
                "commit … (By hand): `Passed at` of milestone 1 was changed from … to … by Ada",
                "m/mission.md:77: milestone 1 passed at …, and no validation is recorded there",
            ],
            "a cost": [
                "m/mission.md: a run record says Money (USD) $0.30: 1.1-a1 done, and the spend log does not",
                "m/mission.md: the spend log says Money (USD) $90.30: 1.1-a1 done, and no run record does",
            ],
            "a sum": ["m/mission.md: the summary says $91.80 for Money (USD); the log says $1.80"],
        }
    )


def test_a_commit_that_looks_like_one_of_the_program_has_its_sum() -> None:
    text = world().files["m/mission.md"].replace("- [x]", "- [ ]", 1)
    message = "1.1 is pending\n\nMission-Id: m\nMission-Event: criteria.judged\n"
    head = world().on_top({**world().files, "m/mission.md": text}, message)
    with world().at(head):
        said = world().misfits()
    assert f"commit {head[:7]} (1.1 is pending): it looks like a commit of `mission`, and has no `Mission-Sum`" in said


def contract_of(files: Mapping[str, str], message: str) -> tuple[list[tuple[str, str, bool]], list[str]]:
    """What is said of the contract of the first milestone after one more commit, and what does not fit."""
    with world().at(world().on_top(files, message)):
        ctx = world().host.context()
        found = examine(ctx, resolve(ctx.state.snapshot(), "m"), history=False)
    first = found.contracts[0]
    assert (first.hash == first.now) is not bool(first.changes)
    return [(c.by, c.what, c.allowed) for c in first.changes], [one.what for one in found.misfits]


def test_a_criterion_that_changed_after_the_start_is_named() -> None:
    path, old, new = "m/mission.md", "grep: `good` in `1.1.txt`", "grep: `goo` in `1.1.txt`"
    files = {**world().files, path: world().files[path].replace(old, new, 1)}
    changed = f"1.1: {old} was removed; 1.1: {new} was added"
    edited = "The plan changes\n\nMission-Id: m\nMission-Event: mission.edited\n"
    settled = "1.1-a1 is done\n\nMission-Id: m\nMission-Event: attempt.settled\n"
    breach = f"criteria of milestone 1 changed after its start: {changed}"
    for message, allowed in (("By hand\n", True), (edited, True), (settled, False)):
        said, misfits = contract_of(files, message)
        assert said == [("Ada", changed, allowed)]
        assert (breach in misfits) is not allowed
    assert contract_of({**world().files, "notes.md": ""}, "By hand\n")[0] == []


def test_a_mission_file_that_cannot_be_read_is_named_with_everything_else() -> None:
    text = world().files["m/mission.md"]
    head = world().on_top({**world().files, "m/mission.md": "---\nid: [\n---\n" + text, "m/runs/1.1-a1.md": "?"})
    with world().at(head):
        said = [one for one in world().misfits(history=True) if "spend log" not in one and "says" not in one]
    assert [one.replace(head[:7], "…") for one in said] == snapshot(
        [
            "m/runs/1.1-a1.md: this run record cannot be read",
            "commit … (By hand): m/runs/1.1-a1.md was changed by Ada",
            "m/mission.md:3: the front matter cannot be read: did not find expected node content",
        ]
    )


def test_what_an_older_version_judged_needs_no_recorded_verdict() -> None:
    ctx = world().host.context()
    address = resolve(ctx.state.snapshot(), "m")
    everything = files_at(ctx, address.stored, world().end_of_it)
    records = [record for record in everything.read_records() if record.milestone > 1]
    files = {path: f for path, f in everything.read_evidence().items() if f.subject == "milestone 2" and f.verdicts}
    path, text = address.stored.path, address.stored.text
    assert list(unproven(path, text, address.mission, records, files)) == []
    assert list(unproven(path, text, address.mission, [], {})) == []

"""The chain of commits: what attackers do to the history is found and named, by the program and by git alone."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import NIGHTLY
from tests.unit.test_verify import world

from mission_cli.adapters.git.state.branch_home import Layout
from mission_cli.adapters.git.state.history import with_sum
from mission_cli.adapters.git.state.store import GitStateStore
from mission_cli.app.addressing import resolve
from mission_cli.app.verify.chain import chain_of
from mission_cli.app.verify.past import past_of
from mission_cli.domain.evidence.chain import Link, Linked, before_of, followed, links_in, trailer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.kit.fakes.objects import Commit

    from mission_cli.domain.host import Person
    from mission_cli.domain.ids import Sha

BRANCH = "refs/heads/missions"
PAGE = Path(__file__).parents[2] / "docs/tamper-evidence.md"


def steps() -> list[Commit]:
    """The commits of a mission that has ended, oldest first."""
    objects = world().objects
    return [objects.get(name) for name in objects.line(world().end_of_it)][::-1]


def imported(folder: Path, commits: Sequence[Commit]) -> GitStateStore:
    """These commits, each on the one before, as the state of a real repository."""
    subprocess.run(["git", "init", "--quiet", "--bare", os.fspath(folder)], check=True)
    lines: list[bytes] = []
    for commit in commits:
        who = f"{commit.author.name} <{commit.author.email}> {int(commit.at.timestamp())} +0000"
        message = commit.message.encode()
        lines += [f"commit {BRANCH}\ncommitter {who}\ndata {len(message)}\n".encode(), message, b"\ndeleteall\n"]
        for path, text in commit.files.items():
            data = text.encode("utf-8", "surrogateescape")
            lines += [f"M 100644 inline {path}\ndata {len(data)}\n".encode(), data, b"\n"]
    subprocess.run(["git", "-C", folder, "fast-import", "--quiet"], input=b"".join(lines), check=True)
    return GitStateStore(Layout(folder, folder / "none", BRANCH, ("",), folder / "runtime"))


def by_program(store: GitStateStore) -> list[str]:
    """What the program says of the chain, with short names for commits."""
    ctx = replace(world().host.context(), state=store)
    address = resolve(store.snapshot(), "m")
    look, misfits = chain_of(ctx, address.stored, past_of(ctx, address.stored))
    assert look.links
    return [re.sub(r"\b[0-9a-f]{7}\b", "…", f"{one.where}: {one.what}") for one in misfits]


def by_git(folder: Path) -> list[str]:
    """The subjects of the commits that do not fit, by the script of the page."""
    [script] = re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    done = subprocess.run(
        ["sh", "-c", script, "chain.sh", BRANCH, "m"], cwd=folder, capture_output=True, text=True, check=False
    )
    found = [line.split(" ", 4)[4] for line in done.stdout.splitlines()]
    assert done.returncode == bool(found), done.stderr
    return found


def subject(commit: Commit) -> str:
    return commit.message.partition("\n")[0]


def with_event(commits: Sequence[Commit], event: str, number: int = 0) -> int:
    """The place of a commit with an event."""
    return [n for n, one in enumerate(commits) if f"Mission-Event: {event}" in one.message][number]


def summed(commit: Commit, before: Mapping[str, str]) -> Commit:
    """The commit with a sum that fits what it writes now."""
    texts = {path: (before.get(path), commit.files.get(path)) for path in {*before, *commit.files}}
    bare = re.sub(r"\nMission-Sum: .*", "", commit.message)
    links = re.findall(r"\nMission-Chain: .*", bare)
    bare = re.sub(r"\nMission-Chain: .*", "", bare)
    return replace(commit, message=with_sum(bare, texts).rstrip("\n") + "".join(links) + "\n")


def edited(commits: Sequence[Commit], *, rehashed: bool) -> list[Commit]:
    """The detail of the first settled record is another one in the commit that settled it, and in all later ones."""
    at, path = with_event(commits, "attempt.settled"), "m/runs/1.1-a1.md"
    was = commits[at].files[path]
    new = was.replace("cost_usd: '", "cost_usd: '9")
    if rehashed:
        from mission_cli.document.runs.record import read_run, write_run

        record = read_run(new)
        assert record is not None
        new = write_run(record)
    assert new != was
    found = [replace(c, files={**c.files, path: new}) if c.files.get(path) == was else c for c in commits]
    if rehashed:
        found[at] = summed(found[at], found[at - 1].files)
    return found


def test_an_honest_history_fits_for_the_program_and_for_git_alone(tmp_path: Path) -> None:
    assert by_program(imported(tmp_path / "a.git", steps())) == []
    assert by_git(tmp_path / "a.git") == []


@pytest.mark.parametrize("rehashed", [False, True])
def test_a_record_that_is_edited_where_it_was_written_is_found(tmp_path: Path, *, rehashed: bool) -> None:
    commits = steps()
    store = imported(tmp_path / "a.git", edited(commits, rehashed=rehashed))
    named = subject(commits[with_event(commits, "attempt.settled")])
    [words] = by_program(store)
    assert words.startswith(f"commit … ({named}): what it wrote does not fit its link of the chain: ")
    assert "m/runs/1.1-a1.md" in words
    if NIGHTLY:
        assert by_git(tmp_path / "a.git") == [named]


def test_a_commit_that_is_dropped_is_found_at_the_next_one(tmp_path: Path) -> None:
    commits = steps()
    at = with_event(commits, "attempt.settled", 1)
    store = imported(tmp_path / "a.git", [*commits[:at], *commits[at + 1 :]])
    said = by_program(store)
    words = "the commit before it was removed or replaced: it follows the link …, which is gone"
    assert f"commit … ({subject(commits[at + 1])}): the chain is broken: {words}" in said
    assert subject(commits[at + 1]) in by_git(tmp_path / "a.git")


def test_two_commits_that_changed_places_are_found(tmp_path: Path) -> None:
    commits = steps()
    at = with_event(commits, "attempt.settled", 1)
    store = imported(tmp_path / "a.git", [*commits[:at], commits[at + 1], commits[at], *commits[at + 2 :]])
    said = by_program(store)
    later = f"commit … ({subject(commits[at + 1])}): the chain is broken: it was moved: it follows commit …, which now comes later"
    assert later in said
    if NIGHTLY:
        assert {subject(commits[at]), subject(commits[at + 1])} <= {*by_git(tmp_path / "a.git")}


def test_an_approval_that_is_taken_away_is_named_even_if_the_commit_looks_like_one_of_the_program(
    tmp_path: Path,
) -> None:
    commits = steps()
    row = "| 2026-11-20T10:00:00Z | plan | approved | Ada | | |"
    head = "| Timestamp | Gate | Decision | By | Commit | Comment |\n|---|---|---|---|---|---|\n"
    text = commits[-1].files["m/mission.md"]
    with_row = f"{text}\n## Approvals\n\n{head}{row}\n"
    last = replace(commits[-1], files={**commits[-1].files, "m/mission.md": with_row}, message="By hand\n")
    gone = replace(last, files=commits[-1].files, message="x\n\nMission-Id: m\nMission-Event: features.changed\n")
    store = imported(tmp_path / "a.git", [*commits, last, gone])
    assert by_program(store) == [
        "commit … (x): it looks like a commit of `mission`, and has no link of the chain",
        "commit … (x): m/mission.md: the approval `plan: approved` of Ada at 2026-11-20T10:00:00Z was removed by mission",
    ]


def test_a_settled_record_that_a_later_commit_changes_is_named_whatever_it_says_of_itself(tmp_path: Path) -> None:
    commits, path = steps(), "m/runs/1.1-a1.md"
    for files, how in (({**commits[-1].files, path: "?"}, "changed"), ({**commits[-1].files}, "deleted")):
        if how == "deleted":
            del files[path]
        forged = replace(commits[-1], files=files, message="x\n\nMission-Id: m\nMission-Event: decision.kept\n")
        store = imported(tmp_path / f"{how}.git", [*commits, forged])
        assert f"commit … (x): {path}: the settled record of m/1.1-a1 was {how} by {forged.author.name}" in by_program(
            store
        )


def test_who_rewrites_everything_is_found_by_neither(tmp_path: Path) -> None:
    """Only signatures and witnesses tell: the page says so."""
    commits = edited(steps(), rehashed=True)
    found: list[Commit] = []
    link = "-"
    for commit in commits:
        bare = replace(commit, message=re.sub(r"\nMission-Chain: .*", "", commit.message))
        before = found[-1].files if found else {}
        if bare.message != commit.message:
            from mission_cli.ports.git.state import sum_of

            texts = {path: (before.get(path), bare.files.get(path)) for path in {*before, *bare.files}}
            line = trailer("m", link, sum_of(texts))
            bare = replace(bare, message=f"{bare.message.rstrip()}\n{line}\n")
            link = links_in([line.partition(": ")[2]])["m"].link
        found.append(bare)
    store = imported(tmp_path / "a.git", found)
    assert by_program(store) == []
    if NIGHTLY:
        assert by_git(tmp_path / "a.git") == []


def test_where_histories_meet_the_next_link_names_both() -> None:
    def line(name: str, before: str) -> dict[str, Link]:
        return links_in([trailer("m", before, name).partition(": ")[2]])

    first = line("1", "-")
    names: dict[str, Sha] = {name: name for name in "abcd"}  # type: ignore[misc]  # names of commits
    one = first["m"].link
    two, three = (line(n, one)["m"] for n in ("2", "3"))
    commits = [
        Linked(names["a"], (), first),
        Linked(names["b"], (names["a"],), {"m": two}),
        Linked(names["c"], (names["a"],), {"m": three}),
        Linked(names["d"], (names["b"], names["c"]), {}),
    ]
    known = followed(commits, {})
    assert before_of(known["d"]["m"]) == f"{two.link}+{three.link}"
    assert before_of(()) == "-"


def test_a_new_commit_goes_on_with_the_chain_whoever_moved_the_branch_meanwhile(tmp_path: Path) -> None:
    from mission_cli.ports.git.state import Write

    commits = steps()
    store = imported(tmp_path / "a.git", commits)

    def write(text: str, author: Person | None = None, message: str = "x\n\nMission-Id: m\n") -> None:
        head = store.head()
        assert head is not None
        old = store.file("m/notes.md", head)
        store.commit([Write("m/notes.md", text, old)], message=message, expect=head, author=author)

    write("one")
    write("two")
    write("by hand", message="By hand\n")
    fresh = GitStateStore(store.layout)
    store = fresh
    write("three")
    (store.layout.runtime / "chain.json").unlink()
    store = GitStateStore(store.layout)
    write("four")
    assert by_program(store) == []
    if NIGHTLY:
        assert by_git(tmp_path / "a.git") == []

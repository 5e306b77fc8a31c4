"""What a follower is made of: refs that are created once, names, the mirror of a log, requests and results."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from tests.kit.people import make_person

from mission_cli.adapters.executors.jobs.folder import JobFolder, Surroundings
from mission_cli.adapters.executors.jobs.log import read_part
from mission_cli.adapters.executors.remote.exchange.names import Names
from mission_cli.adapters.executors.remote.exchange.request import Terms, make_request, read_request
from mission_cli.adapters.executors.remote.exchange.result import make_result, read_result
from mission_cli.adapters.executors.remote.followed import Followed, Phase, take
from mission_cli.adapters.executors.remote.mirror import Mirror
from mission_cli.adapters.fs.atomic import read_json, write_json
from mission_cli.adapters.git.remote.far_refs import FarRefs, NoAnswerError
from mission_cli.adapters.git.repo.command import Git, plain_git
from mission_cli.adapters.secrets.screen import SecretRules
from mission_cli.domain.errors import ToolError
from mission_cli.domain.runs.jobs import Exit, Left
from mission_cli.domain.status import EndReason, JobKind
from mission_cli.ports.executor import JobSpec, Program, Tree

if TYPE_CHECKING:
    from pathlib import Path

KEY = "m/1.1-a1"
NOW = "2026-01-02T03:04:05Z"
AROUND = Surroundings(code="c", checkout="", trees="t", slots="s", slot_count=1, host="h", unboxed="u")
ONE, TWO = "refs/mission/claims/c/m/1.1-a1", "refs/mission/claims/c/m/1.1-a2"


def spec(commit: str = "0" * 40, place: str = "near") -> JobSpec:
    program = Program(argv=("true",), stdin="do it\udcff", env={"KEY": "env:KEY"})
    return JobSpec(key=KEY, kind=JobKind.WORKER, tree=Tree(commit=commit, branch="b"), program=program, place=place)


def followed(folder: Path) -> Followed:
    job = JobFolder(folder / "jobs" / KEY)
    if not job.spec.exists():
        job.write_request(spec(), AROUND)
    one = take(folder / "jobs", "c", KEY)
    assert one is not None
    return one


def test_a_request_without_a_place_is_read_as_before(tmp_path: Path) -> None:
    job = JobFolder(tmp_path)
    job.write_request(spec(), AROUND)
    raw = read_json(job.spec)
    assert raw["spec"].pop("place") == "near"
    write_json(job.spec, raw)
    request = job.read_request()
    assert request is not None
    assert (request[0].place, request[0].key) == ("", KEY)


def test_refs_there_are_created_once_and_moved_by_their_old_value(tmp_path: Path) -> None:
    plain_git(tmp_path, "init", "--quiet", "--bare", "there.git")
    plain_git(tmp_path, "init", "--quiet", "--bare", "here.git")
    git = Git(tmp_path / "here.git")
    far = FarRefs(git.git_dir, str(tmp_path / "there.git"))
    a, b = git.store(b"a"), git.store(b"b")
    assert far.create({ONE: a}) == {ONE: True}
    assert far.create({ONE: a}) == {ONE: True}
    assert far.create({ONE: b, TWO: b}) == {ONE: False, TWO: True}
    assert far.listed([ONE, "refs/mission/claims/c/m/*"]) == {ONE: a, TWO: b}
    assert far.replace({ONE: (b, b), TWO: ("", b)}) == {ONE: False, TWO: True}
    assert far.replace({ONE: (b, a)}) == {ONE: True}
    assert far.listed(["refs/*"]) == {ONE: b}
    plain_git(tmp_path / "there.git", "config", "receive.maxInputSize", "10")
    full = (
        r"the exchange refused a ref: \[remote rejected\] \(unpacker error\): fatal: pack exceeds maximum allowed size"
    )
    with pytest.raises(ToolError, match=full):
        far.create({f"{ONE}0": git.store(os.urandom(5000))})
    gone = FarRefs(git.git_dir, str(tmp_path / "gone.git"))
    for ask in (lambda: gone.listed([ONE]), lambda: gone.create({ONE: a}), lambda: gone.fetch({ONE: ONE})):
        with pytest.raises(NoAnswerError):
            ask()


def test_an_id_is_made_of_the_key_and_fits_every_host() -> None:
    long = Names("clone", "Ümläut_" + "x" * 100 + "/1.1-a1")
    assert Names("c", KEY).id() == "m-m-1-1-a1-" + Names("c", KEY).id()[-12:]
    assert Names("c", KEY).id(2) == f"{Names('c', KEY).id()}-2"
    assert Names("d", KEY).id() != Names("c", KEY).id()
    assert len(long.id(99)) <= 63


def test_the_log_of_a_job_is_kept_as_it_was_printed(tmp_path: Path) -> None:
    one = followed(tmp_path)
    mirror = Mirror(one, lambda: NOW, lambda text: text.replace("hunter22", "[secret]"))
    mirror.take(b'|first hunter22\n^{"began": true}\nslurmstepd: hello\n|sec', 50)
    mirror.take(b'ond\n^{"tally": {"steps": 3, "action": "read hunter22", "last_event": "2001"}}\n^not json\n', 120)
    assert read_part(one.job.log, 0) == ("first [secret]\nsecond\n", 22)
    assert read_json(one.job.started)["at"] == NOW
    assert read_json(one.job.tally) == {"steps": 3, "action": "read [secret]", "last_event": NOW}
    assert one.job.supervisor_log.read_text() == "slurmstepd: hello\n"
    assert (one.progress.stream, one.progress.log) == (120, 22)


def test_a_follower_that_died_while_it_wrote_continues_without_a_gap(tmp_path: Path) -> None:
    one = followed(tmp_path)
    Mirror(one, lambda: NOW, str).take(b"|first\n", 7)
    with one.job.log.open("ab") as log:
        log.write(b"second\n")
    one.release()
    again = followed(tmp_path)
    mirror = Mirror(again, lambda: NOW, str)
    assert mirror.offset == 7
    mirror.take(b"|second\n|third\n", 22)
    mirror.complete(b"second\nthird\nfourth\n")
    mirror.complete(b"second\nthird\nfourth\n")
    assert again.job.log.read_text() == "first\nsecond\nthird\nfourth\n"
    again.release()


def test_how_far_a_job_has_come_is_kept(tmp_path: Path) -> None:
    one = followed(tmp_path)
    one.advance(Phase.STARTED)
    assert take(tmp_path / "jobs", "c", KEY) is None
    one.release()
    assert followed(tmp_path).progress.phase is Phase.STARTED


def test_a_request_and_a_result_are_read_as_they_were_written(tmp_path: Path) -> None:
    person = make_person(tmp_path / "repo")
    git, head = Git(person.repo / ".git"), person.git("rev-parse", "HEAD")
    terms = Terms(sandbox="required", secret_exceptions=("a*",), git={"user.name": "Ada"}, base=head)
    made = make_request(git, spec(head), terms, SecretRules())
    assert make_request(git, spec(head), terms, SecretRules()) == made
    assert read_request(git, made) == (spec(head), terms)
    with pytest.raises(ToolError, match="contains the value of THE_KEY"):
        make_request(
            git, spec(head), terms, SecretRules({"do it\udcff": "THE_KEY", "env:KEYS": "x", "required": "THE_KEY"})
        )
    end = Exit(EndReason.EXIT, 0, seconds=1.5, left=Left(tip=head, secrets=("a",)), missing=("x",))
    found = read_result(git, make_result(git, KEY, end, log=b"said\n", parents=[head, head]))
    assert (found.exit, found.log) == (end, b"said\n")


@pytest.mark.parametrize(
    "facts",
    [
        {},
        [],
        {"reason": "won"},
        {"reason": "exit", "code": "0"},
        {"reason": "exit", "saved": 3},
        {"reason": "exit", "more": 1},
        {"reason": "exit", "report": {"steps": "many"}},
    ],
)
def test_a_result_that_is_none_is_refused(tmp_path: Path, facts: object) -> None:
    plain_git(tmp_path, "init", "--quiet", "--bare", "here.git")
    git = Git(tmp_path / "here.git")
    blob = git.store(json.dumps(facts).encode())
    tree = git.text("mktree", stdin=f"100644 blob {blob}\texit.json\n100644 blob {blob}\tlog\n".encode())
    with pytest.raises(ToolError):
        read_result(git, tree)

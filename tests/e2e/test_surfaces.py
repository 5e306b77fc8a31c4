"""What people and programs read: whole outputs."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from inline_snapshot import snapshot
from tests.kit.nightly import by_day
from tests.kit.people import HONEST

from mission_cli.app.results.machine import Installation
from mission_cli.surfaces.cli.shell import Shell, guarded

if TYPE_CHECKING:
    import pytest
    from tests.kit.people import Person

TWO = """\
title: Two features
goal: Have two files.
budget: {money_usd: 4}
preferences: {max_parallel_workers: 1}
milestones:
  - name: Files
    validation: ["file: `1.1.txt`", "file: `1.2.txt`"]
    features:
      - {title: The first, description: Write it., criteria: ["file: `1.1.txt`"]}
      - {title: The second, depends: ["1.1"], criteria: ["file: `1.2.txt`"]}
  - name: Later
    validation: ["manual: it is beautiful"]
    features: [{title: The third, depends: ["1.*"]}]
"""


ASKED = (
    *("lint", "list", "show two", "why two", "inbox", "report two", "budget report two", "access list"),
    *("status two", "version", "schema mission", "help status", "account list two", "hold-out two", "agents list two"),
    *("budget prices", "budget limits", "budget accuracy", "budget forecast two"),
    *("hosts list", "skills list", "playbooks list", "resource list two", "purchase list", "mail two", "pr"),
)
"""Commands that print what was asked for, and change nothing."""


def shown(person: Person, text: str) -> str:
    """A text without what differs from run to run."""
    return text.replace(os.fspath(person.repo.resolve()), "REPO").replace(os.fspath(person.repo), "REPO")


def test_new_prints_the_id_and_the_path(person: Person, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(TWO)
    answer = person.mission("new", "--plan", os.fspath(tmp_path / "plan.yaml"), "--id", "two", "--json")
    facts = json.loads(shown(person, answer.out))
    assert [warning["message"] for warning in facts.pop("warnings")] == ["feature 2.1 has no criterion"]
    assert facts == {"schema": 1, "id": "two", "path": "REPO/missions/two/mission.md"}
    assert answer.err == ""


def test_a_quiet_command_prints_what_was_asked_for_and_not_what_it_has_done(person: Person) -> None:
    person.plan(TWO, identity="two")
    for words in by_day(ASKED, 8):
        assert person.mission(*words.split(), "--quiet", ok=(0, 3)).out.strip(), words
    assert person.mission("set", "two", "priority", "high", "--quiet").out == ""
    assert person.mission("access", "add", "ada", "--quiet").out.strip(), "the token is printed once"


def test_list_of_missions(person: Person) -> None:
    person.plan(TWO, identity="two")
    person.plan(TWO.replace("title: Two features", 'title: "Too \\u001b[31mred"'), identity="too")
    assert person.mission("list").out == snapshot("""\
MISSION  STATUS    PROGRESS        SPENT  TITLE
too      planning  ░░░░░░░░░░ 0/3  $0     Too �[31mred
two      planning  ░░░░░░░░░░ 0/3  $0     Two features
""")
    assert person.mission("list", "--status", "active", "--json").facts == {
        "schema": 1,
        "stopped": None,
        "missions": [],
    }


def test_status_of_a_planned_mission(person: Person) -> None:
    person.plan(TWO, identity="two")
    assert shown(person, person.mission("status", "two").out) == snapshot("""\
Two features  two
░░░░░░░░░░░░░░░░░░░░ 0%  0 of 3 features  planning  full mode, base main

· 1 Files  pending  0/2
  1.1  The first   pending
  1.2  The second  pending

· 2 Later  pending  0/1
  2.1  The third   pending

money   ░░░░░░░░░░ $0 of $4

next: mission start two
""")


def test_status_as_json_keeps_its_promise(person: Person) -> None:
    person.worker(HONEST)
    person.plan(TWO)
    facts = person.mission("status", "m", "--json").facts
    promised = {
        "schema": 1,
        "id": "m",
        "title": "Two features",
        "status": "planning",
        "mode": "full",
        "shown_as": "planning",
        "progress": 0,
    }
    assert promised.items() <= facts.items()
    assert facts["milestones"][0]["criteria"][0] == {
        "text": "file: `1.1.txt`",
        "kind": "file",
        "verdict": "",
        "vacuous": False,
    }
    feature = facts["milestones"][0]["features"][1]
    assert {
        k: feature[k] for k in ("number", "title", "status", "raw_status", "depends", "attempts", "pr", "cause")
    } == {
        "number": "1.2",
        "title": "The second",
        "status": "pending",
        "raw_status": "pending",
        "depends": ["1.1"],
        "attempts": 0,
        "pr": "",
        "cause": "",
    }
    assert facts["budget"]["usd"] == {"cap": 4, "spent": 0, "reserved": 0, "unknown_runs": 0}
    assert facts["waiting_for"] == []
    assert facts["problems"] == []


def test_show_says_the_meaning_of_the_file(person: Person) -> None:
    person.plan(TWO, identity="two")
    assert shown(person, person.mission("show", "two").out) == snapshot("""\
Two features  (two, planning)
Have two files.

Milestone 1: Files  (pending)
  [ ] file: `1.1.txt`
  [ ] file: `1.2.txt`
  1.1 The first  (pending)
      Write it.
      [ ] file: `1.1.txt`
  1.2 The second  (pending, after 1.1)
      [ ] file: `1.2.txt`

Milestone 2: Later  (pending)
  [ ] manual: it is beautiful
  2.1 The third  (pending, after 1.1, 1.2)

REPO/missions/two/mission.md
""")


def test_consent_says_what_will_happen_before_it_happens(person: Person) -> None:
    person.worker(HONEST)
    person.plan(TWO)
    out = shown(person, person.mission("start", "m", "--headless").out)
    consent = "\n".join(line for line in out.splitlines()[:10])
    command = json.loads(person.tables[0].split("command = ")[1].splitlines()[0])
    assert consent.replace(" ".join(command), "COMMAND") == snapshot("""\
  mission  Two features (m): 2 milestones, 3 features
     runs  COMMAND, 1 at a time, each for at most $2.67 and 1 min (twice its share by estimate)
  sandbox  off (sandbox = "off"): workers can do what you can do on this machine
       in  separate clones below your state folder; your checkout is not touched
 branches  mission/m/work and one per attempt; main moves only when you run `mission land`
   pushes  nothing (mission init --remote NAME shares missions)
    costs  at most $4
    until  it is done, or the budget is at its threshold of 80%
   judged  by running the criteria on the merged work; a worker's own report does not count
     stop  mission pause m, or everything at once: mission stop --all\
""")


def test_dry_run_prints_decisions_and_changes_nothing(person: Person) -> None:
    person.worker(HONEST)
    person.plan(TWO)
    text = person.file().read_text()
    person.file().write_text(text.replace("status: planning", "status: active"))
    person.git("commit", "--quiet", "-am", "Go", cwd=person.repo / "missions")
    head, refs = person.state_head(), person.git("for-each-ref")
    out = person.mission("pulse", "--dry-run").out
    assert [line for line in out.splitlines() if "would" in line] == [
        "m: would RecordValues: the values in force are recorded",
        f"m: would MakeWork: create mission/m/work at {person.git('rev-parse', '--short', 'HEAD')}",
    ]
    assert (person.state_head(), person.git("for-each-ref")) == (head, refs)
    assert not (person.runtime / "jobs").exists()


def test_why_walks_the_order_of_release(person: Person) -> None:
    os.mkfifo(person.repo.parent / "arrived")
    person.worker('(OUTSIDE / "arrived").write_text("here")\ntime.sleep(600)\n')
    person.plan(TWO)
    assert person.mission("why", "m").out == snapshot("""\
m: the mission has not been started; 3 features wait for it
  → mission start m
""")
    person.start()
    assert (person.repo.parent / "arrived").read_text() == "here"
    assert person.mission("why", "m").out == snapshot("""\
m/1.1: attempt 1 is running; 2 features wait for it
  → mission logs m/1.1
""")
    person.mission("pause", "m", "--now")


def test_bare_mission_says_what_happened_since_the_last_look(person: Person) -> None:
    person.worker(HONEST)
    person.plan(TWO)
    first = person.mission().out
    assert "m is planned: Two features (by Ada)" in first
    assert "m is planned: Two features (by Ada)" not in person.mission().out
    person.start()
    person.run(ok=(3,))
    out = person.mission().out
    assert "1.1-a1 is done" in out
    assert out.splitlines()[-2:] == ["m: manual: it is beautiful", "  → mission answer m 1 ANSWER (pass or fail)"]


def test_logs_show_what_a_worker_printed_and_no_terminal_obeys_it(person: Person) -> None:
    person.worker('print("working \\x1b]0;owned\\x07 hard")\n', HONEST)
    person.plan(TWO)
    person.start()
    person.run(ok=(3,))
    whole = snapshot("""\
m/1.1-a1  script, sonnet
working  hard

done  $0
""")
    assert person.mission("logs", "m/1.1").out == whole
    assert person.mission("logs", "m/1.1", "--follow").out == whole
    raw = "working \N{REPLACEMENT CHARACTER}]0;owned\N{REPLACEMENT CHARACTER} hard\n"
    assert person.mission("logs", "m/1.1", "--raw").out == raw
    assert person.mission("logs", "m/1.1", "--raw", "--follow").out == raw
    assert [e["text"] for e in person.mission("logs", "m/1.1", "--json").facts["entries"]] == ["working  hard"]
    assert person.mission("logs", "m/1.1", "--attempt", "9", ok=(1,)).err == snapshot("""\
error: m/1.1 has no attempt 9
 hint: there are: 1
""")
    person.plan(TWO, identity="fresh")
    assert person.mission("logs", "fresh/1.1", ok=(1,)).err == snapshot("""\
error: fresh/1.1 has no attempt yet
 hint: mission why fresh/1.1
""")


def test_addresses(person: Person) -> None:
    person.plan(TWO, identity="alpha-one")
    assert person.mission("show", "alpha", "--json").facts["mission"]["id"] == "alpha-one"
    assert person.mission("show", "--json").facts["mission"]["id"] == "alpha-one"
    assert person.mission("why", "1.2").code == 0
    person.plan(TWO, identity="alpha-two")
    assert (
        person.mission("show", "alpha", ok=(2,)).err
        == "error: `alpha` is ambiguous: it can mean alpha-one, alpha-two\n"
    )
    assert (
        person.mission("show", ok=(2,)).err
        == "error: name a mission: there is more than one\n hint: the missions here: alpha-one, alpha-two\n"
    )
    assert person.mission("show", "beta", ok=(1,)).err == (
        "error: there is no mission `beta`\n hint: the missions here: alpha-one, alpha-two\n"
    )
    assert person.mission("show", "Alhpa-two", ok=(1,)).err == (
        "error: there is no mission `Alhpa-two`\n hint: did you mean `alpha-two`?\n"
    )
    for command in ("retry", "logs"):
        assert person.mission(command, "alpha-one/9.9", ok=(1,)).err == (
            "error: alpha-one has no feature 9.9\n hint: its features: 1.1, 1.2, 2.1\n"
        )
    assert person.mission("logs", "alpha-one/1.1-a2", ok=(2,)).err == (
        "error: `1.1-a2` is an attempt, not a feature\n hint: to see it: mission logs alpha-one/1.1 --attempt 2\n"
    )
    assert person.mission("retry", "alpha-one/x", ok=(2,)).err == (
        "error: `x` is neither a milestone nor a feature\n hint: write alpha-one/1 or alpha-one/1.2\n"
    )


def test_exit_codes_and_errors_as_json(person: Person) -> None:
    answer = person.mission("status", "--json", ok=(1,))
    assert answer.facts["error"]["code"] == 1
    assert answer.facts["error"]["hint"] == "make the first one: mission new 'YOUR GOAL', or mission new --plan FILE"
    assert person.mission("new", ok=(2,)).err.startswith("error: a goal or a plan file is needed\n hint: ")
    assert person.mission("no-such-command", ok=(2,)).code == 2
    person.plan(TWO)
    assert person.mission("skip", "m/1.1", ok=(2,)).err == (
        "error: a reason is needed\n hint: --reason TEXT; it is recorded in the Decision Log\n"
    )


def test_an_output_that_cannot_be_written_is_an_error_with_a_hint_as_json_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(as_json=True)
    full = Path("/dev/full").open("w")  # noqa: SIM115 - closing it fails, too
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", full)
        assert guarded(shell, lambda: shell.facts(Installation("1"))) == 1
    with suppress(OSError):
        full.close()
    assert capsys.readouterr().err.startswith("error: No space left on device\n hint: ")


def test_version(person: Person) -> None:
    assert person.mission("--version").out == "mission 0.1.0\n"


def test_init_sets_a_repository_up_and_leaves_what_is_there(person: Person) -> None:
    out = shown(person, person.mission("init").out)
    assert out == snapshot("""\
repository: branch main
agent: none found; install one: npm install --global opencode-ai or npm install --global @anthropic-ai/claude-code or npm install --global @openai/codex or npm install --global @google/gemini-cli or npm install --global @qwen-code/qwen-code
mission files: REPO/missions
merge driver: registered in REPO/.git/mission-state.git
settings: the defaults fit, so no file was written
next: mission new "GOAL"
""")
    settings = person.repo / ".mission.toml"
    assert not settings.exists()
    settings.write_text("max_parallel_workers = 3\n")
    assert "unchanged" in person.mission("init").out
    assert settings.read_text() == "max_parallel_workers = 3\n"
    assert "/missions" in (person.repo / ".git/info/exclude").read_text().splitlines()


def test_a_wrong_setting_is_named_with_its_line(person: Person) -> None:
    person.plan(TWO)
    person.write(".mission.toml", "\nmax_paralel_workers = 3\n")
    assert shown(person, person.mission("pulse", ok=(1,)).err) == (
        "error: REPO/.mission.toml:2:1: unknown setting `max_paralel_workers`\n"
        " hint: did you mean `max_parallel_workers`?\n"
    )
    assert shown(person, person.mission("list").err) == (
        "warning: REPO/.mission.toml:2:1: unknown setting `max_paralel_workers` (did you mean `max_parallel_workers`?)\n"
    )


def test_a_homeless_mission_is_kept_in_the_data_folder_and_listed(person: Person, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(TWO)
    answer = person.mission(
        "new", "--plan", os.fspath(tmp_path / "plan.yaml"), "--id", "wanderer", "--homeless", "--json"
    )
    home = os.environ["HOME"]
    assert answer.facts["path"] == f"{home}/.local/share/mission/missions/wanderer/mission.md"
    person.plan(TWO, identity="here")
    listed = person.mission("list", "--all", "--json").facts["missions"]
    assert sorted((m["id"], bool(m["repo"])) for m in listed) == [("here", True), ("wanderer", False)]


def test_a_pulse_with_nothing_to_do_starts_no_git_and_prints_nothing(person: Person) -> None:
    person.worker(HONEST)
    person.plan(TWO)
    person.start()
    person.run(ok=(3,))
    person.process("pulse", "--quiet")
    head = person.state_head()
    for words in (("pulse",), ("pulse", "--quiet", "--repo", os.fspath(person.repo))):
        answer = person.process(*words, env={"PATH": "/nonexistent"})
        assert (answer.code, answer.out, answer.err) == (0, "", "")
    assert person.state_head() == head
    assert person.mission("pulse").out == ""
    assert person.state_head() == head

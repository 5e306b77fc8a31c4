"""`mission doctor` asks the real agents, the real remote and the real clock."""

from __future__ import annotations

import functools
import os
import sys
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.agents import needs, needs_bubblewrap, use_claude, use_opencode
from tests.kit.model_server import ModelServer, Turn
from tests.kit.nightly import by_day, only_at_night
from tests.kit.people import HONEST
from tests.kit.rooms import open_room

from mission_cli.wiring import compose

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.people import Person

PLAN = """\
title: One file
budget: {money_usd: 4}
milestones:
  - name: Files
    validation: ["file: `1.1.txt`"]
    features: [{title: one, criteria: ["file: `1.1.txt`"]}]
"""


def findings(person: Person, *flags: str, only: str) -> list[str]:
    """What doctor found of the subjects that begin with a word."""
    with open_room(person.repo) as room:
        facts = room.mission("doctor", "--json", *flags).facts
    texts = [f"{f['level']}: {f['words']} → {f['todo']}" for f in facts["findings"] if f["subject"].startswith(only)]
    return [*texts, facts["cost"]]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("use", by_day([use_claude, use_opencode], 1))
def test_the_agent_in_use_is_asked_for_one_word_and_its_cost_is_said(person: Person, use: type) -> None:
    with ModelServer(lambda _, __: Turn("OK", input=1000, output=2)).running() as server:
        use(person, server)
        person.set('sandbox = "auto"')
        person.plan(PLAN)
        head = person.state_head()
        found = findings(person, only="model")
        asked = [p for p in server.prompts if "one word OK" in p]
        assert findings(person, "--offline", only="model") == [""]
    assert asked
    model = "fake/model" if use is use_opencode else "claude-sonnet-5"
    assert len(found) == 2
    assert found[0].startswith(f"ok: {model} answered; under $0.01")
    assert found[1].startswith("this check cost under $0.01")
    assert person.state_head() == head
    assert not list((person.runtime / "jobs").rglob("spec.json"))


@pytest.mark.timeout(180)
def test_a_key_that_the_provider_refuses(person: Person) -> None:
    with ModelServer(lambda _, __: Turn(status=401, error="invalid x-api-key")).running() as server:
        use_claude(person, server)
        person.plan(PLAN)
        found = findings(person, only="model")
    assert found[0].startswith("wrong: ")
    assert found[0].endswith(f"→ claude auth login, or put its key into {os.environ['HOME']}/.config/mission/env")


def test_a_program_of_ones_own_is_not_started_to_see_whether_it_works(person: Person) -> None:
    person.worker(HONEST)
    person.plan(PLAN)
    assert findings(person, only="model") == [""]
    assert person.starts() == []


def test_a_claim_is_pushed_to_the_remote_and_taken_away_again(person: Person, tmp_path: Path) -> None:
    bare = tmp_path / "remote.git"
    person.git("init", "--quiet", "--bare", os.fspath(bare))
    person.git("remote", "add", "origin", os.fspath(bare))
    person.set('remote = "origin"')
    person.mission("init")
    log = bare / "pushed"
    hook = bare / "hooks/update"
    hook.write_text(f'#!/bin/sh\necho "$1" >> "{log}"\n')
    hook.chmod(0o755)
    assert findings(person, only="remote") == snapshot(
        ["ok: a test claim was pushed to `origin` and removed again → ", ""]
    )
    pushed = log.read_text().splitlines()
    assert len(pushed) == 2
    assert set(pushed) == {pushed[0]}
    assert pushed[0].startswith("refs/mission/claims/doctor-")
    assert person.git("for-each-ref", cwd=bare) == ""
    assert findings(person, "--offline", only="remote") == [""]
    hook.write_text("#!/bin/sh\necho no such thing here >&2; exit 1\n")
    found = findings(person, only="remote")
    assert found[0].startswith("wrong: git push: remote: no such thing here")
    assert found[0].endswith(
        "→ check that you may push refs/mission/… to `origin` without a prompt; cron has no ssh agent"
    )


def test_a_clock_that_is_behind_the_state(person: Person) -> None:
    person.mission("init")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_COMMITTER_DATE", "2099-01-01T00:00:00Z")
        person.git("commit", "--quiet", "--allow-empty", "-m", "From the future", cwd=person.repo / "missions")
    found = findings(person, "--offline", only="clock")
    assert len(found) == 3
    assert found[1].startswith("wrong: the clock is ")
    assert found[1].endswith("behind the newest commit of the state → set it: timedatectl set-ntp true")


def test_outside_of_any_repository(tmp_path: Path) -> None:
    with open_room(tmp_path) as room:
        answer = room.mission("doctor", "--json")
    subjects = [f["subject"] for f in answer.facts["findings"]]
    assert subjects == ["git", "identity", "clock", "keys", "schedule", "agents"]
    assert answer.code == 0
    with open_room(tmp_path) as room:
        (tmp_path / "home/.gitconfig").parent.mkdir()
        answer = room.mission("doctor", env={"HOME": os.fspath(tmp_path / "home")})
    assert answer.code == 0
    assert "git does not know your name and address" in answer.out


def test_wrong_settings_are_named_once_and_the_configuration_that_git_is_told_to_use_counts(person: Person) -> None:
    mine = person.repo.parent / "mine"
    mine.write_text("[user]\n\tname = Grace\n\temail = grace@example.org\n")
    (person.repo / ".mission.toml").write_text("[payments]\n")
    with open_room(person.repo) as room:
        answer = room.mission("doctor", "--json", env={"GIT_CONFIG_GLOBAL": os.fspath(mine)})
    found = {f["subject"]: f["words"].replace(os.fspath(person.repo), "~") for f in answer.facts["findings"]}
    assert len(found) == len(answer.facts["findings"])
    assert (found["identity"], found["repository"]) == snapshot(
        ("Grace <grace@example.org>", "~/.mission.toml:1:1: `payments` cannot be set by a repository")
    )


def of_runners(person: Person, *, code: int = 0, path: str = "", **env: str) -> str:
    """What doctor says of runners, agents and criteria, with agents in a folder before all others on PATH."""
    with open_room(person.repo) as room:
        home = os.environ["HOME"]
        around = {"PATH": f"{path}:{os.environ['PATH']}" if path else os.environ["PATH"], **env}
        answer = room.mission("doctor", "--offline", env=around)
    assert answer.code == code, answer.out
    assert not [*compose.trees_of(compose.open_repository(person.repo, ticking=False)).glob("doctor/*")]
    subjects = ("runner", "criterion", "agent")
    lines = answer.out.splitlines()
    told = [n for n, line in enumerate(lines) if line[9:].startswith(subjects)]
    kept = [line for n, line in enumerate(lines) if n in told or (line.lstrip().startswith("→") and n - 1 in told)]
    kept = [" ".join(line.split()) for line in kept]
    names = {path or "//": "BIN", home: "~", sys.executable: "PYTHON"}
    return functools.reduce(lambda text, name: text.replace(name, names[name]), names, "\n".join(kept))


def bin_of(tmp_path: Path, *names: str) -> str:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(needs(name))
    return os.fspath(folder)


def test_without_an_agent_doctor_is_not_content(person: Person) -> None:
    person.mission("init")
    assert of_runners(person, code=1) == snapshot("""\
wrong runner no coding agent is installed
→ npm install --global opencode-ai; then mission doctor\
""")


def test_an_agent_that_is_not_logged_in_is_wrong_with_its_command(person: Person, tmp_path: Path) -> None:
    path = bin_of(tmp_path, "claude")
    person.mission("init")
    assert of_runners(person, path=path, code=1) == snapshot("""\
wrong runner claude BIN/claude, 2.1.329 (Claude Code): not logged in
→ claude auth login\
""")
    assert of_runners(person, path=path, ANTHROPIC_API_KEY="x") == snapshot(
        "ok runner claude BIN/claude, 2.1.329 (Claude Code), logged in: ANTHROPIC_API_KEY"
    )


def test_an_agent_that_nothing_is_known_to_contain_is_refused_and_asked_for_its_version_once(
    person: Person, tmp_path: Path
) -> None:
    folder = tmp_path / "agents"
    folder.mkdir()
    program = folder / "opencode"
    program.write_text(f"#!/bin/sh\necho asked >> {tmp_path}/asked\necho 2.0.1\n")
    program.chmod(0o755)
    path = os.fspath(folder)
    person.tables = ['[runners.other]\nkind = "acp"\ncommand = ["sh"]\n']
    person.set('sandbox = "off"')
    person.mission("init")
    assert of_runners(person, path=path, code=1, ANTHROPIC_API_KEY="x") == snapshot("""\
warning runner opencode opencode 2.0.1 is not known to run its tools in the sandbox: a server outside of it may do that (not used here)
→ install version 1.x
wrong runner other ACP runs in the sandbox only, and there is none here
→ install bubblewrap, and set sandbox = "auto" in .mission.toml\
""")
    asked = (tmp_path / "asked").read_text()
    assert of_runners(person, path=path, code=1, ANTHROPIC_API_KEY="x")
    assert (tmp_path / "asked").read_text() == asked


def test_what_nothing_here_uses_is_only_a_warning(person: Person, tmp_path: Path) -> None:
    person.worker(HONEST)
    person.plan(PLAN)
    assert of_runners(person, path=bin_of(tmp_path, "claude")) == snapshot("""\
warning runner claude BIN/claude, 2.1.329 (Claude Code): not logged in (not used here)
→ claude auth login
ok runner script PYTHON\
""")


@only_at_night
def test_a_model_that_the_agent_does_not_have_is_named(person: Person, tmp_path: Path) -> None:
    path = bin_of(tmp_path, "opencode", "codex")
    person.tables = [
        '[runners.opencode]\nmodels = {opus = "anthropic/claude-opus-99", sonnet = "anthropic/claude-sonnet-5"}\n',
        '[runners.codex]\nmodels = {opus = "gpt-none"}\nenv = {CODEX_API_KEY = "x"}\n',
    ]
    person.save_settings()
    person.mission("init")
    assert of_runners(person, path=path, code=1, ANTHROPIC_API_KEY="x") == snapshot("""\
ok runner codex BIN/codex, codex-cli 0.169.0, logged in: CODEX_API_KEY
wrong runner codex Codex has no model `gpt-none`
→ choose one of: codex debug models
ok runner opencode BIN/opencode, 1.18.33, logged in: ANTHROPIC_API_KEY
wrong runner opencode opencode has no model `anthropic/claude-opus-99`
→ did you mean `anthropic/claude-opus-5`?\
""")


def test_a_criterion_that_cannot_run_here_is_named(person: Person) -> None:
    person.worker(HONEST)
    lines = [
        "no-such-program --check",
        "python3 -m tox -q",
        "python3 -m ours",
        "cd src && test -f a",
        "./made-by-the-work",
        "no-such-program || true",
    ]
    criteria = ", ".join(f'"run: `{line}`"' for line in lines)
    person.plan(PLAN.replace('"file: `1.1.txt`"]', f"{criteria}]", 1))
    assert of_runners(person, code=1) == snapshot("""\
ok runner script PYTHON
wrong criterion `run: `no-such-program --check`` of m cannot run here: `no-such-program` does not exist
→ mission edit m
wrong criterion `run: `python3 -m tox -q`` of m cannot run here: `python3 -m tox` does not exist
→ mission edit m\
""")
    needs_bubblewrap()
    person.set('sandbox = "required"')
    boxed = of_runners(person, code=1)
    assert boxed.count("wrong criterion") == 2
    assert not list((person.runtime / "jobs").rglob("spec.json"))
    person.tables.append('[tree]\nsetup = "true"\n')
    person.save_settings()
    assert of_runners(person) == boxed.replace("wrong", "warning").replace(
        "does not exist\n→ mission edit m", "does not exist, unless `setup` of `[tree]` installs it"
    )

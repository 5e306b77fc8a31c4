"""`/mission` and `/full-loop` as commands of the person's agents."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from inline_snapshot import snapshot
from tests.kit.agents import needs, needs_bubblewrap, use_claude, use_opencode, writes_and_commits
from tests.kit.model_server import ModelServer, Turn
from tests.kit.nightly import by_day, only_at_night

from mission_cli.adapters import slash_commands
from mission_cli.adapters.agents import FILES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.people import Answer, Person


TEMPLATES = Path(__file__).parents[2] / "templates"


def home() -> Path:
    return Path(os.environ["HOME"])


def said(answer: Answer, person: Person) -> str:
    return answer.out.replace(os.fspath(home()), "~").replace(os.fspath(person.repo), "<repo>")


def test_they_are_written_once_for_each_agent_and_removed_again(person: Person) -> None:
    first = person.mission("commands", "install")
    assert said(first, person) == snapshot("""\
~/.config/opencode/commands/mission.md: written
~/.config/opencode/commands/full-loop.md: written
~/.config/opencode/opencode.json: written
~/.claude/commands/mission.md: written
~/.claude/commands/full-loop.md: written
~/.claude.json: written
~/.codex/config.toml: written
~/.gemini/settings.json: written
~/.qwen/commands/mission.md: written
~/.qwen/commands/full-loop.md: written
~/.qwen/settings.json: written
""")
    text = (home() / ".config/opencode/commands/full-loop.md").read_text(encoding="utf-8")
    assert text == (home() / ".claude/commands/full-loop.md").read_text(encoding="utf-8")
    assert text.endswith("$ARGUMENTS\n")
    again = person.mission("commands", "install", "--agent", "claude", "--json")
    assert [c["result"] for c in again.facts["commands"]] == ["up to date"] * 3
    removed = person.mission("commands", "remove")
    assert [line.rpartition(": ")[2] for line in removed.out.splitlines()] == ["removed"] * 11
    assert not list(home().rglob("*.md"))


def test_what_a_person_changed_is_left_alone_unless_they_insist(person: Person) -> None:
    person.mission("commands", "install", "--agent", "opencode")
    place = home() / ".config/opencode/commands/mission.md"
    place.write_text(place.read_text(encoding="utf-8") + "And be brief.\n", encoding="utf-8")
    for words in ("install", "remove"):
        refused = person.mission("commands", words, "--agent", "opencode", ok=(3,))
        assert f"{place}: left alone: it was changed since it was installed (--force)" in refused.out
    assert place.read_text(encoding="utf-8").endswith("And be brief.\n")
    person.mission("commands", "install", "--agent", "opencode", "--force")
    assert "And be brief." not in place.read_text(encoding="utf-8")


def test_an_older_version_of_ours_is_updated_also_behind_a_link(person: Person) -> None:
    person.mission("commands", "install", "--project", "--agent", "claude")
    place = person.repo / ".claude/commands/mission.md"
    ours = place.read_text(encoding="utf-8")
    older = "---\ndescription: older\n---\nOlder.\n"
    real = person.write("dotfiles/mission.md", slash_commands.marked(older))
    place.unlink()
    place.symlink_to(real)
    answer = person.mission("commands", "install", "--project", "--agent", "claude")
    assert said(answer, person) == snapshot("""\
<repo>/.claude/commands/mission.md: updated
<repo>/.claude/commands/full-loop.md: up to date
<repo>/.mcp.json: up to date
""")
    assert place.is_symlink()
    assert real.read_text(encoding="utf-8") == ours


def test_a_file_that_was_there_before_is_a_persons(person: Person) -> None:
    place = home() / ".claude/commands/mission.md"
    place.parent.mkdir(parents=True)
    place.write_text("mine\n")
    assert person.mission("commands", "install", ok=(3,)).out.count(": written") == 10
    assert place.read_text() == "mine\n"


def test_the_tools_are_named_in_the_settings_of_each_agent_and_everything_else_stays(person: Person) -> None:
    texts = {
        ".config/opencode/opencode.jsonc": '{\n  // mine\n  "model": "a/b",\n}\n',
        ".claude.json": '{\n  "numStartups": 3,\n  "mcpServers": {\n    "docs": {"command": "docs"}\n  }\n}\n',
        ".codex/config.toml": 'model = "x"\n\n[mcp_servers.docs]\ncommand = "docs"\n',
    }
    for name, text in texts.items():
        (home() / name).parent.mkdir(parents=True, exist_ok=True)
        (home() / name).write_text(text)
        (home() / name).chmod(0o600)
    person.mission("commands", "install")
    command = [sys.executable, "-P", "-m", "mission_cli", "mcp"]
    tools = FILES["opencode"].tools
    assert tools is not None
    assert tools.entry((home() / ".config/opencode/opencode.jsonc").read_text()) == {
        "type": "local",
        "command": command,
        "enabled": True,
    }
    assert json.loads((home() / ".claude.json").read_text())["mcpServers"] == {
        "docs": {"command": "docs"},
        "mission": {"type": "stdio", "command": command[0], "args": command[1:]},
    }
    assert tomllib.loads((home() / ".codex/config.toml").read_text())["mcp_servers"] == {
        "docs": {"command": "docs"},
        "mission": {"command": command[0], "args": command[1:]},
    }
    assert {(home() / name).stat().st_mode & 0o777 for name in texts} == {0o600}
    older = (home() / ".claude.json").read_text().replace(sys.executable, "/gone/python")
    (home() / ".claude.json").write_text(older)
    assert "/.claude.json: updated" in person.mission("commands", "install").out
    (home() / ".claude.json").write_text(older.replace('"stdio"', '"stdio", "env": {"A": "b"}'))
    assert "/.claude.json: left alone" in person.mission("commands", "remove", ok=(3,)).out
    person.mission("commands", "remove", "--force")
    assert {name: (home() / name).read_text() for name in texts} == texts


def test_settings_that_cannot_be_read_are_named_and_nothing_is_written(person: Person) -> None:
    (home() / ".codex").mkdir()
    (home() / ".codex/config.toml").write_text("model = \n")
    assert said(person.mission("commands", "install", ok=(1,)), person) == ""
    assert not list(home().rglob("*.md"))


def test_without_the_package_the_tools_are_left_out(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slash_commands, "find_spec", lambda _: None)
    assert said(person.mission("commands", "install", "--agent", "codex"), person) == snapshot(
        "~/.codex/config.toml: left out: the Python package mcp is not installed (extra mcp)\n"
    )
    assert not (home() / ".codex").exists()


def test_the_commands_that_slash_mission_names_lead_from_a_goal_through_the_interview_to_a_mission(
    person: Person,
) -> None:
    text = (TEMPLATES / "commands/mission.md").read_text(encoding="utf-8")
    (ask,) = re.findall(r"^ +mission (new --questions .*)$", text, re.MULTILINE)
    (make,) = re.findall(r"run `mission (new --plan .*?)`", text)
    (plan,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    file = person.write("answers.yaml", 'goal: "Count words"\n')
    person.write("plan.yaml", textwrap.dedent(plan))
    for _ in range(8):
        found = person.mission(*ask.replace("FILE", "answers.yaml").split()).facts
        if not found["next"]:
            break
        question = next(one for one in found["questions"] if one["id"] == found["next"])
        answer = question["recommended"] if question["id"] != "must" else ""
        file.write_text(file.read_text() + yaml.safe_dump({question["id"]: answer}))
    assert found["next"] == ""
    made = person.mission(*make.replace("PLAN", "plan.yaml").replace("FILE", "answers.yaml").split()).facts
    mission = person.loaded(made["id"]).mission
    assert [one["message"] for one in made["warnings"]] == ["feature 1.2 has no criterion"], "none about its caps"
    assert (mission.goal, str(mission.limits.usd)) == ("Count words", "20")
    assert [line.partition(":")[0] for line in mission.constraints] == [
        "Only well-kept dependencies",
        "Most likely reason to fail",
    ]


ANSWERS = """\
import json, yaml
found = json.load(open("asked.json"))
one = next(one for one in found["questions"] if one["id"] == found["next"])
open("answers.yaml", "a").write(yaml.safe_dump({one["id"]: one["recommended"]}))
"""
"""What the person answers: what is recommended."""
_QUESTIONS = 7


def interviews(prompt: str, step: int) -> Turn:
    """A model that does what `/mission` says: it asks what the program asks, and makes the mission of its plan."""
    asks = re.findall(r"^ +mission (new --questions .*)$", prompt, re.MULTILINE)
    makes = re.findall(r"run `mission (new --plan .*?)`", prompt)
    plans = re.findall(r"```yaml\n(.*?)```", prompt, re.DOTALL)
    if not (asks and makes and plans):
        return Turn("Count words")
    python = shlex.quote(sys.executable)
    if step == 0:
        return Turn("I ask you some questions.", (("bash", {"command": "echo 'goal: Count words' > answers.yaml"}),))
    if step <= _QUESTIONS:
        ask = asks[0].replace("FILE", "answers.yaml")
        return Turn("One more.", (("bash", {"command": f"mission {ask} > asked.json && {python} answer.py"}),))
    if step == _QUESTIONS + 1:
        make = makes[0].replace("PLAN", "plan.yaml").replace("FILE", "answers.yaml")
        plan = textwrap.dedent(plans[0])
        return Turn("This is my plan.", (("bash", {"command": f"cat > plan.yaml <<'E'\n{plan}\nE\nmission {make}"}),))
    return Turn("It is planned.")


@only_at_night
@pytest.mark.timeout(300)
@pytest.mark.parametrize("agent", ["opencode", "claude"])
def test_slash_mission_in_a_real_agent_asks_the_questions_of_the_program(person: Person, agent: str) -> None:
    program = needs(agent)
    person.write("answer.py", ANSWERS)
    with ModelServer(interviews).running() as server:
        use_opencode(person, server) if agent == "opencode" else use_claude(person, server)
        person.mission("commands", "install", "--agent", agent)
        env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        env |= {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1", "IS_SANDBOX": "1"}
        env |= {"ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": "fake"}
        env |= {"PWD": os.fspath(person.repo)}  # opencode works there, whatever its current folder is
        words = {
            "opencode": ["run", "--dir", os.fspath(person.repo), "--command", "mission", "Count words"],
            "claude": ["-p", "/mission Count words", "--permission-mode", "bypassPermissions"],
        }[agent]
        done = subprocess.run(
            [program, *words], cwd=person.repo, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, timeout=200,
        )  # fmt: skip
    assert "It is planned." in done.stdout, done.stdout + done.stderr
    mission = person.loaded("word-counter").mission
    assert (mission.goal, str(mission.limits.usd)) == ("Count words", "20")
    text = person.git("show", "missions:word-counter/mission.md", cwd=person.repo / "missions")
    assert text.count("| answered in the interview |") == _QUESTIONS - 1, "the budget is shown elsewhere"


def test_an_unknown_agent_is_refused(person: Person) -> None:
    assert person.mission("commands", "install", "--agent", "vim", ok=(2,)).err == snapshot("""\
error: there are no commands for the agent `vim`
 hint: --agent opencode, claude, codex, gemini, qwen or all
""")


ONE = """\
title: One feature
budget: {money_usd: 5}
preferences: {land: auto, worker_command: full-loop}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - title: one
        description: "Of $1, $ARGUMENTS and !`echo IN''JECTED` make nothing."
        criteria: ["file: `1.1.txt`"]
"""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("use", by_day([use_claude, use_opencode], 1))
def test_a_sandboxed_worker_is_given_the_command_and_the_prompt_and_runs_nothing_that_stands_in_it(
    person: Person, use: Callable[[Person, ModelServer], None]
) -> None:
    needs_bubblewrap()
    person.mission("commands", "install")
    with ModelServer(lambda p, s: writes_and_commits(p, s, input=2000, output=40)).running() as server:
        use(person, server)
        person.set('sandbox = "required"')
        person.plan(ONE)
        person.start()
        assert person.run().facts["status"] == "completed"
        prompts = [p for p in server.prompts if "## Your feature: 1.1 one" in p]
    assert prompts
    for prompt in prompts:
        assert prompt.index("2. **Prove it first.**") < prompt.index("## The task") < prompt.index("## Your feature")
        assert "Of $1, $ARGUMENTS and " in prompt
        assert "`echo IN''JECTED` make nothing." in prompt
        assert "sha256" not in prompt

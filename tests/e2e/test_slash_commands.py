"""`/mission` and `/full-loop` as commands of the person's agents."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.agents import needs_bubblewrap, use_claude, use_opencode, writes_and_commits
from tests.kit.model_server import ModelServer
from tests.kit.nightly import by_day

from mission_cli.adapters import slash_commands

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.people import Answer, Person


def home() -> Path:
    return Path(os.environ["HOME"])


def said(answer: Answer, person: Person) -> str:
    return answer.out.replace(os.fspath(home()), "~").replace(os.fspath(person.repo), "<repo>")


def test_they_are_written_once_for_each_agent_and_removed_again(person: Person) -> None:
    first = person.mission("commands", "install")
    assert said(first, person) == snapshot("""\
~/.config/opencode/commands/mission.md: written
~/.config/opencode/commands/full-loop.md: written
~/.claude/commands/mission.md: written
~/.claude/commands/full-loop.md: written
""")
    text = (home() / ".config/opencode/commands/full-loop.md").read_text(encoding="utf-8")
    assert text == (home() / ".claude/commands/full-loop.md").read_text(encoding="utf-8")
    assert text.endswith("$ARGUMENTS\n")
    again = person.mission("commands", "install", "--agent", "claude", "--json")
    assert [c["result"] for c in again.facts["commands"]] == ["up to date", "up to date"]
    removed = person.mission("commands", "remove")
    assert [line.rpartition(": ")[2] for line in removed.out.splitlines()] == ["removed"] * 4
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
""")
    assert place.is_symlink()
    assert real.read_text(encoding="utf-8") == ours


def test_a_file_that_was_there_before_is_a_persons(person: Person) -> None:
    place = home() / ".claude/commands/mission.md"
    place.parent.mkdir(parents=True)
    place.write_text("mine\n")
    assert person.mission("commands", "install", ok=(3,)).out.count(": written") == 3
    assert place.read_text() == "mine\n"


def test_an_unknown_agent_is_refused(person: Person) -> None:
    assert person.mission("commands", "install", "--agent", "vim", ok=(2,)).err == snapshot("""\
error: there are no commands for the agent `vim`
 hint: --agent opencode, claude or all
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

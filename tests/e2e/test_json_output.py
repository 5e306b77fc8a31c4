"""Each command with `--json`: what it prints is what its schema says, which `Person.mission` checks."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.kit.drafts import READER
from tests.kit.people import HONEST

from mission_cli.surfaces.outputs import ERROR, OUTPUTS, OVERVIEW

if TYPE_CHECKING:
    import pytest
    from tests.kit.people import Person

PLAN = """\
title: Everything
goal: Every command has something to do.
budget: {money_usd: 9}
preferences: {land: ask}
gates:
  - {name: look, kind: checkpoint, after: ["1.1"], blocks: ["1.2"]}
  - {name: again, kind: approval, after: ["1.2"], blocks: ["1.3"]}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: a, criteria: ["file: `1.1.txt`", "run: `test -f 1.1.txt`", "manual: Is it pretty?"]}
      - {title: b, criteria: ["file: `1.2.txt`"]}
      - {title: c, depends: ["1.2"]}
"""
HOMELESS = "title: Elsewhere\nmilestones: [{name: One, features: [{title: a}]}]\n"
PHASED = """\
title: Step by step
budget: {money_usd: 1}
phases: [{name: looking, worker: preview}, {name: building, worker: milestones}]
milestones: [{name: One, features: [{title: a}]}]
"""
PRD = json.dumps({"title": "A portal", "features": ["Sign in"]})
WAITS = """
## Waits

| Feature | Waiting for | Since | Timeout | Status |
| --- | --- | --- | --- | --- |
| 1.3 | webhook:build | | | open |
"""
NOT_HERE = {"account run", "cron install", "purchase paid", "purchase refund", "serve"}
"""Need a room of their own: `test_accounts.py`, `test_cron.py`, `test_payments.py` and `test_serve.py` check their output, too."""


class Reader:
    """A program that gives commands with `--json` and reads the answers."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.read: set[str] = set()
        """Commands that have printed their result."""

    def say(self, command: str, *words: str, ok: tuple[int, ...] = (0,)) -> dict[str, Any]:
        """Give a command, which must not fail."""
        facts = self.person.mission(*command.split(), *words, "--json", ok=ok).facts
        assert "error" not in facts, facts
        self.read.add(command or OVERVIEW)
        return facts


def test_every_command_prints_what_its_schema_says(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader(person)
    person.worker(HONEST)
    files = {}
    for name, text in (("plan", PLAN), ("homeless", HOMELESS), ("prd", PRD), ("waits", WAITS), ("phased", PHASED)):
        files[name] = os.fspath(tmp_path / name)
        Path(files[name]).write_text(text)
    with monkeypatch.context() as patched:
        patched.setenv("EDITOR", f"sh -c 'cat {files['waits']} >> \"$1\"' sh")
        _prepare(reader, files["plan"])
    _work(reader)
    _finish(reader)
    reader.say("import", files["prd"], "--from", "prd", "--id", "portal", ok=(0, 1))
    reader.say("cancel", "portal", "--yes")
    reader.say("new", "--plan", files["phased"], "--id", "steps", "--runner", "script")
    reader.say("start", "steps", "--headless", ok=(0, 3))
    reader.say("advance", "steps", "--expected-phase", "looking", "--result", "fine", ok=(0, 3))
    assert reader.say("status", "steps")["phase"]["name"] == "building"
    config = Path.home() / ".config/mission/config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(f'[payments]\nprovider = "ledger"\nledger = "{tmp_path}/ledger.csv"\napprovers = ["Ada"]\n')
    reader.say("purchase request", "steps", "--amount", "5 EUR", "--merchant", "example.com", "--purpose", "a test")
    assert [one["status"] for one in reader.say("purchase list")["purchases"]] == ["requested"]
    assert reader.say("purchase show", "steps", "1")["purchases"][0]["amount"] == "5.00 EUR"
    assert reader.say("purchase stop")["payments_stopped"]
    assert not reader.say("purchase stop", "--lift")["payments_stopped"]
    reader.say("new", "--plan", files["homeless"], "--id", "wanderer", "--homeless")
    reader.say("attach", "wanderer")
    assert reader.read == OUTPUTS.keys() - {ERROR} - NOT_HERE


def _decide_about_drafts(reader: Reader) -> None:
    """A mission with two drafts, one promoted and one discarded; and a draft of an issue."""
    missions = reader.person.repo / "missions"
    (missions / "m/agents").mkdir()
    for name in ("one", "two"):
        (missions / f"m/agents/{name}.md").write_text(READER)
    file = missions / "m/mission.md"
    rows = "| one | reads | agents/one.md | |\n| two | reads | agents/two.md | |\n"
    table = f"\n## Mission Agents\n\n| Agent | Purpose | Path | Promote? |\n| --- | --- | --- | --- |\n{rows}"
    table += "\n## Feedback\n\n| # | Title | Fingerprint | Status |\n|---|---|---|---|\n| 1 | jq is missing | a1b2c3d4e5f6 | draft |\n"
    file.write_text(file.read_text() + table)
    reader.person.git("add", "-A", cwd=missions)
    reader.person.git("commit", "-qm", "Add drafts", cwd=missions)
    reader.say("agents promote", "m", "one", "--to", "repo")
    reader.say("agents discard", "m", "two")
    assert [one["promote"] for one in reader.say("agents list", "m")["drafts"]] == ["to the repository", "discarded"]
    assert reader.say("feedback show", "m", "1")["draft"]["title"] == "jq is missing"
    assert reader.say("feedback file", "m", "1", "--dry-run")["filed"] is False
    assert reader.say("feedback discard", "m", "1")["draft"]["status"] == "discarded"
    assert [one["status"] for one in reader.say("feedback list", "m")["drafts"]] == ["discarded"]


def _prepare(reader: Reader, plan: str) -> None:
    reader.say("init")
    reader.say("merge-driver", "install")
    reader.say("schema", "settings")
    reader.say("completion", "bash")
    reader.say("help", "status")
    reader.say("version")
    reader.say("mcp", "--tools")
    reader.say("playbooks list")
    reader.say("playbooks show", "library")
    reader.say("playbooks check", "library")
    assert reader.say("new", "--plan", plan, "--id", "m", "--dry-run")["id"] == "m"
    reader.say("new", "--plan", plan, "--id", "m", "--runner", "script")
    _decide_about_drafts(reader)
    for command in ("lint", "fmt", "show", "status", "why", "history", "diff", "export", "edit"):
        reader.say(command, "m")
    reader.say("access add", "ada")
    reader.say("access list")
    reader.say("access remove", "ada", "--yes")
    for words in (["forecast", "m"], ["recommend", "m"], ["report", "m"], ["accuracy"], ["limits"], ["prices", "opus"]):
        reader.say(f"budget {words[0]}", *words[1:])
    reader.person.tables.append("[runners.opencode]\n")  # forecasts of programs need a history
    reader.person.save_settings()
    for name in ("analyze", "analyse"):
        assert reader.say(f"budget {name}", "--hours", "8", "--runner", "opencode")["from_runs"] == 0
    reader.say("budget estimate", "2", "--runner", "opencode")
    assert reader.say("what-if", "m", "--runner", "opencode")["as_it_is"] is None
    reader.person.tables.pop()
    reader.person.save_settings()
    reader.say("budget record", "m", "a test account", "--usd", "0.50")
    reader.say("undo", "m")
    reader.say("set", "m", "budget.money_usd", "8")
    reader.say("undo", "m")
    _steer(reader)
    reader.say("start", "m", "--headless")
    reader.say("pause", "m")
    reader.say("resume", "m")


def _steer(reader: Reader) -> None:
    """Change the plan in every way, and take all of it back."""
    before = reader.say("show", "m")
    assert reader.say("add-milestone", "m", "Later", "--feature", "d")["milestone"] == 2
    assert reader.say("add", "m", "e", "--criterion", "file: `e.txt`", "--depends", "a")["feature"] == "1.4"
    moved = reader.say("move", "m/1.4", "--to", "2")
    assert [moved["was"], moved["feature"]] == ["1.4", "2.2"]
    assert reader.say("replan", "m")["plan"].startswith("title: Follow-up of")
    reader.say("note", "m/1.3", "Half of it is done.", "--kind", "progress")
    reader.say("tell", "m/1.3", "No dependencies, please.")
    assert reader.say("mail", "m")["mails"] == []
    added = reader.say("resource add", "m", "shop.example", "--type", "account")
    assert [one["status"] for one in added["resources"]] == ["needed"]
    reader.say("resource provide", "m", "shop.example")
    reader.say("resource check", "m")
    reader.say("account list", "m")
    assert reader.say("account show", "m", "shop.example")["accounts"][0]["problems"] == ["there is no plan"]
    reader.person.tables.append("[deploy.staging]\ncommand = 'true'\n")
    reader.person.save_settings()
    assert reader.say("deploy", "m", "staging", "--drop")["deployments"] == []
    reader.person.tables.pop()
    reader.person.save_settings()
    assert reader.say("resource list", "m")["resources"][0]["status"] == "available"
    for _ in range(2):
        reader.say("undo", "m")
    reader.say("hold-out", "m", "file: `hidden.txt`")
    reader.say("hold-out", "m")
    for _ in range(5):
        reader.say("undo", "m")
    after = reader.say("show", "m")
    assert {key for key in after["mission"] if after["mission"][key] != before["mission"][key]} == {
        "progress",
        "kept",
        "feedback",
    }


def _work(reader: Reader) -> None:
    """Let the worker do what it can, and a person the rest."""
    person = reader.person
    reader.say("run", "m", ok=(3,))
    reader.say("sync", "m")
    reader.say("pulse", "--dry-run")
    reader.say("list")
    reader.say("list", "--all")
    reader.say("top")
    reader.say("pr", "m")
    reader.say("preview", "m", "--stop")
    reader.say("inbox", ok=(3,))
    reader.say("context", "m", "--max-tokens", "700")
    reader.say("")
    reader.say("logs", "m/1.1")
    reader.say("answer", "m", "1", "pass")
    reader.say("note", "m", "We met.")
    reader.say("archive", "m")
    reader.say("resume", "m")
    assert reader.say("ask", "m/1.3", "Which?", "--option", "a=first")["number"] == 2
    reader.say("answer", "m", "2", "--withdraw")
    person.run(ok=(3,))
    reader.say("approve", "m", "look")
    reader.say("resume", "m")
    person.run(ok=(3,))
    reader.say("reject", "m", "again", "--comment", "not yet")
    reader.say("access webhook", "m", "build")
    reader.say("signal", "m/1.3", "--data", '{"ok": true}')
    reader.say("resume", "m")
    tree = Path(reader.say("open", "m/1.3", "--print")["path"])
    (tree / "1.3.txt").write_text("by hand\n")
    person.git("add", "--all", cwd=tree)
    person.git("commit", "--quiet", "-m", "By hand", cwd=tree)
    reader.say("handback", "m/1.3")
    person.rest()
    reader.say("retry", "m/1.2", "--yes", "--reason", "once more")
    reader.say("skip", "m/1.2", "--reason", "not needed")


def _finish(reader: Reader) -> None:
    reader.person.run(ok=(3,))
    reader.say("validate", "m/1", "--report-only")
    reader.say("verify", "m", "--history", ok=(0, 1))
    reader.say("replay", "m")
    reader.say("report", "m")
    reader.say("dashboard", "m", "-o", os.fspath(reader.person.repo.parent / "missions.html"))
    reader.say("report", "m", "--format", "html", "-o", os.fspath(reader.person.repo.parent / "report.html"))
    reader.say("takeover", "m")
    reader.say("land", "m", "--yes", ok=(0, 3))
    reader.say("stop", "--all")
    reader.say("status", "m")
    reader.say("resume", "--all")
    learned = reader.say("skills list")["skills"][0]["name"]
    reader.say("skills show", learned)
    reader.say("skills export", learned, "-o", os.fspath(reader.person.repo.parent / "skills"))
    reader.say("skills forget", learned)
    reader.say("hosts add", "near", "me@127.0.0.1", "--no-test")
    reader.say("hosts test", "near", ok=(1,))
    reader.say("hosts drain", "near")
    reader.say("hosts list")
    reader.say("hosts remove", "near", "--yes")
    reader.say("hosts add", "cluster", "--kind", "slurm", "--no-test")
    reader.say("hosts clean", "cluster", "--dry-run")
    reader.say("gc")
    reader.say("commands install")
    reader.say("commands remove")
    reader.say("cron status", ok=(0, 1))
    reader.say("cron remove")
    reader.say("doctor", "--offline", ok=(0, 1))

"""Which agents a machine has, and whether they are logged in: what we say is what the real programs say."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.agents import PACKAGES, TESTS, needs, pinned_version, writes_and_commits
from tests.kit.model_server import ModelServer
from tests.kit.nightly import by_day

from mission_cli.adapters.agents import FILES, programs
from mission_cli.adapters.installed_agents import LocalAgents, version_in_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.people import Person

TOKEN = {
    "claudeAiOauth": {"accessToken": "x", "refreshToken": "y", "expiresAt": 9999999999999, "scopes": ["user:inference"]}
}
STATES: list[tuple[str, dict[str, str], dict[str, str], str]] = [
    ("claude", {}, {}, ""),
    ("claude", {}, {"ANTHROPIC_API_KEY": "x"}, "ANTHROPIC_API_KEY"),
    ("claude", {}, {"ANTHROPIC_AUTH_TOKEN": "x"}, "ANTHROPIC_AUTH_TOKEN"),
    ("claude", {}, {"CLAUDE_CODE_OAUTH_TOKEN": "x"}, "CLAUDE_CODE_OAUTH_TOKEN"),
    ("claude", {}, {"CLAUDE_CODE_USE_BEDROCK": "1"}, "CLAUDE_CODE_USE_BEDROCK"),
    ("claude", {".claude/.credentials.json": json.dumps(TOKEN)}, {}, "account"),
    ("claude", {".claude/settings.json": '{"apiKeyHelper": "echo x"}'}, {}, "apiKeyHelper in settings.json"),
    (
        "claude",
        {".claude/settings.json": '{"env": {"ANTHROPIC_API_KEY": "x"}}'},
        {},
        "ANTHROPIC_API_KEY in settings.json",
    ),
    ("codex", {}, {}, ""),
    ("codex", {".codex/auth.json": '{"OPENAI_API_KEY": "sk-x"}'}, {}, "API key"),
    ("codex", {}, {"OPENAI_API_KEY": "sk-x"}, ""),
    ("opencode", {}, {}, ""),
    ("opencode", {".local/share/opencode/auth.json": '{"anthropic": {"type": "api", "key": "x"}}'}, {}, "anthropic"),
    ("opencode", {}, {"GROQ_API_KEY": "x", "ANTHROPIC_API_KEY": "y"}, "ANTHROPIC_API_KEY, GROQ_API_KEY"),
]


def says_it_is_logged_in(name: str, environment: dict[str, str]) -> bool:
    """What the program itself says."""
    words = {"claude": ["auth", "status"], "codex": ["login", "status"], "opencode": ["auth", "list"]}[name]
    done = subprocess.run([needs(name), *words], env=environment, capture_output=True, text=True, check=False)
    if name == "claude":
        return bool(json.loads(done.stdout)["loggedIn"])
    if name == "codex":
        return "Not logged in" not in done.stdout + done.stderr
    return "0 credentials" not in done.stdout or "environment variable" in done.stdout


@pytest.mark.parametrize(("name", "files", "variables", "account"), by_day(STATES, 7))
def test_an_agent_is_logged_in_where_its_own_program_says_so(
    tmp_path: Path, name: str, files: dict[str, str], variables: dict[str, str], account: str
) -> None:
    for path, text in files.items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    environment = {"HOME": os.fspath(tmp_path), "PATH": os.environ["PATH"], **variables}
    assert FILES[name].account(environment) == account
    assert says_it_is_logged_in(name, environment) == bool(account)


@pytest.mark.parametrize(
    ("name", "files", "variables", "account"),
    [
        ("claude", {"c/.claude.json": '{"oauthAccount": {"emailAddress": "a@b"}}'}, {"CLAUDE_CONFIG_DIR": "c"}, "account"),
        ("codex", {".codex/auth.json": '{"tokens": {"access_token": "x"}}'}, {}, "account"),
        ("codex", {}, {"CODEX_API_KEY": "x"}, "CODEX_API_KEY"),
        ("codex", {".codex/config.toml": 'model_provider = "x"\n[model_providers.x]\nname = "X"\nenv_key = "K"\n'}, {"K": "1"}, "provider x"),
        ("codex", {".codex/config.toml": 'model_provider = "x"\n[model_providers.x]\nname = "X"\nenv_key = "K"\n'}, {}, ""),
        ("opencode", {".config/opencode/opencode.jsonc": '{"provider": {"own": {"options": {"baseURL": "http://x/*"},}}} // mine'}, {}, "own"),
        ("opencode", {".local/share/opencode/auth.json": "not JSON"}, {}, ""),
        ("opencode", {}, {"OPENCODE_CONFIG_CONTENT": '{"provider": {"own": {"options": {"apiKey": "x"}}}}'}, "own"),
        ("command", {}, {"ANTHROPIC_API_KEY": "x"}, ""),
        ("gemini", {}, {}, ""),
        ("gemini", {}, {"GEMINI_API_KEY": "x"}, "GEMINI_API_KEY"),
        ("gemini", {".gemini/oauth_creds.json": '{"refresh_token": "x"}'}, {}, "account"),
        ("gemini", {".gemini/settings.json": '{"security": {"auth": {"selectedType": "vertex-ai"}}}'}, {"GOOGLE_CLOUD_PROJECT": "p"}, "Vertex AI"),
        ("qwen", {}, {}, ""),
        ("qwen", {}, {"OPENAI_API_KEY": "x"}, "OPENAI_API_KEY"),
        ("qwen", {".qwen/settings.json": '{"security": {"auth": {"selectedType": "openai"}}}'}, {}, ""),
        ("qwen", {".qwen/settings.json": '{"security": {"auth": {"selectedType": "anthropic"}}, "env": {"ANTHROPIC_API_KEY": "x"}}'}, {}, "ANTHROPIC_API_KEY"),
        ("qwen", {".qwen/settings.json": '{"security": {"auth": {"selectedType": "openai", "apiKey": "x"}}}'}, {}, "API key in settings.json"),
    ],
)  # fmt: skip
def test_other_logins_are_found(
    tmp_path: Path, name: str, files: dict[str, str], variables: dict[str, str], account: str
) -> None:
    for path, text in files.items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    assert FILES[name].account({"HOME": os.fspath(tmp_path), **variables}) == account


def test_the_version_is_in_a_file_of_the_package() -> None:
    for name in ("opencode", "claude", "codex"):
        needs(name)
        program = TESTS / PACKAGES[name][0] / "node_modules/.bin" / name
        assert version_in_files(program) == pinned_version(name)
    assert version_in_files(Path("/opt/homebrew/Cellar/opencode/1.18.33/bin/opencode")) == "1.18.33"
    assert version_in_files(Path("/usr/bin/claude")) == ""


def test_a_program_without_a_package_is_asked(tmp_path: Path) -> None:
    program = tmp_path / "opencode"
    program.write_text("#!/bin/sh\necho v9.8.7 of it\n")
    program.chmod(0o755)
    found = LocalAgents({"HOME": os.fspath(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}"}).find()
    assert next((a.name, a.program, a.version) for a in found) == ("opencode", os.fspath(program), "9.8.7")


MODELS = {
    "claude": ({}, {tier: tier for tier in ("opus", "sonnet", "haiku")}),
    "opencode": ({".config/opencode/opencode.json": '{"model": "own/big"}'}, dict.fromkeys(("opus", "sonnet", "haiku"), "own/big")),
    "codex": (
        {".codex/models_cache.json": '{"models": [{"slug": "b", "visibility": "list", "priority": 2}, {"slug": "a", "visibility": "list", "priority": 1}, {"slug": "c", "visibility": "hide", "priority": 0}]}'},
        dict.fromkeys(("opus", "sonnet", "haiku"), "a"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_models_come_from_the_configuration_of_the_agent(tmp_path: Path, name: str) -> None:
    files, models = MODELS[name]
    for path, text in files.items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    assert FILES[name].models({"HOME": os.fspath(tmp_path)}) == models
    if name != "claude":
        nothing = {"HOME": os.fspath(tmp_path / "empty")}
        assert FILES[name].models(nothing) == dict.fromkeys(models, "")


PLAN = """\
title: One feature
budget: {money_usd: 5}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
"""


@contextmanager
def on_path(person: Person, *names: str) -> Iterator[None]:
    """Make these agents, and no others, the ones that PATH has."""
    folder = person.repo.parent / "bin"
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(needs(name))
    system = [p for p in os.environ["PATH"].split(":") if not any((Path(p) / n).exists() for n in programs())]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", ":".join([os.fspath(folder), *system]))
        yield


def planned(person: Person) -> None:
    place = person.repo.parent / "plan.yaml"
    place.write_text(PLAN)
    person.save_settings()
    person.mission("new", "--plan", os.fspath(place), "--id", "m")


def test_without_settings_a_mission_is_done_by_the_agent_that_is_logged_in(person: Person) -> None:
    server = ModelServer(lambda p, s: writes_and_commits(p, s, input=2000, output=40))
    with on_path(person, "opencode", "claude"), server.running():
        env = {"ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": "fake"}
        folder = Path(os.environ["HOME"]) / ".claude"
        folder.mkdir()
        (folder / "settings.json").write_text(json.dumps({"env": env}))
        planned(person)
        assert 'runner: "claude"' in person.file().read_text()
        person.start()
        assert person.run().facts["status"] == "completed"
    assert person.causes() == [("1.1-a1", "done")]


def test_an_agent_that_is_not_there_is_said_with_the_command_that_installs_it(person: Person) -> None:
    with on_path(person):
        planned(person)
        assert 'runner: ""' in person.file().read_text()
        assert person.mission("start", "m", "--yes", ok=(3,)).err == snapshot("""\
error: m: no coding agent is installed
 hint: npm install --global opencode-ai; then mission doctor
""")
        assert person.mission(
            "new", "a goal", "--headless", "--max-usd", "1", "--runner", "codex", ok=(3,)
        ).err == snapshot("""\
error: Codex is not installed: `codex` is not on PATH
 hint: npm install --global @openai/codex
""")
        assert person.mission("set", "m", "preferences.runner", "opencode", ok=(2,)).err == snapshot("""\
error: opencode is not installed: `opencode` is not on PATH
 hint: npm install --global opencode-ai
""")

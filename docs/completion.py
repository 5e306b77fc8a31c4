"""Writes the table of commands that shell completion reads: it must not import the command line itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

from mission_cli.adapters.agents import FILES, programs
from mission_cli.surfaces.cli.app import app
from mission_cli.surfaces.cli.catalog import TOPICS
from mission_cli.surfaces.cli.help import COMMON, commands_of

TABLE = Path(__file__).parent.parent / "src/mission_cli/surfaces/completion/table.json"
_ARGUMENTS = {
    "ID": "mission",
    "[ID…]": "mission*",
    "ID/N.M": "feature",
    "ID[/1[.2]]": "part",
    "ID[/1]": "milestone",
    "GATE": "gate",
    "N": "request",
    "HOST": "host",
    "[HOST]": "host",
    "FILE": ":files",
    "[PATH…]": ":files*",
    "[COMMAND|TOPIC]": "command*",
    "install": "=install",
    "bash|zsh|fish": "bash|zsh|fish",
}
"""What an argument is completed with, by its name in the usage; free text is completed with nothing."""
_OPTIONS = {
    "repo": ":folders",
    "plan": ":files",
    "base": "branch",
    "runner": "runner",
    "mode": "full|poc",
    "kind": "text",
    "priority": "low|normal|high|urgent",
    "tool": "plan|prd|polpo|aidevops",
    "agent": "|".join(["all", *(name for name in programs() if FILES[name].commands_folder({"HOME": "/"}))]),
    "status": "planning|scheduled|recurring|active|paused|completed|failed|cancelled",
}
_OF_A_COMMAND = {
    "new --type": "development|research|operations",
    "export --to": "=polpo",
    "cron install --with": "cron|systemd",
    "hosts add --kind": "ssh|ray|slurm|kubernetes",
    "add --on": "host",
}


def table() -> str:
    """Return the text of the table."""
    found = commands_of(typer.main.get_command(app))
    common = {name: entry for p in found["list"].params if p.name in COMMON for name, entry in _option("", p)}
    whole = {
        "commands": _commands(found),
        "common": common | {"--help": ("", "Show this help.")},
        "topics": dict(TOPICS),
        "agents": list(programs()),
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _commands(found: dict[str, Any]) -> dict[str, tuple[str, tuple[str, ...], dict[str, tuple[str, str]]]]:
    made = {}
    for name, command in found.items():
        arguments = tuple(_argument(p) for p in command.params if p.param_type_name == "argument")
        own = [p for p in command.params if p.param_type_name == "option" and p.name not in COMMON]
        made[name] = (command.help.strip(), arguments, {n: entry for p in own for n, entry in _option(name, p)})
    return made


def _argument(parameter: Any) -> str:
    return _ARGUMENTS.get(parameter.metavar or parameter.name.upper(), "text")


def _option(command: str, parameter: Any) -> list[tuple[str, tuple[str, str]]]:
    """Return the names of an option with the kind of its value, empty for a flag, and its description."""
    name = max(parameter.opts, key=len)
    kind = "" if parameter.is_flag else _OF_A_COMMAND.get(f"{command} {name}") or _OPTIONS.get(parameter.name, "text")
    return [(name, (kind, parameter.help or ""))]


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")

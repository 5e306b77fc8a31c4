"""What an agent's output and help consist of: members of events, those that matter to its adapter, and options."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mission_cli.adapters.agents import AGENTS
from mission_cli.adapters.agents.stream import parse_line
from mission_cli.ports.agents.agent import GivenAgent, Request
from mission_cli.ports.agents.usage import Prices

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEEPEST = 3
_NAME = re.compile(r"[A-Za-z_]\w*")
_PRICES = Prices({"input": Decimal("0.000003"), "output": Decimal("0.000015")})
_KINDS = ("subtype", "event", "item", "part")
"""Members that tell events of one type apart."""


def members_of(log: str) -> frozenset[str]:
    """Return the members of all events in a log, as `EVENT: MEMBER`, where a member of a member has a dot."""
    events = [event for line in log.splitlines() if "type" in (event := parse_line(line))]
    return frozenset(f"{_name(event)}: {path}" for event in events for path in _paths(event))


def needed_of(agent: str, log: str, code: int | None) -> frozenset[str]:
    """Return the members without which the adapter would report something else about this log."""
    events = [event for line in log.splitlines() if "type" in (event := parse_line(line))]
    whole = _reported(agent, events, code)
    found = set()
    for words in sorted(members_of(log)):
        name, _, path = words.partition(": ")
        without = [_without(event, path.split(".")) if _name(event) == name else event for event in events]
        if _reported(agent, without, code) != whole:
            found.add(words)
    return frozenset(found)


def options_of(agent: str, program: str) -> frozenset[str]:
    """Return the options that the adapter passes, as far as the help of the command names them."""
    found: set[str] = set()
    for request in _requests(program):
        argv = AGENTS[agent].invocation(request).argv[1:]
        first = next((n for n, word in enumerate(argv) if word.startswith("-")), len(argv))
        command = [word for word in argv[:first] if word.isalpha()]
        done = subprocess.run([program, *command, "--help"], capture_output=True, text=True, check=False, timeout=60)
        known = done.stdout + done.stderr
        found |= {word for word in argv if word.startswith("--") and re.search(rf"(?<![\w-]){word}(?![\w-])", known)}
    return frozenset(found)


def _requests(program: str) -> Iterator[Request]:
    one = GivenAgent("one", "looks", "Look.", ("read",))
    base = Request(prompt="x", title="x", model="m", command=(program,), tree="/tree")
    yield base
    yield replace(base, sandboxed=True, session="abc-1", tools=("server",), agents=(one,), max_usd=Decimal(1))


def _reported(agent: str, events: list[dict[str, Any]], code: int | None) -> object:
    reader = AGENTS[agent].reader(prompt_size=100, prices=_PRICES)
    tallies = []
    for event in events:
        reader.line(_json(event))
        tallies.append(reader.tally())
    report = reader.report(code)
    return tallies[-1:], report


def _json(event: dict[str, Any]) -> str:
    return json.dumps(event, default=float)


def _name(event: dict[str, Any]) -> str:
    """Return an event's type, with the subtype or the type of what it contains."""
    kinds = [event["type"]]
    for member in _KINDS:
        inner = event.get(member)
        kinds += [inner if isinstance(inner, str) else inner.get("type")] if isinstance(inner, str | dict) else []
    return "/".join(str(kind) for kind in kinds if kind)


def _paths(value: object, depth: int = 0) -> Iterator[str]:
    """Yield the paths of all members; names that are data, such as those of models, are left out."""
    if not isinstance(value, dict) or depth >= _DEEPEST:
        return
    for name, inner in value.items():
        if _NAME.fullmatch(name):
            yield name
            yield from (f"{name}.{path}" for path in _paths(inner, depth + 1))


def _without(value: dict[str, Any], path: list[str]) -> dict[str, Any]:
    name, *rest = path
    if not rest:
        return {key: inner for key, inner in value.items() if key != name}
    inner = value.get(name)
    return {**value, name: _without(inner, rest)} if isinstance(inner, dict) else value

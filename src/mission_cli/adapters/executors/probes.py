"""What agents do not say in their output while they run: subagents of opencode, the running turn of Codex."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.adapters.agents.codex import tokens_of
from mission_cli.adapters.agents.stream import as_dict, parse_line

if TYPE_CHECKING:
    from collections.abc import Mapping

_FAMILY = """
with recursive family(id) as (
    select id from session where parent_id = ?
    union select s.id from session s join family f on s.parent_id = f.id
)
select count(*), coalesce(sum(cost), 0), coalesce(sum(tokens_input), 0), coalesce(sum(tokens_output), 0),
       coalesce(sum(tokens_reasoning), 0), coalesce(sum(tokens_cache_read), 0), coalesce(sum(tokens_cache_write), 0)
from session where id in (select id from family)
"""
_STEPS = """
with recursive family(id) as (
    select id from session where parent_id = ?
    union select s.id from session s join family f on s.parent_id = f.id
)
select count(*) from message where session_id in (select id from family) and data like '%"role":"assistant"%'
"""
_KINDS = ("input", "output", "reasoning", "cache_read", "cache_write")
_TAIL = 65536


@dataclass(frozen=True, slots=True)
class Extra:
    """What has to be added to the tally of the stream. `sessions` counts subagents."""

    steps: int = 0
    tokens: Mapping[str, int] = field(default_factory=dict)
    usd: Decimal = Decimal(0)
    sessions: int = 0


def look(probe: str, session: str, environment: Mapping[str, str]) -> Extra:
    """Return what the stream of a session leaves out; nothing where it cannot be seen."""
    if not session:
        return Extra()
    if probe == "opencode":
        return _opencode(session, environment)
    return _codex(session, environment) if probe == "codex" else Extra()


def _opencode(session: str, environment: Mapping[str, str]) -> Extra:
    """Subagents of a session, at any depth, from opencode's own database."""
    home = Path(environment.get("HOME", "/"))
    data = Path(environment.get("XDG_DATA_HOME") or home / ".local/share")
    named = environment.get("OPENCODE_DB", "")
    place = Path(named) if named.startswith("/") else data / "opencode" / (named or "opencode.db")
    if not place.exists():
        return Extra()
    try:
        with closing(sqlite3.connect(f"{place.as_uri()}?mode=ro", uri=True, timeout=1)) as database:
            count, cost, *tokens = database.execute(_FAMILY, (session,)).fetchone()
            steps = database.execute(_STEPS, (session,)).fetchone()[0]
    except sqlite3.Error:
        return Extra()
    kinds = {kind: int(number) for kind, number in zip(_KINDS, tokens, strict=True) if number}
    return Extra(int(steps), kinds, Decimal(str(round(float(cost), 9))), int(count))


def _codex(session: str, environment: Mapping[str, str]) -> Extra:
    """Tokens of the thread so far, from its rollout file; the stream says them only when the turn is over."""
    home = Path(environment.get("CODEX_HOME") or Path(environment.get("HOME", "/")) / ".codex")
    files = sorted((home / "sessions").rglob(f"rollout-*{session}.jsonl"))
    if not files:
        return Extra()
    with files[-1].open("rb") as source:
        source.seek(max(0, os.fstat(source.fileno()).st_size - _TAIL))
        lines = source.read().decode("utf-8", "replace").splitlines()
    for line in reversed(lines):
        if '"token_count"' not in line:
            continue
        info = as_dict(as_dict(parse_line(line).get("payload")).get("info"))
        total = as_dict(info.get("total_token_usage"))
        if total:
            return Extra(tokens=tokens_of(total))
    return Extra()


def export_usage(text: str) -> Extra:
    """Add up what `opencode export SESSION` printed: for versions whose database looks different."""
    try:
        value = json.loads(text[text.index("{") :], parse_float=Decimal)
    except ValueError:
        return Extra()
    tokens: dict[str, int] = {}
    usd, steps = Decimal(0), 0
    for message in as_dict(value).get("messages", []):
        info = as_dict(as_dict(message).get("info"))
        if info.get("role") != "assistant":
            continue
        steps += 1
        usd += Decimal(str(info.get("cost") or 0))
        found = as_dict(info.get("tokens"))
        cache = as_dict(found.get("cache"))
        flat = {**found, "cache_read": cache.get("read", 0), "cache_write": cache.get("write", 0)}
        for kind in _KINDS:
            tokens[kind] = tokens.get(kind, 0) + int(flat.get(kind) or 0)
    return Extra(steps, {k: v for k, v in tokens.items() if v}, usd, 1)

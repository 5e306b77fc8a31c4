"""Read usage that agents do not print while they run: subagents of opencode, the running turn of Codex."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.agents.codex import tokens_of
from mission_cli.adapters.agents.stream import as_dict, money, parse_line
from mission_cli.adapters.agents.stream import count as as_count
from mission_cli.adapters.fs.atomic import read_foreign

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
_SESSION = pattern(r"[A-Za-z0-9_-]{1,100}")
_LARGEST_LOOK = 4_000_000
_ROLLOUT_MARKS = ('"task_started"', '"task_complete"', '"token_count"')


@dataclass(frozen=True, slots=True)
class Extra:
    """What must be added to the usage in the stream. `sessions` counts subagents."""

    steps: int = 0
    tokens: Mapping[str, int] = field(default_factory=dict)
    usd: Decimal = Decimal(0)
    sessions: int = 0
    before: Mapping[str, int] = field(default_factory=dict)
    """The part of `tokens` that was used before this run."""


def probe(name: str, environment: Mapping[str, str]) -> Callable[[str], Extra]:
    """Return a function from a session to the usage that its stream leaves out; empty where that cannot be read."""
    if name == "opencode":
        return partial(_opencode, environment)
    return _Rollout(environment).look if name == "codex" else lambda session: Extra()  # noqa: ARG005 - no probe: always empty


def _opencode(environment: Mapping[str, str], session: str) -> Extra:
    """Return the usage of a session's subagents at any depth, from opencode's database."""
    home = Path(environment.get("HOME", "/"))
    data = Path(environment.get("XDG_DATA_HOME") or home / ".local/share")
    named = environment.get("OPENCODE_DB", "")
    place = Path(named) if named.startswith("/") else data / "opencode" / (named or "opencode.db")
    if not session or not place.is_file():
        return Extra()
    try:
        with closing(sqlite3.connect(f"{place.as_uri()}?mode=ro", uri=True, timeout=1)) as database:
            count, cost, *tokens = database.execute(_FAMILY, (session,)).fetchone()
            steps = database.execute(_STEPS, (session,)).fetchone()[0]
    except (sqlite3.Error, OverflowError):
        return Extra()
    kinds = {kind: number for kind, found in zip(_KINDS, tokens, strict=True) if (number := as_count(found))}
    return Extra(as_count(steps), kinds, money(cost) or Decimal(0), as_count(count))


class _Rollout:
    """Follows the rollout file of a Codex thread: its total so far, and the total when this run began.

    The stream reports tokens only at the end of a turn, and then those of the whole thread.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._home = Path(environment.get("CODEX_HOME") or Path(environment.get("HOME", "/")) / ".codex")
        self._file: Path | None = None
        self._offset = 0
        self._total: dict[str, int] = {}
        self._before: dict[str, int] = {}
        self._steps = 0
        self._working = self._ours = False

    def look(self, session: str) -> Extra:
        """Read new lines, and return the usage of this run."""
        if self._file is None and _SESSION.fullmatch(session):
            files = sorted((self._home / "sessions").rglob(f"rollout-*{session}.jsonl"))
            self._file = files[-1] if files else None
        if self._file is None:
            return Extra()
        new = read_foreign(self._file, _LARGEST_LOOK, start=self._offset) or b""
        whole, newline, rest = new.rpartition(b"\n")
        self._offset += len(whole) + len(newline) if newline or len(rest) < _LARGEST_LOOK else len(rest)
        for line in whole.decode("utf-8", "replace").splitlines():
            self._line(line)
        self._ours = self._ours or self._working
        return Extra(steps=self._steps, tokens=self._total, before=self._before) if self._ours else Extra()

    def _line(self, text: str) -> None:
        if not any(mark in text for mark in _ROLLOUT_MARKS):
            return
        payload = as_dict(parse_line(text).get("payload"))
        kind = payload.get("type")
        if kind == "task_started":
            if not self._ours:
                self._before, self._steps = self._total, 0
            self._working = True
        elif kind == "task_complete":
            self._working = False
        elif kind == "token_count":
            total = tokens_of(as_dict(as_dict(payload.get("info")).get("total_token_usage")))
            if sum(total.values()) > sum(self._total.values()):
                self._steps += 1
                self._total = total

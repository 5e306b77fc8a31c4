"""The table of commands for completion, which `make docs` writes to `table.json`."""

from __future__ import annotations

import json
import os

with open(os.path.join(os.path.dirname(__file__), "table.json"), encoding="utf-8") as _source:
    _TABLE = json.load(_source)

COMMANDS: dict[str, tuple[str, list[str], dict[str, tuple[str, str]]]] = _TABLE["commands"]
"""By name: description, kinds of its arguments, and (kind of the value, description) of its options."""
COMMON: dict[str, tuple[str, str]] = _TABLE["common"]
"""The options of every command."""
TOPICS: dict[str, str] = _TABLE["topics"]
"""The pages of `mission help`."""
AGENTS: list[str] = _TABLE["agents"]
"""The agents that are known by name."""

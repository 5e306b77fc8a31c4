"""Read what agents keep in the home folder. Files that cannot be read count as missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.fs.atomic import read_foreign

if TYPE_CHECKING:
    from collections.abc import Mapping

TIERS = ("opus", "sonnet", "haiku")
"""The tiers that every agent has, whatever its models are called."""
_LARGEST = 4_000_000
_COMMENT = pattern(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*(?:[^*]|\*+[^*/])*\*+/')
_LAST_COMMA = pattern(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])')


def home_of(environment: Mapping[str, str]) -> Path:
    """Return the home folder of an environment."""
    return Path(environment.get("HOME") or Path.home())


def folder_of(environment: Mapping[str, str], name: str, default: str) -> Path:
    """Return the folder that a variable names with an absolute path; otherwise a folder in the home folder."""
    named = environment.get(name, "")
    return Path(named) if named.startswith("/") else home_of(environment) / default


def text_of(path: Path) -> str:
    """Return the text of a file; empty if there is none or it cannot be read."""
    found = read_foreign(path, _LARGEST)
    return "" if found is None else found.decode("utf-8", "replace")


def json_of(text: str) -> dict[str, Any]:
    """Return the object in a JSON text, which may have comments and trailing commas; empty for anything else."""
    if not text.strip():
        return {}
    plain = _LAST_COMMA.sub(lambda m: m[1] or "", _COMMENT.sub(lambda m: m[1] or "", text))
    try:
        value = json.loads(plain)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def merged(text: str, more: str) -> str:
    """Return two JSON objects as one text; members of the second one win, and objects in both are merged."""
    return json.dumps(_merged(json_of(text), json_of(more)))


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    both = {**one, **other}
    for name in one.keys() & other.keys():
        if isinstance(one[name], dict) and isinstance(other[name], dict):
            both[name] = _merged(one[name], other[name])
    return both


def toml_of(text: str) -> dict[str, Any]:
    """Return the table in a TOML text; empty if it is not valid."""
    import tomllib

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}

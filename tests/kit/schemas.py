"""Checks that what a command prints with `--json` is what its schema says."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from jsonschema import Draft202012Validator

from mission_cli.surfaces.outputs import ERROR, OUTPUTS, OVERVIEW, output_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

_GROUPS = frozenset(name.split()[0] for name in OUTPUTS if " " in name)


@cache
def validator(name: str) -> Draft202012Validator:
    """Return what checks the objects of a command; a key that its schema does not name is an error here."""
    return Draft202012Validator(output_schema(name, closed=True))


def check_output(words: Sequence[str], out: str) -> None:
    """Fail if a line that a command printed does not fit its schema; without `--json` anything fits."""
    if "--json" not in words:
        return
    for line in out.splitlines():
        found = json.loads(line)
        name = ERROR if "error" in found else _command(words)
        problems = [f"{e.json_path}: {e.message}" for e in validator(name).iter_errors(found)]
        assert not problems, f"mission {' '.join(words)} printed what the schema of `{name}` does not allow: {problems}"


def _command(words: Sequence[str]) -> str:
    named = [word for word in words if not word.startswith("-")]
    if not named:
        return OVERVIEW
    return " ".join(named[: 2 if named[0] in _GROUPS else 1])

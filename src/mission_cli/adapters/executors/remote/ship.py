"""The program that is sent to hosts: a zipapp of the parts of this package that run there, the same bytes each time."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import mission_cli
from mission_cli.adapters.secrets.forms import KEPT_RULES, rules

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE = "mission_cli"
_FILES = ("__init__.py", "__main__.py", "fastpath.py")
_PARTS = (
    "_support",
    "domain",
    "ports",
    "adapters/agents",
    "adapters/egress",
    "adapters/executors",
    "adapters/fs",
    "adapters/git/code",
    "adapters/git/remote",
    "adapters/git/repo",
    "adapters/judges",
    "adapters/proc",
    "adapters/secrets",
)
"""What runs on a host imports nothing else of this package, and nothing but the standard library."""
_MORE = ("adapters/__init__.py", "adapters/git/__init__.py", "adapters/user.py")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_STUB = Path(__file__).with_name("stub.py")


@cache
def program() -> tuple[bytes, str]:
    """Return the zipapp and its digest, which is part of its name on hosts."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(_content()):
            facts = zipfile.ZipInfo(name, _LONG_AGO)
            facts.compress_type, facts.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(facts, content)
    return packed.getvalue(), hashlib.sha256(packed.getvalue()).hexdigest()[:32]


def _content() -> Iterator[tuple[str, bytes]]:
    root = Path(mission_cli.__file__).parent
    yield "__main__.py", _STUB.read_bytes()
    yield f"{_PACKAGE}/adapters/secrets/{KEPT_RULES}", json.dumps(rules()).encode()
    for name in (*_FILES, *_MORE):
        yield f"{_PACKAGE}/{name}", (root / name).read_bytes()
    for part in _PARTS:
        for place in (root / part).rglob("*"):
            if place.suffix == ".py":
                yield f"{_PACKAGE}/{place.relative_to(root).as_posix()}", place.read_bytes()

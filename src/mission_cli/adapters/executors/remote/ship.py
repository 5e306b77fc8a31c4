"""The program that is sent to hosts: a zipapp of the parts of this package that run there, the same bytes each time."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import mission_cli
from mission_cli.adapters.fs.atomic import read_bytes, write_whole

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


def program(kept: Path) -> tuple[bytes, str]:
    """Return the zipapp and its digest, which is part of its name on hosts.

    It is made once for the files of this installation, and kept in the folder `kept`.
    """
    sources = sorted(_sources())
    looks = [(name, place.stat().st_mtime_ns, place.stat().st_size) for name, place in sources]
    place = kept / f"program-{hashlib.sha256(repr(looks).encode()).hexdigest()[:32]}.pyz"
    packed = read_bytes(place)
    if packed is None:
        packed = make_program()
        kept.mkdir(parents=True, exist_ok=True)
        for old in kept.glob("program-*.pyz"):
            old.unlink(missing_ok=True)
        write_whole(place, packed)
    return packed, hashlib.sha256(packed).hexdigest()[:32]


def make_program() -> bytes:
    """Return the zipapp: the same bytes for the same files."""
    from mission_cli.adapters.secrets.forms import KEPT_RULES, rules  # it is slow to import

    content = {name: place.read_bytes() for name, place in _sources()}
    content[f"{_PACKAGE}/adapters/secrets/{KEPT_RULES}"] = json.dumps(rules()).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(content):
            facts = zipfile.ZipInfo(name, _LONG_AGO)
            facts.compress_type, facts.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(facts, content[name])
    return packed.getvalue()


def _sources() -> Iterator[tuple[str, Path]]:
    root = Path(mission_cli.__file__).parent
    yield "__main__.py", _STUB
    for name in (*_FILES, *_MORE):
        yield f"{_PACKAGE}/{name}", root / name
    for part in _PARTS:
        for place in (root / part).rglob("*.py"):
            yield f"{_PACKAGE}/{place.relative_to(root).as_posix()}", place

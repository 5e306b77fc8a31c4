"""The key from which tokens of a repository are derived: random bytes that only its owner can read."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import create_whole, make_folder, random_hex

if TYPE_CHECKING:
    from pathlib import Path

_NAME = "token.key"


def token_for(folder: Path, subject: str) -> str:
    """Return the token of a subject; the key in `folder` is created on first use."""
    place = folder / _NAME
    if not place.exists():
        make_folder(folder)
        create_whole(place, random_hex(32).encode(), mode=0o600)
    return hmac.new(place.read_bytes(), subject.encode("utf-8", "surrogatepass"), "sha256").hexdigest()

"""Seals by age (https://age-encryption.org): one X25519 identity of the user, in a file that only they may read."""

from __future__ import annotations

import base64
import binascii
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mission_cli.adapters.fs.atomic import create_whole, make_folder
from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path

_COMMENT = "#"


class AgeSeals:
    """`key` is a file as `age-keygen` writes it."""

    def __init__(self, key: Path) -> None:
        self._key = key

    def seal(self, text: str) -> str:
        """Return the text encrypted for the user, in base64."""
        import pyrage  # type: ignore[import-untyped]  # it has no types

        identity = self._identity() or self._new_identity()
        return base64.b64encode(pyrage.encrypt(text.encode(), [identity.to_public()])).decode()

    def unseal(self, sealed: str) -> str | None:
        """Return the text in a seal; None if the key does not open it."""
        import pyrage

        identity = self._identity()
        if identity is None:
            return None
        try:
            return str(pyrage.decrypt(base64.b64decode(sealed, validate=True), [identity]).decode())
        except (binascii.Error, pyrage.DecryptError, UnicodeDecodeError, ValueError):
            return None

    def _identity(self) -> Any:
        """Return the user's identity; None if there is no key that can be read."""
        import pyrage

        lines: list[str] = []
        with suppress(OSError, UnicodeDecodeError):
            lines = self._key.read_text(encoding="ascii").splitlines()
        keys = [line.strip() for line in lines if line.strip() and not line.startswith(_COMMENT)]
        with suppress(pyrage.IdentityError):
            return pyrage.x25519.Identity.from_str(keys[0]) if keys else None
        return None

    def _new_identity(self) -> Any:
        import pyrage

        if self._key.exists():
            raise ToolError(f"{self._key} is not a key of age", hint="restore it, or move it away")
        identity = pyrage.x25519.Identity.generate()
        text = f"# public key: {identity.to_public()}\n{identity}\n"
        try:
            make_folder(self._key.parent)
            before = os.umask(0o077)
            try:
                create_whole(self._key, text.encode())
            finally:
                os.umask(before)
        except OSError as error:
            raise ToolError(f"cannot write {self._key}: {error.strerror}") from error
        found = self._identity()
        if found is None:
            raise ToolError(f"cannot read {self._key}")
        return found

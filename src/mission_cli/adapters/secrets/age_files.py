"""Files that are encrypted with age (https://age-encryption.org), opened with the keys of the user."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mission_cli.adapters.secrets.programs import Broken
from mission_cli.domain.notice import advise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_VARIABLE = "SOPS_AGE_KEY_FILE"
"""The variable in which sops, too, is told where the keys are."""


def decrypted(data: bytes, environment: Mapping[str, str], config: Path, folder: Path) -> bytes:
    """Return the content of a file, armored or not. Raises Broken if no key opens it."""
    import pyrage  # type: ignore[import-untyped]  # it has no types

    places = _places(environment, config, folder)
    keys = [key for place in places for key in _keys(place)]
    if not keys:
        names = ", ".join(map(str, places))
        raise Broken(f"there is no key of age in {names}", advise(f"age-keygen -o {places[-1]}"))
    try:
        return bytes(pyrage.decrypt(data, keys))
    except pyrage.DecryptError as error:
        raise Broken("no key in " + ", ".join(map(str, places)) + " opens it") from error


def _places(environment: Mapping[str, str], config: Path, folder: Path) -> list[Path]:
    told = environment.get(_VARIABLE, "")
    return [Path(told)] if told.startswith("/") else [config / "sops/age/keys.txt", folder / "age.key"]


def _keys(place: Path) -> Iterator[Any]:
    import pyrage

    lines: list[str] = []
    with suppress(OSError, UnicodeDecodeError):
        lines = place.read_text(encoding="ascii").splitlines()
    for line in lines:
        if line.strip() and not line.startswith("#"):
            with suppress(pyrage.IdentityError):
                yield pyrage.x25519.Identity.from_str(line.strip())

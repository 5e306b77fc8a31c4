"""Values of secrets by reference: variables, files, password managers by their own programs, the program's own store.

A program gets a fixed command line: what comes from the reference is one argument, checked by the grammar in
`domain/resources/references.py`. No message contains what a program printed on its standard output.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.adapters.fs.atomic import make_folder, write_whole
from mission_cli.adapters.fs.env_file import open_to_others, read_environment
from mission_cli.adapters.secrets.programs import PROGRAMS, Broken
from mission_cli.domain.errors import MissionError, ToolError
from mission_cli.domain.notice import advise
from mission_cli.domain.resources.references import FORMS, Reference, read_reference
from mission_cli.ports.secrets import Unresolved

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LARGEST = 65_536
_PATIENCE = 20.0
"""Seconds that a program gets to print a value: it may ask its server, and wait for a touch of a key."""


class LocalVault:
    """Reads what this user can read. `folder` is where the user's configuration is; `checkout`, where files are."""

    def __init__(
        self, environment: Mapping[str, str], folder: Path, checkout: Path | None = None, *, patience: float = _PATIENCE
    ) -> None:
        self._environment, self._folder, self._checkout = environment, folder, checkout
        self._patience = patience

    def resolve(self, reference: str) -> str | Unresolved:
        """Return the value that a reference leads to, without the line break at its end; or why there is none."""
        told = read_reference(reference)
        if told is None:
            return Unresolved("it is not a reference to a value", advise(f"write one of {FORMS}"))
        try:
            raw = self._reader(told)(told)
        except Broken as broken:
            return Unresolved(f"{told} leads to no value: {broken.words}", broken.remedy, broken.program)
        except MissionError as error:
            return Unresolved(f"{told} leads to no value: {one_line(error.message, 300)}", error.hint)
        except OSError as error:
            return Unresolved(f"{told} leads to no value: {error.strerror or 'it cannot be read'}")
        return _value(told, raw)

    def store(self, name: str, value: str) -> str:
        """Store a value in a file of its own below the user's configuration, readable only by the user."""
        told = read_reference(f"secret:{name}")
        if told is None:
            raise ToolError(f"`{one_line(name, 60)}` cannot be the name of a stored value")
        if isinstance(_value(told, value.encode()), Unresolved):
            raise ToolError(f"{told}: the value is empty, too long, or contains a character that no variable can have")
        place = self._stored(told)
        try:
            make_folder(place.parent)
            (self._folder / "secrets").chmod(0o700)
            write_whole(place, value.encode(), mode=0o600)
        except OSError as error:
            raise ToolError(f"cannot write {place}: {error.strerror}") from error
        return str(told)

    def _reader(self, told: Reference) -> Callable[[Reference], bytes]:
        own = {"env": self._variable, "file": self._file, "secret": self._secret, "age": self._age}
        return own.get(told.scheme, self._program)

    def _variable(self, told: Reference) -> bytes:
        """Return a variable of this process, else of the key file as it is now."""
        value = self._environment.get(told.place, "")
        if not value:
            value = read_environment(self._folder / "env").get(told.place, "")
        if not value:
            raise Broken(f"${told.place} is not set", advise(f"put {told.place}=… into {self._folder / 'env'}"))
        return value.encode("utf-8", "surrogateescape")

    def _file(self, told: Reference) -> bytes:
        return _read(self._place(told.place))

    def _secret(self, told: Reference) -> bytes:
        place = self._stored(told)
        if place.exists() and open_to_others(place):
            raise Broken("other users can read it", advise(f"chmod 600 {place}"))
        return _read(place)

    def _age(self, told: Reference) -> bytes:
        """Decrypt a file with the keys of the user, without a program."""
        from mission_cli.adapters.secrets.age_files import decrypted

        return decrypted(_read(self._place(told.place)), self._environment, self._home() / ".config", self._folder)

    def _program(self, told: Reference) -> bytes:
        program = PROGRAMS[told.scheme]
        folder = self._checkout if self._checkout is not None and self._checkout.is_dir() else self._home()
        place = os.fspath(self._place(told.place)) if program.takes_file else told.place
        return program.read(place, told.field, cwd=folder, env=self._environment, patience=self._patience)

    def _stored(self, told: Reference) -> Path:
        return self._folder / "secrets" / told.place

    def _place(self, name: str) -> Path:
        if name.startswith("~/"):
            return self._home() / name.removeprefix("~/")
        if name.startswith("/") or self._checkout is None:
            return Path(name)
        return self._checkout / name

    def _home(self) -> Path:
        return Path(self._environment.get("HOME") or Path.home())


def _read(place: Path) -> bytes:
    if not place.is_file():
        raise Broken(f"there is no file {place}" if not place.exists() else f"{place} is not a file")
    with place.open("rb") as source:
        return source.read(_LARGEST + 2)


def _value(told: Reference, raw: bytes) -> str | Unresolved:
    """Return a value as text, if a variable of an environment can have it."""
    text = raw.removesuffix(b"\n").removesuffix(b"\r")
    if not text.strip():
        return Unresolved(f"{told} leads to an empty value")
    if len(text) > _LARGEST:
        return Unresolved(f"{told} leads to more than {_LARGEST} bytes")
    if b"\0" in text:
        return Unresolved(f"{told} leads to a value with a NUL byte")
    try:
        return text.decode()
    except UnicodeDecodeError:
        return Unresolved(f"{told} leads to a value that is not UTF-8")

"""Password managers and key stores, by their own programs: the command line of each, and how its output is read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import one_line
from mission_cli.adapters.proc.run import run
from mission_cli.domain.errors import ToolError
from mission_cli.domain.notice import NO_ADVICE, Advice, advise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_BW_WORDS = frozenset({"username", "password", "totp", "notes", "uri"})
_HIDDEN = 4
"""Lines of output from this length are removed from what a program said about its failure."""


class Broken(Exception):  # noqa: N818 - it is not an error of this program
    """There is no value: why, without any part of a value."""

    def __init__(self, words: str, remedy: Advice = NO_ADVICE, program: str = "") -> None:
        super().__init__(words)
        self.words, self.remedy, self.program = words, remedy, program


@dataclass(frozen=True, slots=True)
class Program:
    """How one program prints a value."""

    name: str
    argv: Callable[[str, str], tuple[str, ...]]
    """Returns its arguments, from the place and the field of a reference."""
    install: str
    takes_file: bool = False
    """Whether the place is a file, whose path it gets."""
    value: Callable[[bytes, str], bytes] = lambda out, _: out
    """Returns the value, from the output and the field."""
    more: tuple[tuple[str, str], ...] = ()
    """Variables that keep it from asking questions."""

    def read(self, place: str, field: str, *, cwd: Path, env: Mapping[str, str], patience: float) -> bytes:
        """Return the value. Raises Broken."""
        try:
            done = run([self.name, *self.argv(place, field)], cwd=cwd, env={**env, **dict(self.more)}, timeout=patience)
        except ToolError as error:
            missing = "was not found" in error.message
            raise Broken(
                error.message, advise(self.install) if missing else error.hint, self.name if missing else ""
            ) from None
        if done.code != 0:
            raise Broken(f"`{self.name}` ended with {done.code}{_said(done.err, done.out)}")
        return self.value(done.out, field)


def _said(err: bytes, out: bytes) -> str:
    """Return the last line that a program said on its standard error, unless it repeats its output."""
    lines = [line for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
    printed = [line.strip() for line in out.decode("utf-8", "replace").splitlines() if len(line.strip()) >= _HIDDEN]
    if not lines or any(part in lines[-1] for part in printed):
        return ""
    return f": {one_line(lines[-1], 200)}"


def _first_line(out: bytes, field: str) -> bytes:
    """Return the password of an entry of pass: its first line."""
    del field
    return out.split(b"\n", 1)[0]


def _sops(place: str, field: str) -> tuple[str, ...]:
    path = "".join(f"[{part}]" if part.isdigit() else f'["{part}"]' for part in field.split("."))
    return ("--decrypt", "--extract", path, place)


def _bw(place: str, field: str) -> tuple[str, ...]:
    return ("get", field if field in _BW_WORDS else "item" if field else "password", place, "--nointeraction", "--raw")


def _bw_value(out: bytes, field: str) -> bytes:
    """Return the output, or one of the fields of the item that it describes."""
    if not field or field in _BW_WORDS:
        return out
    try:
        fields = json.loads(out).get("fields") or []
        found = [one.get("value") for one in fields if one.get("name") == field]
    except (ValueError, AttributeError, TypeError):
        found = []
    if len(found) != 1 or not isinstance(found[0], str):
        raise Broken(f"the item has {'no' if not found else 'more than one'} field {field}")
    return found[0].encode()


def _attributes(place: str, field: str) -> tuple[str, ...]:
    del field
    return ("lookup", *(word for pair in place.split(",") for word in pair.partition("=")[::2]))


def _keychain(place: str, field: str) -> tuple[str, ...]:
    return ("find-generic-password", "-w", "-s", place, *(("-a", field) if field else ()))


PROGRAMS: Mapping[str, Program] = {
    "pass": Program("pass", lambda place, _: ("show", place), "install pass", value=_first_line),
    "gopass": Program("gopass", lambda place, _: ("show", "--password", place), "install gopass"),
    "sops": Program("sops", _sops, "install sops: https://getsops.io", takes_file=True),
    "op": Program(
        "op",
        lambda place, _: ("read", "--no-newline", f"op:{place}"),
        "install the command line of 1Password: https://developer.1password.com/docs/cli",
    ),
    "bw": Program("bw", _bw, "install the command line of Bitwarden: npm install -g @bitwarden/cli", value=_bw_value),
    "secret-service": Program("secret-tool", _attributes, "apt install libsecret-tools"),
    "keychain": Program("security", _keychain, "it is a part of macOS"),
}

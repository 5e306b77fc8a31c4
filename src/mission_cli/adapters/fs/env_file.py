"""Keys: the key file of a user, and the references `env:NAME` and `file:PATH` in a runner's settings.

The key file has lines `NAME=value`. Variables that are set in the environment take precedence. An existing file is
never rewritten, and no shell reads it.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.fs.atomic import read_bytes, write_new
from mission_cli.domain.errors import DocumentError
from mission_cli.domain.notice import advise
from mission_cli.ports.machine import Obstacle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LINE = pattern(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)\Z")
_QUOTED = pattern(r"""(?P<quote>['"])(?P<text>.*?)(?P=quote)(?:\s+#.*)?\Z""")
_LINE_ENDS = pattern(r"\r\n|\r|\n")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_COMMENT = pattern(r"\s#")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_NEW = """\
# Key file of mission: keys and tokens for agents, proxies, certificates. Every `mission` command reads it, also when
# cron starts it. Variables that are set in your shell take precedence. Write one NAME=value per line; quotes around
# the value are removed, and nothing is expanded. Keep this file readable only by you.
#
# ANTHROPIC_API_KEY=
# OPENAI_API_KEY=
# HTTPS_PROXY=
"""


def read_environment(path: Path) -> dict[str, str]:
    """Return the variables of a key file; empty if there is none. Raises DocumentError with path and line."""
    return {name: _unquoted(value) for name, value in _lines(path)}


def commented_values(path: Path) -> list[str]:
    """Return the names whose unquoted value contains a `#` comment, which is therefore part of the value."""
    return [name for name, value in _lines(path) if _COMMENT.search(value) and not _QUOTED.match(value)]


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    try:
        raw = read_bytes(path) or b""
    except OSError as error:
        raise DocumentError(f"it cannot be read: {error.strerror}", where=str(path)) from error
    if raw.startswith(_UTF_16):
        raise DocumentError("the file is UTF-16", where=f"{path}:1:1", hint="save it as UTF-8")
    said = raw.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    for number, line in enumerate(_LINE_ENDS.split(said), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = _LINE.match(text)
        if match is None or "\0" in text:
            raise DocumentError("this line is not NAME=value", where=f"{path}:{number}:1", hint="comments begin with #")
        yield match["name"], match["value"]


def make_environment(path: Path) -> bool:
    """Create the key file, with comments only, readable only by its owner; False if something exists there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        write_new(path, _NEW.encode(), mode=0o600)
    except FileExistsError:
        return False
    return True


def open_to_others(path: Path) -> bool:
    """Whether anyone but the owner can read or write the file."""
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False


def is_reference(value: str) -> bool:
    """Whether a setting's value refers to a secret."""
    return value.startswith(("env:", "file:"))


def resolved(value: str, environment: Mapping[str, str]) -> str:
    """Return a setting's value; `env:NAME` and `file:PATH` are replaced by the secret they refer to."""
    if value.startswith("env:"):
        return environment.get(value.removeprefix("env:"), "")
    if value.startswith("file:"):
        content = read_bytes(_place(value, environment))
        return (content or b"").decode("utf-8", "replace").strip()
    return value


def missing_key(settings: Mapping[str, str], environment: Mapping[str, str], file: Path) -> Obstacle | None:
    """Return the first reference in a runner's `env` without a value, or None; `file` is where to put the key."""
    for name, value in settings.items():
        if not is_reference(value) or _leads_somewhere(value, environment):
            continue
        if value.startswith("env:"):
            wanted = value.removeprefix("env:")
            return Obstacle(f"{name} refers to ${wanted}, which is not set", advise(f"put {wanted}=… into {file}"))
        place = _place(value, environment)
        return Obstacle(f"{name} refers to {place}, which is empty or cannot be read", advise("create that file"))
    return None


def _leads_somewhere(value: str, environment: Mapping[str, str]) -> bool:
    try:
        return bool(resolved(value, environment))
    except OSError:
        return False


def _place(value: str, environment: Mapping[str, str]) -> Path:
    name = value.removeprefix("file:")
    if name.startswith("~/") and environment.get("HOME"):
        return Path(environment["HOME"]) / name.removeprefix("~/")
    return Path(name).expanduser()


def _unquoted(text: str) -> str:
    found = _QUOTED.match(text)
    return found["text"] if found else text

"""Where the token for a forge comes from: a setting, a variable, or GitHub's own program.

A token never goes into an argument of a program, a message or a file.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.adapters.fs.env_file import is_reference, resolved
from mission_cli.adapters.proc.run import run
from mission_cli.domain.errors import ForgeError, ForgeTrouble, ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PLAIN: Mapping[str, tuple[str, ...]] = {
    "github": ("GH_TOKEN", "GITHUB_TOKEN"),
    "gitlab": ("GITLAB_TOKEN",),
    "forgejo": ("FORGEJO_TOKEN", "GITEA_TOKEN"),
}
"""Variables in the order in which the forges' own programs read them."""
_ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
VARIABLES = frozenset({*_ENTERPRISE, *(name for names in _PLAIN.values() for name in names)})
"""Every variable that may hold a token; no job gets one."""
_GH_SECONDS = 10.0
_NO_REFERENCE = "write where the token is, never the token: env:NAME or file:PATH"


@dataclass(frozen=True, slots=True)
class Token:
    """A token and where it comes from."""

    value: str
    source: str
    """For messages: `$GITHUB_TOKEN`, `file:~/.token`, `gh auth token`."""

    def __repr__(self) -> str:
        """Return it without the value."""
        return f"Token(source={self.source!r})"


def names_for(kind: str, host: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the variables that may hold a token for a host, the first one first.

    As for `gh`, a token for github.com goes to no other host of GitHub's kind, unless this is a job of that host.
    """
    if kind != "github" or host == "github.com" or host.endswith(".ghe.com"):
        return _PLAIN.get(kind, ())
    at_home = environment.get("GITHUB_SERVER_URL", "").rstrip("/").lower().endswith(f"://{host}")
    return (*_ENTERPRISE, *(_PLAIN["github"] if at_home else ()))


def find_token(
    kind: str,
    host: str,
    environment: Mapping[str, str],
    reference: str = "",
    *,
    ask: Callable[[str, Mapping[str, str]], str] | None = None,
) -> Token | None:
    """Return the token for a host, or None if there is none.

    `reference` is the setting: `env:NAME` or `file:PATH`; then nothing else is tried. `ask` asks GitHub's own program
    for a host's token (`gh_token`). Raises ForgeError if the setting is no reference, or leads to nothing.
    """
    if reference:
        return Token(_referred(reference, environment), _shown(reference))
    for name in names_for(kind, host, environment):
        if value := environment.get(name, "").strip():
            return Token(value, f"${name}")
    found = (ask or gh_token)(host, environment) if kind == "github" else ""
    return Token(found, "gh auth token") if found else None


def need_token(kind: str, host: str, environment: Mapping[str, str]) -> ForgeError:
    """Return the error that there is no token for a host."""
    names = names_for(kind, host, environment)
    logins = f", or log in with `gh auth login --hostname {host}`" if kind == "github" else ""
    return ForgeError(ForgeTrouble.UNAUTHORIZED, f"there is no token for {host}", hint=f"set {names[0]}{logins}")


def gh_token(host: str, environment: Mapping[str, str]) -> str:
    """Return the token that `gh` has for a host; empty if it is not installed or not logged in."""
    program = shutil.which("gh", path=environment.get("PATH", ""))
    if program is None:
        return ""
    around = {name: value for name, value in environment.items() if name not in {*_PLAIN["github"], *_ENTERPRISE}}
    around |= {"GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1"}
    try:
        done = run([program, "auth", "token", "--hostname", host], cwd="/", env=around, timeout=_GH_SECONDS)
    except ToolError:
        return ""
    return done.out.decode("utf-8", "replace").strip() if done.code == 0 else ""


def _referred(reference: str, environment: Mapping[str, str]) -> str:
    if not is_reference(reference):
        raise ForgeError(ForgeTrouble.UNAUTHORIZED, "the setting `token` is not a reference", hint=_NO_REFERENCE)
    try:
        value = resolved(reference, environment)
    except OSError as error:
        why = error.strerror or "it cannot be read"
        raise ForgeError(
            ForgeTrouble.UNAUTHORIZED, f"the token in {reference} cannot be read: {why}", hint="correct the file"
        ) from error
    if not value:
        raise ForgeError(
            ForgeTrouble.UNAUTHORIZED, f"{_shown(reference)} is empty or missing", hint="put a token there"
        )
    return value


def _shown(reference: str) -> str:
    return f"${reference.removeprefix('env:')}" if reference.startswith("env:") else reference

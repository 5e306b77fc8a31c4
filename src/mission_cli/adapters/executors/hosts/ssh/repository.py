"""The bare repository on the machine, and git over the same connection."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING
from urllib.parse import quote

from mission_cli.adapters.proc.run import outside_of_git, run
from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mission_cli.adapters.executors.hosts.ssh.connection import Answer, Connection

OLDEST_GIT = (2, 38)
_SETTINGS = {
    "core.fsync": "all",
    "core.hooksPath": "/dev/null",
    "gc.autoDetach": "false",
    "receive.fsckObjects": "true",
}
_SAID = "format: "
_MARK = "mission-git-begins"
_COMMANDS = (
    ("version=2:git-upload-pack*", "upload-pack", "GIT_PROTOCOL=version=2; export GIT_PROTOCOL; "),
    ("*:git-upload-pack*", "upload-pack", ""),
    ("*:git-receive-pack*", "receive-pack", ""),
)
"""What git asks for, as a pattern; the command of git there; what has to come before it."""


def git_version(text: str) -> tuple[int, ...]:
    """Return the version in what `git --version` says; empty if there is none."""
    told = re.search(r"git version (\d+)\.(\d+)", text)
    return (int(told[1]), int(told[2])) if told else ()


def object_format(folder: Path, environment: Mapping[str, str]) -> str:
    """Return the object format of the repository around a folder; that of most repositories if there is none."""
    done = run(["git", "rev-parse", "--show-object-format"], cwd=folder, env=outside_of_git(environment))
    return done.out.decode().strip() if done.code == 0 else "sha1"


def make(do: Callable[[str], Answer], name: str, path: str, wanted: str) -> None:
    """Make the repository there unless it exists. Raises ToolError if git there cannot."""
    there = shlex.quote(path)
    settings = "\n".join(f"git --git-dir={there} config {key} {shlex.quote(to)}" for key, to in _SETTINGS.items())
    answer = do(
        "unset GIT_DIR; git --version || exit 1\n"
        f"[ -f {there}/HEAD ] || {{ mkdir -p {there} &&"
        f" git init --quiet --bare --template= --object-format={wanted} {there} || exit 1\n{settings}\n}}\n"
        f"printf '{_SAID}'; git --git-dir={there} rev-parse --show-object-format"
    )
    text = answer.out.decode(errors="replace")
    version = git_version(text)
    oldest = ".".join(map(str, OLDEST_GIT))
    if version < OLDEST_GIT:
        said = f"is {'.'.join(map(str, version))}, which is too old" if version else f"does not work: {answer.words}"
        raise ToolError(f"{name}: git there {said}", hint=f"install git {oldest} or newer on that machine")
    known = text.rpartition(_SAID)[2].strip()
    if answer.code:
        raise ToolError(f"{name}: the repository {path} cannot be made there: {answer.words}")
    if known != wanted:
        raise ToolError(
            f"{name}: the repository {path} there has the object format {known}, this one {wanted}",
            hint=f"remove the folder {path} on that machine; it is made again",
        )


def url_of(address: str, path: str) -> str:
    """Return the URL of a path on the machine."""
    if address.startswith("ssh://"):
        return f"{address.rstrip('/')}{quote(path)}"
    user, at, machine = address.rpartition("@")
    return f"ssh://{user}{at}{f'[{machine}]' if ':' in machine else machine}{quote(path)}"


def git_script(connection: Connection, repository: str, path: str) -> str:
    """Return a script that git runs instead of `ssh`, for this repository with this PATH there.

    Startup files on the machine may print something, which git would take for its protocol: what comes before the mark
    is dropped. What git passes is the command; the destination and its options are known.
    """
    ssh = shlex.join([*connection.argv("-o", "ControlMaster=no"), "-T", "--", connection.address])
    cases = "\n".join(
        f"    {wanted}) there={shlex.quote(_there(verb, repository, path, protocol))} ;;"
        for wanted, verb, protocol in _COMMANDS
    )
    return f"""\
#!/bin/sh
# Runs a command of git on the host, over the connection that `mission` has there.
cd {shlex.quote(str(connection.folder))} || exit 255
for last in "$@"; do :; done
case "$GIT_PROTOCOL:$last" in
{cases}
    *) exit 128 ;;
esac
{ssh} "$there" | {{ while IFS= read -r line; do [ "$line" = {_MARK} ] && exec cat; done; }}
"""


def _there(verb: str, repository: str, path: str, protocol: str) -> str:
    """Return the command line for the login shell there."""
    found = f"PATH={shlex.quote(path)}; export PATH; " if path else ""
    inner = f"echo; echo {_MARK}; {found}{protocol}exec git {verb} {shlex.quote(repository)}"
    if "\\" in inner:
        raise ToolError("a path on the host contains a backslash", hint="set `root` of the host to another folder")
    return f"exec /bin/sh -c {shlex.quote(inner)}"

"""Run a program and wait for it, or start one that outlives this process. Nothing is inherited unless it is named."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_DETACH = '"$@" &'


_OF_A_GIT = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_CEILING_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_CONFIG",
        "GIT_CONFIG_COUNT",
        "GIT_CONFIG_PARAMETERS",
        "GIT_DIR",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)
"""Variables by which a git that runs a hook or an alias passes on its own repository."""


def outside_of_git(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the variables of a surrounding git about its repository."""
    return {name: value for name, value in environment.items() if name not in _OF_A_GIT}


@dataclass(frozen=True, slots=True)
class Completed:
    """The result of a program. `code` is negative for a signal."""

    code: int
    out: bytes
    err: bytes


def run(
    argv: Sequence[str],
    *,
    cwd: Path | str,
    env: Mapping[str, str],
    stdin: bytes = b"",
    timeout: float | None = 120,
    alone: bool = False,
) -> Completed:
    """Run a program to its end. Raises ToolError if it is missing or takes longer than `timeout` seconds.

    `alone`: in a session of its own, so that it cannot ask on the terminal.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the door: argv is a list, no shell
            list(argv),
            cwd=cwd,
            env=dict(env),
            input=stdin or None,
            stdin=None if stdin else subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
            start_new_session=alone,
        )
    except FileNotFoundError as error:
        missing = argv[0] if Path(cwd).is_dir() else str(cwd)
        raise ToolError(f"`{missing}` was not found", hint=f"install {argv[0]}, or put it on PATH") from error
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"`{argv[0]}` did not end within {timeout:.0f} s") from error
    except OSError as error:
        raise ToolError(f"`{argv[0]}` cannot be started: {error.strerror}") from error
    return Completed(done.returncode, done.stdout, done.stderr)


def start_detached(
    argv: Sequence[str], *, cwd: Path | str, env: Mapping[str, str], log: Path, keep: Sequence[int] = ()
) -> None:
    """Start a program detached in its own session; its output is appended to `log`.

    `keep` are file descriptors that it inherits under the same numbers.
    """
    with log.open("ab") as out:
        subprocess.run(  # noqa: S603 - the door: the shell's text is a constant, argv is passed as arguments
            ["/bin/sh", "-c", _DETACH, "sh", *argv],
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            pass_fds=tuple(keep),
            start_new_session=True,
            check=True,
        )


def start_bound(
    argv: Sequence[str],
    *,
    cwd: Path | str,
    env: Mapping[str, str],
    log: Path,
    before_exec: Callable[[], None],
    keep: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a child in its own session; its output is appended to `log`. Raises OSError if it cannot be executed."""
    with log.open("ab") as out:
        return subprocess.Popen(  # noqa: S603 - the door: argv is a list, no shell
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            pass_fds=tuple(keep),
            start_new_session=True,
            preexec_fn=before_exec,  # noqa: PLW1509 - its caller has one thread
        )


def start_child(
    argv: Sequence[str],
    *,
    cwd: Path | str,
    env: Mapping[str, str],
    stdin: Path,
    before_exec: Callable[[], None] | None = None,
    keep: Sequence[int] = (),
    merged: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a child in its own session, with its output in two pipes. Raises OSError if it cannot be executed.

    `merged`: its output is in one pipe. `keep` are file descriptors that it inherits under the same numbers.
    """
    with stdin.open("rb") as source:
        return subprocess.Popen(  # noqa: S603 - the door: argv is a list, no shell
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merged else subprocess.PIPE,
            pass_fds=tuple(keep),
            start_new_session=True,
            preexec_fn=before_exec,  # noqa: PLW1509 - the supervisor has one thread
        )


def start_peer(argv: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a child that is talked to through its standard input and output, in this folder and environment.

    It belongs to this process's group, so that what ends one ends both. Raises OSError if it cannot be executed.
    """
    return subprocess.Popen(list(argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - the door


def end_peer(child: subprocess.Popen[bytes], patience: float) -> int:
    """Close the input of such a child, and return its exit status; it is ended if it does not end by itself."""
    if child.stdin is not None:
        with suppress(OSError):
            child.stdin.close()
    for end in (child.terminate, child.kill):
        with suppress(subprocess.TimeoutExpired):
            return child.wait(patience)
        end()
    return child.wait()


def interact(argv: Sequence[str], *, cwd: Path | str, env: Mapping[str, str], hint: str = "set EDITOR") -> int:
    """Run a program on this terminal (an editor); return its exit status. Raises ToolError if it is missing."""
    try:
        return subprocess.run(list(argv), cwd=cwd, env=dict(env), check=False).returncode  # noqa: S603 - the door
    except OSError as error:
        raise ToolError(f"`{argv[0]}` cannot be started: {error.strerror}", hint=hint) from error


def feed(argv: Sequence[str], text: str, *, env: Mapping[str, str]) -> int:
    """Run a program on this terminal (a pager) with a text on its standard input; return its exit status.

    Raises ToolError if it cannot be started. An interrupt is the program's affair.
    """
    try:
        process = subprocess.Popen(list(argv), env=dict(env), stdin=subprocess.PIPE)  # noqa: S603 - the door
    except OSError as error:
        raise ToolError(f"`{argv[0]}` cannot be started: {error.strerror}", hint="set PAGER") from error
    data: bytes | None = text.encode("utf-8", "replace")
    while process.returncode is None:
        with suppress(KeyboardInterrupt):
            process.communicate(data)
        data = None
    return process.returncode

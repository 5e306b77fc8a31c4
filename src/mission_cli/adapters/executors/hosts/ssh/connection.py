"""One connection to a machine, by the person's own `ssh`.

A master process keeps the connection; calls go over its control socket. What runs on the machine is written to the
standard input of a POSIX shell there, so that neither `ps` nor the login shell sees it.
"""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import one_line
from mission_cli.adapters.executors.hosts.ssh.there import begin_mark, end_mark, framed, reader
from mission_cli.adapters.executors.hosts.ssh.trouble import Trouble, understand
from mission_cli.adapters.executors.remote.launcher import UnreachableError
from mission_cli.adapters.proc.run import run
from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mission_cli.adapters.proc.run import Completed

_CONNECT_S = 15
_ALIVE_S, _ALIVE_COUNT = 10, 3
_IDLE_S = 300
"""How long the connection stays after the process that used it has died."""
CALL_S = 60
_FRESH_S = 5.0
"""A connection that answered in this time is not asked again whether it is there."""
_SLOWEST = 16 * 1024
"""Bytes per second that even a slow connection takes."""
_LOST = 255
"""The exit status of ssh when the connection is the problem, and of some programs."""
OPTIONS = {
    "BatchMode": "yes",
    "StrictHostKeyChecking": "yes",
    "ConnectTimeout": str(_CONNECT_S),
    "ServerAliveInterval": str(_ALIVE_S),
    "ServerAliveCountMax": str(_ALIVE_COUNT),
    "ClearAllForwardings": "yes",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "PermitLocalCommand": "no",
    "RemoteCommand": "none",
    "RequestTTY": "no",
    "EscapeChar": "none",
}
"""What has to hold whatever the configuration of ssh says; everything else is as the person has it."""
_NEVER_ASK = {"SSH_ASKPASS": "/bin/false", "SSH_ASKPASS_REQUIRE": "force"}
"""The ssh of a jump host gets no BatchMode: it would ask on the terminal."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a script ended there."""

    code: int
    out: bytes
    err: str = ""

    @property
    def words(self) -> str:
        """What it said last."""
        lines = (self.err.strip() or self.out.decode(errors="replace").strip()).splitlines()
        return one_line(lines[-1]) if lines else f"exit status {self.code}"


class Connection:
    """The connection of one process to one machine. `folder` is for the control socket."""

    def __init__(self, name: str, address: str, *, environment: Mapping[str, str], folder: Path) -> None:
        if not address or address.startswith("-") or not address.isprintable() or " " in address:
            raise ToolError(
                f"hosts.{name}: address `{one_line(address)}` is not a destination of ssh",
                hint=f"set hosts.{name}.address to HOST, USER@HOST or the name of a Host in ~/.ssh/config",
            )
        self._name, self.address, self.folder = name, address, folder
        self.environment = {**environment, **_NEVER_ASK}
        self._socket = f"c{os.getpid()}"
        """Relative to the folder, in which ssh runs: the path of a socket has at most 107 bytes."""
        self._answered = -_FRESH_S

    def call(self, script: str, data: bytes = b"", *, login: bool = False, timeout: float = CALL_S) -> Answer:
        """Run a script of the POSIX shell there, with `data` as its input.

        `login`: with the environment of the person's login shell.
        """
        self.connect()
        nonce = secrets.token_hex(8)
        text = framed(script, nonce, login=login).encode()
        words = ("-T", "--", self.address, reader(len(text)))
        try:
            done = self._ssh(*words, stdin=text + data, timeout=timeout + len(data) / _SLOWEST)
        except UnreachableError:
            self._drop()
            raise
        answer = self._answer(done, nonce)
        self._answered = monotonic()
        return answer

    def connect(self) -> float | None:
        """Connect unless there is a connection; return how many seconds that took, None if there was one."""
        if (self.folder / self._socket).exists():
            if monotonic() - self._answered < _FRESH_S:
                return None
            if self._ssh("-O", "check", "--", self.address, timeout=_CONNECT_S).code == 0:
                return None
            self._drop()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._remove_stale()
        said = self.folder / f"{self._socket}.err"
        began = monotonic()
        # In a file: a ProxyCommand stays for as long as the connection, and would hold a pipe open.
        keep = ["/bin/sh", "-c", 'said=$1; shift; exec "$@" >/dev/null 2>"$said"', "sh", str(said.name)]
        argv = self.argv("-M", "-N", "-o", f"ControlPersist={_IDLE_S}")
        try:
            done = self._run([*keep, *argv, "--", self.address], b"", 2 * _CONNECT_S + 5)
            if done.code:
                raise self._lost(self._why(said.read_text("utf-8", "replace")))
        finally:
            said.unlink(missing_ok=True)
        return monotonic() - began

    def argv(self, *options: str) -> list[str]:
        """Return `ssh` with all options; it has to run in the folder."""
        program = shutil.which("ssh", path=self.environment.get("PATH"))
        if program is None:
            raise ToolError("`ssh` was not found", hint="install the OpenSSH client")
        always = [word for name, value in OPTIONS.items() for word in ("-o", f"{name}={value}")]
        return [program, *options, *always, "-o", f"ControlPath={self._socket}"]

    def store_git_script(self, text: str) -> Path:
        """Store the script by which git uses this connection; return its path."""
        path = self.folder / f"{self._socket}.git"
        path.write_text(text)
        return path

    def close(self) -> None:
        """End the connection, if there is one."""
        self._drop()
        (self.folder / f"{self._socket}.git").unlink(missing_ok=True)

    def _drop(self) -> None:
        if (self.folder / self._socket).exists():
            self._end(self._socket)

    def _remove_stale(self) -> None:
        """End the connections of processes that have died."""
        for path in self.folder.glob("c[0-9]*"):
            pid = path.name[1:].partition(".")[0]
            if pid.isdecimal() and not _is_alive(int(pid)):
                if path.is_socket():
                    self._end(path.name)
                path.unlink(missing_ok=True)

    def _end(self, socket: str) -> None:
        with suppress(UnreachableError):
            argv = self.argv("-o", f"ControlPath={socket}", "-O", "exit")
            self._run([*argv, "--", self.address], b"", _CONNECT_S)
        (self.folder / socket).unlink(missing_ok=True)

    def _ssh(self, *words: str, stdin: bytes = b"", timeout: float) -> Completed:
        return self._run([*self.argv("-o", "ControlMaster=no"), *words], stdin, timeout)

    def _run(self, argv: list[str], stdin: bytes, timeout: float) -> Completed:
        """Run ssh for a limited time. A connection that does not answer in that time is given up."""
        try:
            return run(argv, cwd=self.folder, env=self.environment, stdin=stdin, timeout=timeout)
        except ToolError as error:
            if isinstance(error.__cause__, OSError):
                raise
            raise self._lost(Trouble(f"no answer within {timeout:.0f} s")) from error

    def _why(self, said: str) -> Trouble:
        """Return why there is no connection. A master drops what the ssh of a jump host says: ask once more without."""
        trouble = understand(said, self.address)
        if trouble.hint:
            return trouble
        argv = self.argv("-T", "-o", "ControlMaster=no", "-o", "ControlPath=none")
        done = self._run([*argv, "--", self.address, "exit"], b"", 2 * _CONNECT_S)
        return understand(done.err.decode(errors="replace"), self.address) if done.code else trouble

    def _lost(self, trouble: Trouble) -> UnreachableError:
        return UnreachableError(f"{self._name}: {trouble.words}", hint=trouble.hint)

    def _answer(self, done: Completed, nonce: str) -> Answer:
        err = done.err.decode(errors="replace")
        said, begun, rest = done.out.partition(begin_mark(nonce))
        out, ended, code = (rest if begun else said).rpartition(end_mark(nonce))
        if begun and ended and code.strip().isdigit():
            return Answer(int(code), out, err)
        if not ended and (done.code == _LOST or done.code < 0 or begun):
            raise self._lost(understand(err, self.address))
        words = one_line(err.strip() or out.decode(errors="replace").strip(), 300)
        raise ToolError(
            f"{self._name}: the login shell there ended before it ran our command{words and f': {words}'}",
            hint="its startup files must not end the shell, start another program, or read standard input",
        )


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

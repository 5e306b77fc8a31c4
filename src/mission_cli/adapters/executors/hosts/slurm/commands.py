"""Where the commands of Slurm run: on this machine, or on a login node."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Protocol

from mission_cli.adapters.executors.hosts.slurm.states import is_unreachable, message
from mission_cli.adapters.executors.hosts.ssh.connection import Answer, Connection
from mission_cli.adapters.executors.hosts.ssh.repository import git_script, make, object_format, url_of
from mission_cli.adapters.executors.remote.launcher import Exchange, UnreachableError
from mission_cli.adapters.proc.run import run
from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mission_cli.domain.hosts.host import Host

_CALL_S = 60
_NO_COMMAND = 127


class _Calls(Protocol):
    """Runs scripts of the POSIX shell."""

    def call(self, script: str, data: bytes = b"", *, login: bool = False, timeout: float = _CALL_S) -> Answer:
        """Run one, with `data` as its input."""
        ...

    def close(self) -> None:
        """Close connections."""
        ...


class _Here:
    """Runs scripts on this machine."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def call(self, script: str, data: bytes = b"", *, login: bool = False, timeout: float = _CALL_S) -> Answer:
        """Run one in the environment of this program; `login` changes nothing."""
        del login
        done = run(["/bin/sh", "-c", script], cwd="/", env=self._environment, stdin=data, timeout=timeout)
        return Answer(done.code, done.out, done.err.decode("utf-8", "replace"))

    def close(self) -> None:
        """Do nothing: nothing is open."""


class Commands:
    """Runs scripts that use the commands of Slurm, with the folder of the host as their first argument."""

    def __init__(self, host: Host, environment: Mapping[str, str], folder: Path) -> None:
        self._name, self.root = host.name, host.root or "~/.cache/mission"
        self._address, self._environment, self._folder = host.address, environment, folder
        self._connection = (
            Connection(host.name, host.address, environment=environment, folder=folder) if host.address else None
        )
        self._calls: _Calls = self._connection or _Here(environment)

    def run(self, script: str, *arguments: str, data: bytes = b"", timeout: float = _CALL_S) -> bytes:
        """Return what a script printed. Raises UnreachableError if the controller did not answer, else ToolError."""
        text = f"set -- {shlex.join((self.root, *arguments))}\n{script}"
        answer = self._calls.call(text, data, login=True, timeout=timeout)
        if answer.code == 0:
            return answer.out
        words = message(answer.err) or answer.words
        if is_unreachable(answer.err):
            raise UnreachableError(f"{self._name}: Slurm does not answer: {words}")
        where = self._address or "this machine"
        missing = answer.code == _NO_COMMAND or "not found" in answer.err
        raise ToolError(
            f"{self._name}: {words}",
            hint=f"the commands of Slurm must be on PATH on {where}" if missing else "",
        )

    def lines(self, script: str, *arguments: str, data: bytes = b"", timeout: float = _CALL_S) -> list[str]:
        """Return the lines that a script printed."""
        return self.run(script, *arguments, data=data, timeout=timeout).decode("utf-8", "replace").splitlines()

    def exchange(self, path: str) -> Exchange:
        """Return the repository at a path of the shared folder, made if it is missing, as both sides reach it."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        wanted = object_format(self._folder, self._environment)
        make(lambda script: self._calls.call(script, login=True), self._name, path, wanted)
        if self._connection is None:
            return Exchange(path, path)
        script = self._connection.store_git_script(git_script(self._connection, path, ""))
        env = {"GIT_SSH_COMMAND": shlex.join(("/bin/sh", str(script))), "GIT_SSH_VARIANT": "ssh"}
        return Exchange(url_of(self._address, path), path, env)

    def close(self) -> None:
        """Close the connection to the login node."""
        self._calls.close()

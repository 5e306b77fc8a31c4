"""The egress proxy of a job: it starts before the job's program, ends with it, and dies with the supervisor.

The keys go to the proxy through a pipe. They are in no file, no argument and no environment of the job. If the program
has a network of its own, `sandbox/bridge.py` opens the port in there and hands it to the proxy.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.proc import control
from mission_cli.adapters.proc.dialogue import Dialogue
from mission_cli.domain.egress.gate import read_gate, unfit
from mission_cli.domain.errors import ToolError
from mission_cli.domain.resources.delivery import NO_VALUE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.adapters.executors.jobs.folder import JobFolder, Surroundings
    from mission_cli.ports.executor import Key

INNER_PORT = 61080
"""In a network of its own every port is free."""
_SECONDS = 30.0
_NEEDED = ("h11", "httpx")
_PASSED_ON = pattern(r"PATH|LANG|LC_.*|TZ|SSL_CERT_FILE|SSL_CERT_DIR|(?:https?|all|no)_proxy|(?:HTTPS?|ALL|NO)_PROXY")
_PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
_LOOPBACK = "127.0.0.1,localhost"


def address_variable(name: str) -> str:
    """Return the variable with the address under which a program uses a key."""
    return f"{name}_URL"


class Egress:
    """The running proxy. Raises ToolError if it cannot be started."""

    def __init__(
        self, job: JobFolder, keys: Sequence[Key], values: Mapping[str, str], around: Surroundings, *, inside: bool
    ) -> None:
        """`values` are the keys by name. `inside`: the program has a network of its own."""
        missing = next((name for name in _NEEDED if find_spec(name) is None), None)
        if missing is not None:
            raise ToolError(
                f"a key with a proxy needs the Python package {missing} (extra http): pip install {missing}"
            )
        tokens = {key.name: secrets.token_hex(24) for key in keys}
        doors = [{"name": k.name, "gate": k.gate, "token": tokens[k.name], "value": values[k.name]} for k in keys]
        why = next((f"{name}: {words}" for name, value in values.items() if (words := unfit(value))), "")
        if why:
            raise ToolError(f"{NO_VALUE}{why}")
        self._secrets = [text for k in keys for text in read_gate(k.gate).credentials(values[k.name])]
        ours: socket.socket | None = None
        self._theirs: socket.socket | None = None
        if inside:
            ours, self._theirs = socket.socketpair()
        self._program = Dialogue(
            [*around.proxy, *([str(ours.fileno())] if ours else [])],
            cwd="/",
            env={name: value for name, value in around.environment.items() if _PASSED_ON.fullmatch(name)},
            patience=_SECONDS,
            log=job.requests,
            keep=[ours.fileno()] if ours else [],
            before_exec=control.die_with_parent(),
        )
        if ours is not None:
            ours.close()
        try:
            self._program.say(json.dumps(doors).encode() + b"\n")
            port = int(self._program.line()) or INNER_PORT
        except (ToolError, ValueError) as error:
            self.close()
            raise ToolError("the proxy for its keys cannot be started") from error
        self.tokens = {token: address_variable(name) for name, token in tokens.items()}
        """What makes the addresses secret, with the names of their variables."""
        self._addresses = {address_variable(name): f"http://127.0.0.1:{port}/{token}" for name, token in tokens.items()}

    @property
    def kept(self) -> list[int]:
        """Return the descriptors that the program's sandbox inherits."""
        return [self._theirs.fileno()] if self._theirs is not None else []

    @property
    def bridge(self) -> tuple[str, ...]:
        """Return the command that opens the port inside the sandbox, then runs the program; empty: none is needed."""
        if self._theirs is None:
            return ()
        script = Path(__file__).parents[1] / "sandbox" / "bridge.py"
        return (sys.executable, "-I", "-S", os.fspath(script), str(self._theirs.fileno()), str(INNER_PORT))

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return the variables of the program with the addresses, and without any that contains a key.

        Another proxy that it uses gets no requests for them.
        """
        kept = {name: said for name, said in given.items() if not any(text in said for text in self._secrets)}
        around = {**kept, **self._addresses}
        if any(given.get(name) for name in _PROXIES):
            before = given.get("NO_PROXY") or given.get("no_proxy") or ""
            around |= dict.fromkeys(("NO_PROXY", "no_proxy"), f"{before},{_LOOPBACK}" if before else _LOOPBACK)
        return around

    def close(self) -> None:
        """End the proxy."""
        self._program.kill()
        if self._theirs is not None:
            self._theirs.close()

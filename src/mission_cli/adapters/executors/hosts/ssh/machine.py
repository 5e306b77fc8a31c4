"""What is known of the machine at the other end: its folder, its PATH, its Python."""

from __future__ import annotations

import shlex
import time
from math import inf
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import asdict, dataclass
from mission_cli._support.text import one_line
from mission_cli.adapters.executors.hosts.ssh.connection import CALL_S
from mission_cli.adapters.executors.hosts.ssh.there import learn_path
from mission_cli.adapters.fs.atomic import read_json, write_json
from mission_cli.domain.errors import ToolError
from mission_cli.domain.notice import do

if TYPE_CHECKING:
    from mission_cli.adapters.executors.hosts.ssh.connection import Answer, Connection
    from mission_cli.domain.hosts.host import Host

OLDEST_PYTHON = (3, 11)
_ROOT = "~/.cache/mission"
_NOTE = "machine.json"
_PYTHON = "command -v PYTHON && PYTHON -I -c 'import sys; print(*sys.version_info[:2])' 2>&1; exit 0"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the machine."""

    root: str
    """The folder for everything that is kept there, absolute."""
    path: str
    """The PATH of an interactive login shell; empty: unknown."""
    python: str
    """The path of Python."""


class Machine:
    """Runs scripts on the machine, with the PATH that the person has there."""

    def __init__(self, host: Host, connection: Connection) -> None:
        self._host, self._connection = host, connection
        self._known: Known | None = None

    def known(self, *, youngest_s: float = inf) -> Known:
        """Return what the last `learn` found, of an earlier process too, unless that is older."""
        if self._known is None:
            note = read_json(self._connection.folder / _NOTE)
            fits = isinstance(note, dict) and note.get("about") == self._about()
            young = fits and 0 <= time.time() - note["at"] < youngest_s
            self._known = Known(**note["known"]) if young else self.learn()
        return self._known

    def learn(self) -> Known:
        """Make the folder there, and ask what is needed. Raises ToolError if Python is missing or too old."""
        root, path, said = self.settle(_PYTHON.replace("PYTHON", shlex.quote(self._host.python)))
        place, _, version = said.strip().rpartition("\n")
        numbers = tuple(int(n) for n in version.split() if n.isdecimal())
        oldest = ".".join(map(str, OLDEST_PYTHON))
        hint = f"install Python {oldest} or newer there, and name it in hosts.{self._host.name}.python"
        if len(numbers) != len(OLDEST_PYTHON):
            words = (
                f"{self._host.name}: `{self._host.python}` does not work there: {one_line(said) or 'it says nothing'}"
            )
            raise ToolError(words, hint=hint)
        if numbers < OLDEST_PYTHON:
            words = f"{self._host.name}: `{self._host.python}` is Python {'.'.join(map(str, numbers))}"
            raise ToolError(words, hint=hint)
        self._known = Known(root, path, place.rpartition("\n")[2])
        note = {"about": self._about(), "at": time.time(), "known": asdict(self._known)}
        write_json(self._connection.folder / _NOTE, note, durable=False)
        return self._known

    def settle(self, further: str) -> tuple[str, str, str]:
        """Make the folder there; return its path, the PATH of a login shell, and what `further` prints with that."""
        root = self._host.root or _ROOT
        where = f'"$HOME"/{shlex.quote(root[2:])}' if root.startswith("~/") else shlex.quote(root)
        made = f'umask 077; mkdir -p {where} && cd {where} && printf "<ROOT>%s</ROOT>" "$(pwd -P)" || exit 1'
        answer = self._connection.call(f"{made}\n{learn_path()}\n{further}")
        if answer.code:
            raise self.refused(f"the folder {root} cannot be made there", answer)
        text = answer.out.decode(errors="surrogateescape")
        place, _, said = text.partition("<ROOT>")[2].partition("</ROOT>")
        path, _, rest = said.rpartition("<PATH>")[2].partition("</PATH>")
        return place, path, rest

    def do(self, script: str, data: bytes = b"", *, login: bool = False, timeout: float = CALL_S) -> Answer:
        """Run a script there; `login`: in the environment of a login shell."""
        return self._connection.call(f"{_on(self.known().path)}{script}", data, login=login, timeout=timeout)

    def forget(self) -> None:
        """Forget what is known: its folder was removed."""
        self._known = None
        (self._connection.folder / _NOTE).unlink(missing_ok=True)

    def refused(self, what: str, answer: Answer) -> ToolError:
        """Return the error of a script that failed."""
        return ToolError(f"{self._host.name}: {what}: {answer.words}", hint=do("hosts", "test", self._host.name))

    def _about(self) -> list[str]:
        return [self._host.address, self._host.root, self._host.python]


def _on(path: str) -> str:
    return f"PATH={shlex.quote(path)}; export PATH\n" if path else ""

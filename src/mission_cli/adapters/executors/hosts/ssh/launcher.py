"""Start jobs on a machine that is reached by `ssh`."""

from __future__ import annotations

import hashlib
import json
import secrets
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.adapters.executors.hosts.ssh.connection import Connection
from mission_cli.adapters.executors.hosts.ssh.findings import check
from mission_cli.adapters.executors.hosts.ssh.machine import Machine
from mission_cli.adapters.executors.hosts.ssh.repository import git_script, make, object_format, url_of
from mission_cli.adapters.executors.remote.launcher import Exchange, LaunchLook, LaunchState
from mission_cli.domain.branches.refs import Area
from mission_cli.domain.errors import ToolError
from mission_cli.domain.hosts.cleaning import Cleaned, Remains

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.adapters.executors.remote.launcher import Finding, Launch
    from mission_cli.domain.hosts.cleaning import Cleaning
    from mission_cli.domain.hosts.host import Host

_PLACING = Path(__file__).with_name("placing.py")
_KEEPING = Path(__file__).with_name("keeping.py")
_REMOVING = Path(__file__).with_name("removing.py")
_CLONE = "clone"
_YOUNG_S = 600
"""How long what is known of the machine is used for new jobs; `test` asks again."""
_REMOVE_S = 900
_RESULTS = f"""\
for code in ROOT/*/code.git; do
    [ -f "$code/HEAD" ] || continue
    folder=${{code%/code.git}}; printf 'in %s\\n' "${{folder##*/}}"
    git --git-dir="$code" for-each-ref --format='%(objecttype) %(refname)' {Area.RESULTS} || exit 1
done
"""


class SshLauncher:
    """One machine. Everything on it happens by the person's own `ssh`, over one connection."""

    def __init__(self, host: Host, *, environment: Mapping[str, str], folder: Path) -> None:
        self._host, self._folder = host, folder
        self._connection = Connection(host.name, host.address, environment=environment, folder=folder)
        self._machine = Machine(host, self._connection)

    def prepare(self, program: bytes, digest: str) -> tuple[str, ...]:
        """Put the zipapp there, whole or not at all; its digest is compared there."""
        there = self._machine.known(youngest_s=_YOUNG_S)
        name = f"mission-{digest}.pyz"
        script = _alone(there.python, _PLACING, there.root, name, hashlib.sha256(program).hexdigest())
        for data in (b"", program):
            answer = self._machine.do(script, data)
            if answer.code:
                raise self._machine.refused("the program of mission cannot be stored there", answer)
            if answer.out == b"here":
                return (there.python, "-I", f"{there.root}/{name}")
        raise ToolError(f"{self._host.name}: the program arrived damaged", hint="try again")

    def exchange(self) -> Exchange:
        """Return the repository of the settings, or the one that is kept on the machine."""
        if self._host.exchange:
            return Exchange(self._host.exchange, self._host.exchange)
        path = f"{self._place()}/code.git"
        make(self._machine.do, self._host.name, path, object_format(self._folder, self._connection.environment))
        text = git_script(self._connection, path, self._machine.known().path)
        script = self._connection.store_git_script(text)
        env = {"GIT_SSH_COMMAND": shlex.join(("/bin/sh", str(script))), "GIT_SSH_VARIANT": "ssh"}
        return Exchange(url_of(self._host.address, path), path, env)

    def start(self, launch: Launch) -> None:
        """Start the command in the environment of the person's login shell there."""
        wanted = {
            "id": launch.id,
            "key": launch.key,
            "argv": list(launch.argv),
            "env": dict(launch.env),
            "deadline_s": launch.deadline_s,
        }
        self._keep("start", wanted, login=True)

    def look(self, ids: Sequence[str]) -> Mapping[str, LaunchLook]:
        """Ask about all ids at once."""
        if not ids:
            return {}
        said = json.loads(self._keep("look", {"ids": list(ids)}))
        return {one: LaunchLook(LaunchState(said[one]["state"]), one_line(said[one].get("detail", ""))) for one in ids}

    def cancel(self, job: str) -> None:
        """Send SIGTERM to the process group of the command."""
        self._keep("cancel", {"id": job})

    def output(self, job: str, offset: int) -> tuple[bytes, int]:
        """Return the next part of the output."""
        out = self._keep("output", {"id": job, "offset": offset})
        return out, offset + len(out)

    def free(self) -> int | None:
        """Return None: the machine itself sets no limit."""
        return None

    def forget(self, job: str) -> None:
        """Remove the folder of an ended id."""
        self._keep("forget", {"id": job})

    def clean(self, wanted: Cleaning) -> Cleaned:
        """Remove the folders of this clone, and the program if no other clone uses it."""
        note = self._folder / _CLONE
        known, own = self._machine.known(), (note.read_text(),) if note.exists() else ()
        told = {
            "clones": [*wanted.clones, *own],
            "everything": wanted.everything,
            "dry_run": wanted.dry_run,
            "unread": {} if wanted.discard else self._unread(known.root, dict.fromkeys(own, wanted.taken)),
        }
        script = _alone(known.python, _REMOVING, known.root)
        answer = self._machine.do(script, json.dumps(told).encode(), timeout=_REMOVE_S)
        if answer.code:
            raise self._machine.refused("the files of mission there cannot be removed", answer)
        said = json.loads(answer.out)
        if not wanted.dry_run and not said["busy"] and not said["unread"]:
            note.unlink(missing_ok=True)
            self._machine.forget()
        return Cleaned(
            removed=tuple(Remains(*one) for one in said["removed"]),
            kept=tuple(Remains(*one) for one in said["kept"]),
            busy=tuple(said["busy"]),
            unread=tuple(said["unread"]),
        )

    def test(self, runners: Mapping[str, str]) -> Sequence[Finding]:
        """Check the connection, and what is installed there."""
        return check(self._host, self._connection, self._machine, runners)

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _unread(self, root: str, taken: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Return the keys of jobs whose results are still there, by folder; `taken`: those that may be removed.

        A result is a commit until it is taken over, and then replaced by a note.
        """
        answer = self._machine.do(_RESULTS.replace("ROOT", shlex.quote(root)))
        if answer.code:
            raise self._machine.refused("a repository there cannot be read", answer)
        found: dict[str, list[str]] = {}
        folder = ""
        for line in answer.out.decode(errors="replace").splitlines():
            kind, _, ref = line.partition(" ")
            folder = line.removeprefix("in ") if kind == "in" else folder
            key = ref.removeprefix(Area.RESULTS).partition("/")[2]
            if kind == "commit" and key not in taken.get(folder, ()):
                found.setdefault(folder, []).append(key)
        return found

    def _keep(self, verb: str, wanted: object, *, login: bool = False) -> bytes:
        """Run one verb of `keeping.py` there."""
        script = _alone(self._machine.known().python, _KEEPING, verb, f"{self._place()}/runs")
        answer = self._machine.do(script, json.dumps(wanted).encode(), login=login)
        if answer.code:
            raise self._machine.refused(f"`{verb}` failed there", answer)
        return answer.out

    def _place(self) -> str:
        """Return the folder of this clone there. Its name is a random number, stored beside the control socket."""
        note = self._folder / _CLONE
        if not note.exists():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            new = note.with_suffix(f".{secrets.token_hex(4)}")
            new.write_text(secrets.token_hex(8))
            try:
                note.hardlink_to(new)
            except FileExistsError:
                pass  # another process was first
            finally:
                new.unlink()
        return f"{self._machine.known().root}/{note.read_text()}"


def _alone(python: str, source: Path, *words: str) -> str:
    """Return the script that runs one of our modules there, before our program is there."""
    return shlex.join((python, "-I", "-S", "-c", source.read_text(), *words))

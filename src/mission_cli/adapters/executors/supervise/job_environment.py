"""What the processes of a job get: their command in the sandbox, and their environment."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import mission_cli
from mission_cli.domain.notice import do
from mission_cli.domain.status import JobKind
from mission_cli.ports.executor import OURSELVES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.adapters.executors.jobs.folder import JobFolder, Surroundings
    from mission_cli.ports.executor import JobSpec

MARKER = "MISSION_MARK"
"""The variable in the environment of everything that a job starts."""
_PORTS_PER_SLOT = 10
_STATUS_SIZE = 4096
_NOBODY_IS_THERE = {
    "GIT_EDITOR": "true",
    "GIT_SEQUENCE_EDITOR": "true",
    "EDITOR": "true",
    "VISUAL": "true",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS": "false",
    "SSH_ASKPASS_REQUIRE": "never",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "MANPAGER": "cat",
    "SYSTEMD_PAGER": "",
    "DEBIAN_FRONTEND": "noninteractive",
}
"""Prevents editors, pagers and prompts. `CI` is not set: package managers would freeze lock files because of it,
and warnings would become errors.
"""


def is_boxed(spec: JobSpec, around: Surroundings) -> bool:
    """Whether the job runs in a sandbox."""
    return bool(spec.sandbox.on and around.bwrap)


def has_network(spec: JobSpec, around: Surroundings, *, main: bool = True) -> bool:
    """Whether a process of the job uses the network of this machine."""
    return not is_boxed(spec, around) or (around.network == "on" and not (main and spec.sandbox.network is False))


def open_status(job: JobFolder, spec: JobSpec, around: Surroundings) -> int | None:
    """Open the file to which the sandbox writes how its command ended; None without a sandbox."""
    if not is_boxed(spec, around):
        return None
    return os.open(job.sandbox_status, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)


def never_ran(status: int | None) -> bool:
    """Whether the sandbox could not be created, so that its command never ran. Closes the descriptor."""
    if status is None:
        return False
    said = os.pread(status, _STATUS_SIZE, 0)
    os.close(status)
    return b"exit-code" not in said


def command_of(
    argv: Sequence[str],
    job: JobFolder,
    spec: JobSpec,
    around: Surroundings,
    tree: Path,
    *,
    status: int | None = None,
    before: tuple[str, ...] = (),
    main: bool = True,
) -> list[str]:
    """Return the command, wrapped in the sandbox if there is one; the sandbox writes to `status` how it ended.

    `before` is a command that runs it in the sandbox. `main`: it is the job's program, not the setup of its tree.
    """
    argv = _ourselves(argv)
    if not is_boxed(spec, around):
        return list(argv)
    from mission_cli.adapters.executors.sandbox.sandbox import Room, wrap
    from mission_cli.adapters.executors.supervise.git_settings import write_settings

    code = Path(around.code)
    room = Room(
        tree=tree,
        objects=code / "objects",
        home=Path(around.environment.get("HOME") or "/root"),
        read=spec.sandbox.read,
        write=spec.sandbox.write,
        scratch=spec.sandbox.scratch,
        copies=job.copies,
        more_read=around.sandbox_read,
        more_write=around.sandbox_write,
        folders=(job.usage.parent,),
        path=around.environment.get("PATH", ""),
        git_settings=write_settings(job.copies),
        repository=(code, *([Path(around.checkout)] if around.checkout else [])),
        private=code / "mission",
        network=has_network(spec, around, main=main),
        given=_given(job.copies / "given", spec.sandbox.given) if main and spec.sandbox.given else None,
        only=_only(tree, spec.sandbox.only) if main and spec.sandbox.only else None,
        before=before,
        status=status,
    )
    return wrap(around.bwrap, argv, room)


def _ourselves(argv: Sequence[str]) -> Sequence[str]:
    """Return a command with this program as its first word, if it names it: installed, or the folder on a host."""
    if not argv or argv[0] != OURSELVES:
        return argv
    home = Path(mission_cli.__file__).parents[1]
    own = ("-I", os.fspath(home)) if (home / "__main__.py").is_file() else ("-P", "-m", "mission_cli")
    return [sys.executable, *own, *argv[1:]]


def _given(folder: Path, files: Mapping[str, str]) -> Path:
    """Write the files that a job is given, and return their folder; a name with a slash is left out."""
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    for name, text in files.items():
        if "/" not in name and name not in {".", ".."}:
            place = folder / name
            place.unlink(missing_ok=True)
            place.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
            place.chmod(0o555)
    return folder


def _only(tree: Path, name: str) -> Path:
    """Return the only folder of a tree that a job may change, made if it is missing.

    If the repository has a link on the way there, the job may change nothing, and its `.git` is returned.
    """
    place = tree / name
    if place.resolve() != tree.resolve() / name:
        return tree / ".git"
    place.mkdir(parents=True, exist_ok=True)
    return place


def why_not(spec: JobSpec, around: Surroundings) -> str:
    """Return why the program of a job cannot run under its conditions here; empty if it can."""
    if spec.sandbox.network is False and not is_boxed(spec, around):
        return f"`network: off` needs the sandbox, and there is none here; {do('doctor')} says why"
    if spec.sandbox.network and is_boxed(spec, around) and around.network != "on":
        return f'`network: on`, but the settings say network = "{around.network}"'
    if not spec.program.own:
        return ""
    from mission_cli.adapters.fs.env_file import is_reference, missing_key, resolved
    from mission_cli.adapters.secrets.screen import SHORTEST_SECRET

    missing = missing_key(spec.program.own, around.environment, Path("the key file"))
    if missing is not None:
        return f"{missing.words}: {missing.remedy}"
    for name, value in spec.program.own.items():
        if is_reference(value) and len(resolved(value, around.environment)) < SHORTEST_SECRET:
            return f"the value of {name} has fewer than {SHORTEST_SECRET} characters, so it cannot be hidden in a log"
    return ""


def port_of(around: Surroundings, slot: int) -> int:
    """Return the port that a job may use by its slot."""
    return around.port_base + _PORTS_PER_SLOT * slot


def environment_of(
    job: JobFolder, spec: JobSpec, around: Surroundings, tree: Path, port: int, *, main: bool = True
) -> dict[str, str]:
    """Return the environment of the job's processes. Keys of the key file go only to jobs that they belong to.

    `main`: of its program, which also gets what the setup of its tree does not.
    """
    kept_back = frozenset(around.keys)
    env = {
        name: value
        for name, value in around.environment.items()
        if not name.startswith("GIT_") and (name not in kept_back or name.startswith(spec.sandbox.env))
    }
    if is_boxed(spec, around):
        from mission_cli.adapters.executors.sandbox.sandbox import room_environment

        env = room_environment(env, spec.sandbox.env)
    env.update(_NOBODY_IS_THERE)
    told = {**spec.program.env, **(spec.program.own if main else {})}
    if told:
        from mission_cli.adapters.fs.env_file import resolved

        env.update({name: resolved(value, around.environment) for name, value in told.items()})
    if spec.program.merged:
        from mission_cli.adapters.agents.home import merged

        env.update({name: merged(env.get(name, ""), text) for name, text in spec.program.merged.items()})
    for name, text in spec.program.files.items() if main else ():
        place = job.usage.parent / f"{name.lower()}.json"
        with suppress(OSError):  # the folder is gone when only the cost of an ended job is read
            place.write_text(text, encoding="utf-8")
        env[name] = os.fspath(place)
    env["MISSION_RUN"] = spec.key
    env[MARKER] = around.mark
    env["MISSION_USAGE"] = os.fspath(job.usage)
    if spec.kind is JobKind.WORKER:
        env["MISSION_ASK"] = os.fspath(job.asked)
        env["MISSION_NOTES"] = os.fspath(job.told)
    env["MISSION_REPORTS"] = os.fspath(job.reports)
    env["MISSION_PORT"] = str(port)
    env["PWD"] = os.fspath(tree)
    return env

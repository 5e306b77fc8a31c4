"""What a job's processes see: their command inside of the sandbox, and their environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.adapters.executors.jobs import JobFolder, Surroundings
    from mission_cli.ports.executor import JobSpec

MARKER = "MISSION_MARK"
"""Stands in the environment of everything that a job starts."""
_PORTS_PER_SLOT = 10


def is_boxed(spec: JobSpec, around: Surroundings) -> bool:
    """Whether the job runs inside of a sandbox."""
    return bool(spec.sandbox and around.bwrap)


def command_of(argv: Sequence[str], job: JobFolder, spec: JobSpec, around: Surroundings, tree: Path) -> list[str]:
    """The command, inside of the sandbox where there is one."""
    if not is_boxed(spec, around):
        return list(argv)
    from mission_cli.adapters.executors.sandbox import Room, wrap

    room = Room(
        tree=tree,
        objects=Path(around.code) / "objects",
        home=Path(around.environment.get("HOME") or "/root"),
        read=spec.read,
        write=spec.write,
        scratch=spec.scratch,
        copies=job.copies,
        more_read=around.sandbox_read,
        more_write=around.sandbox_write,
        folders=(job.usage.parent,),
        path=around.environment.get("PATH", ""),
    )
    return wrap(around.bwrap, argv, room)


def environment_of(job: JobFolder, spec: JobSpec, around: Surroundings, tree: Path, slot: int) -> dict[str, str]:
    """The environment of the job's processes."""
    env = {k: v for k, v in around.environment.items() if not k.startswith("GIT_")}
    if is_boxed(spec, around):
        from mission_cli.adapters.executors.sandbox import room_environment

        env = room_environment(around.environment, spec.pass_env)
    if spec.env:
        from mission_cli.adapters.keys import resolved

        env.update({name: resolved(value, around.environment) for name, value in spec.env.items()})
    env["MISSION_RUN"] = spec.key
    env[MARKER] = around.mark
    env["MISSION_USAGE"] = os.fspath(job.usage)
    env["MISSION_PORT"] = str(around.port_base + _PORTS_PER_SLOT * slot)
    env["PWD"] = os.fspath(tree)
    return env

"""The program as a package of a Ray cluster, and the command line that runs in a job."""

from __future__ import annotations

import io
import shlex
import zipfile
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FILE, _NAME = "mission-{}.pyz", "mission_{}.zip"
STOP_WAIT = "RAY_JOB_STOP_WAIT_TIME_S"
"""How long Ray waits after SIGTERM; the process that starts the command of a job reads it."""
_NOT_FOR_JOBS = (
    "PYTHONBREAKPOINT",
    "PYTHONPATH",
    "RAY_ADDRESS",
    "RAY_AUTH_TOKEN",
    "RAY_AUTH_TOKEN_PATH",
    "RAY_CLIENT_MODE",
    "RAY_JOB_CONFIG_JSON_ENV_VAR",
    STOP_WAIT,
    "RAY_LD_PRELOAD_ON_WORKERS",
    "RAY_worker_niceness",
)
"""What Ray adds to the environment of a job, its token included: an attempt is not a part of the cluster."""


@dataclass(frozen=True, slots=True)
class Package:
    """A program, wrapped as the working folder of jobs, under a name that has its digest."""

    digest: str

    @classmethod
    def of(cls, argv: Sequence[str]) -> Package | None:
        """Return the package whose program a command runs; None if it runs something else."""
        before, after = _FILE.split("{}")
        for word in argv[1:2]:
            if word.startswith(before) and word.endswith(after) and "/" not in word:
                return cls(word[len(before) : -len(after)])
        return None

    @property
    def file(self) -> str:
        """The program, in the working folder."""
        return _FILE.format(self.digest)

    @property
    def name(self) -> str:
        """As Ray stores it."""
        return _NAME.format(self.digest)

    @property
    def uri(self) -> str:
        """As a runtime environment names it."""
        return f"gcs://{self.name}"

    def content(self, program: bytes) -> bytes:
        """Return what Ray stores, the same for the same program."""
        wrapped = io.BytesIO()
        with zipfile.ZipFile(wrapped, "w") as archive:
            archive.writestr(zipfile.ZipInfo(self.file), program)
        return wrapped.getvalue()


def entrypoint(argv: Sequence[str], env: Mapping[str, str]) -> str:
    """Return the line that Ray gives to a shell.

    The variables are in it, because Ray replaces `${NAME}` in those of a runtime environment.
    """
    without = [word for name in _NOT_FOR_JOBS if name not in env for word in ("-u", name)]
    return shlex.join(["exec", "env", *without, *(f"{name}={value}" for name, value in sorted(env.items())), *argv])

"""The part of the present environment that a scheduled pulse needs, without keys."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli.adapters.schedule.line import LONGEST, line_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mission_cli.ports.schedule import Job

_KEPT = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "LANG", "LC_ALL", "TZ")
_USUAL = ("/usr/local/bin", "/usr/bin", "/bin")


@dataclass(frozen=True, slots=True)
class Account:
    """The user as the system knows them, independent of the environment."""

    name: str
    home: str


def account() -> Account:
    """Return the present user; the name of a user unknown to the system is their number."""
    import pwd

    try:
        entry = pwd.getpwuid(os.getuid())
    except KeyError:
        return Account(str(os.getuid()), os.environ.get("HOME", "/"))
    return Account(entry.pw_name, entry.pw_dir)


def captured(environment: Mapping[str, str], home: str) -> dict[str, str]:
    """Return the variables to set for the pulse: PATH, folders, language, time zone. `home` is what cron sets."""
    found = {"PATH": clean_path(environment.get("PATH", os.defpath))}
    if environment.get("HOME") not in {None, home}:
        found["HOME"] = environment["HOME"]
    found.update({name: environment[name] for name in _KEPT if environment.get(name)})
    return {name: value for name, value in found.items() if value.isprintable()}


def clean_path(path: str) -> str:
    """Return the existing absolute folders of a PATH, each once."""
    folders = [f for f in path.split(os.pathsep) if f.startswith("/") and f.isprintable() and Path(f).is_dir()]
    return os.pathsep.join(dict.fromkeys(folders))


def fitted(job: Job, programs: Iterable[str]) -> tuple[Job, tuple[str, ...]]:
    """Shorten the job's PATH to fit in a crontab line; return the job and the folders that were left out.

    Folders that contain one of the `programs` and the usual ones stay; of the others, the last ones are removed first.
    """
    folders = job.set.get("PATH", "").split(os.pathsep)
    found = {shutil.which(p, path=job.set.get("PATH", "")) for p in programs}
    needed = {*_USUAL, *(os.fspath(Path(f).parent) for f in found if f)}
    left_out: list[str] = []
    while len(line_of(job)) > LONGEST:
        spare = next((f for f in reversed(folders) if f not in needed), None)
        if spare is None:
            break
        folders.remove(spare)
        left_out.append(spare)
        job = replace(job, set={**job.set, "PATH": os.pathsep.join(folders)})
    return job, tuple(left_out)


def environment_of_cron(who: Account) -> dict[str, str]:
    """Return the environment that cron gives to a command."""
    return {"HOME": who.home, "LOGNAME": who.name, "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}


def environment_of_systemd(who: Account) -> dict[str, str]:
    """Return the minimal environment that systemd gives to a user's service."""
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
    return {"HOME": who.home, "LOGNAME": who.name, "USER": who.name, "SHELL": "/bin/sh", "PATH": path}

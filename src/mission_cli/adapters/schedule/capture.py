"""What a scheduled pulse needs of the environment that it was installed from; keys are not among it."""

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
    """The user as the system knows them, whatever the environment says."""

    name: str
    home: str


def account() -> Account:
    """Whoever runs this; a user that the system does not know has a number for a name."""
    import pwd

    try:
        entry = pwd.getpwuid(os.getuid())
    except KeyError:
        return Account(str(os.getuid()), os.environ.get("HOME", "/"))
    return Account(entry.pw_name, entry.pw_dir)


def captured(environment: Mapping[str, str], home: str) -> dict[str, str]:
    """What is set for the pulse: PATH, where our folders lie, language and time zone. `home` is what cron sets."""
    found = {"PATH": clean_path(environment.get("PATH", os.defpath))}
    if environment.get("HOME") not in {None, home}:
        found["HOME"] = environment["HOME"]
    found.update({name: environment[name] for name in _KEPT if environment.get(name)})
    return {name: value for name, value in found.items() if value.isprintable()}


def clean_path(path: str) -> str:
    """The absolute folders of a PATH that exist, each once."""
    folders = [f for f in path.split(os.pathsep) if f.startswith("/") and f.isprintable() and Path(f).is_dir()]
    return os.pathsep.join(dict.fromkeys(folders))


def fitted(job: Job, programs: Iterable[str]) -> tuple[Job, tuple[str, ...]]:
    """The job with a PATH that a crontab's line has room for, and the folders that were left out for it.

    Those that hold one of the `programs` stay, and the usual ones; the last of the others go first.
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
    """What cron gives to a command by itself."""
    return {"HOME": who.home, "LOGNAME": who.name, "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}


def environment_of_systemd(who: Account) -> dict[str, str]:
    """The least that systemd gives to a service of a user by itself."""
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
    return {"HOME": who.home, "LOGNAME": who.name, "USER": who.name, "SHELL": "/bin/sh", "PATH": path}

"""Remove from a host what this clone left there: refs at the exchange, and what its launcher knows of."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import counted
from mission_cli.adapters.executors.remote.arrival import SETTLED
from mission_cli.adapters.executors.remote.followed import open_marks, to_clean
from mission_cli.adapters.executors.remote.follower import LOCK
from mission_cli.adapters.executors.remote.host_state import HOST
from mission_cli.adapters.fs.atomic import make_folder
from mission_cli.adapters.fs.locks import try_lock, unlock
from mission_cli.adapters.git.remote.far_refs import FarRefs
from mission_cli.adapters.git.repo.command import Git
from mission_cli.domain.branches.refs import Area
from mission_cli.domain.errors import BusyError
from mission_cli.domain.hosts.cleaning import Cleaned, Cleaning, Remains

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.adapters.executors.remote.launcher import Launcher
    from mission_cli.domain.hosts.host import Host


def clean_host(host: Host, launcher: Launcher, wanted: Cleaning, *, folder: Path, code: Path) -> Cleaned:
    """Remove it, unless attempts are there. No follower runs meanwhile, so that nothing new is sent.

    `folder`: that of the host in the runtime folder; `code`: the repository. The first name of `wanted.clones` is that
    of this clone at the exchange. It may die at any time: the next call removes the rest.
    """
    make_folder(folder)
    lock = try_lock(folder / LOCK)
    if lock is None:
        raise BusyError(f"the follower of {host.name} is at work there", hint="try again in a minute")
    try:
        if waiting := open_marks(folder):
            return Cleaned(busy=tuple(waiting))
        told = replace(wanted, taken=tuple(to_clean(folder)))
        refs = _Refs(host, told, code)
        if refs.unread and not told.discard:
            return Cleaned(unread=refs.unread)
        done = launcher.clean(told)
        if done.busy or done.unread:
            return done
        if not told.dry_run:
            refs.remove()
            shutil.rmtree(folder / "clean", ignore_errors=True)
            shutil.rmtree(folder / "arriving.git", ignore_errors=True)
            (folder / HOST).unlink(missing_ok=True)  # the last step: until then a removed host is known
        return replace(done, removed=(*done.removed, *refs.shown()))
    finally:
        unlock(lock)


class _Refs:
    """The refs of this clone at an exchange that the settings name; another one goes with its folder."""

    def __init__(self, host: Host, wanted: Cleaning, code: Path) -> None:
        self._exchange = host.exchange
        self._there: dict[str, str] = {}
        self.unread: tuple[str, ...] = ()
        """The keys of jobs whose results are there: one that was taken over is replaced by a note."""
        if host.exchange:
            settled = Git(code).store(SETTLED)
            self._far = FarRefs(code, host.exchange)
            mine = [f"{area}{wanted.clones[0]}/" for area in (Area.REQUESTS, Area.CLAIMS, Area.RESULTS)]
            self._there = self._far.listed([f"{one}*" for one in mine])
            found = {ref.removeprefix(mine[-1]): oid for ref, oid in self._there.items() if ref.startswith(mine[-1])}
            self.unread = tuple(key for key, oid in found.items() if oid != settled and key not in wanted.taken)

    def remove(self) -> None:
        """Delete them."""
        if self._there:
            self._far.replace({ref: ("", oid) for ref, oid in self._there.items()})

    def shown(self) -> list[Remains]:
        """Return what people see of them."""
        return [Remains(counted(len(self._there), "ref"), self._exchange)] if self._there else []

"""This machine: its name, and whether it has room for one more worker."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.adapters.executors.jobs.slots import free_slots
from mission_cli.adapters.executors.jobs.tree_copy import missing_in
from mission_cli.adapters.executors.sandbox.choose import Found, find_sandbox
from mission_cli.adapters.fs.env_file import missing_key
from mission_cli.adapters.git.repo.command import plain_git
from mission_cli.domain.host import Person
from mission_cli.domain.notice import advise
from mission_cli.ports.machine import Obstacle, Sandbox

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.adapters.git.repo.checkout import Checkout
    from mission_cli.domain.status import JobKind

_MIB = 1024 * 1024
_UNBOXED = "workers can do what you can do on this machine"
_NETWORK = {
    "on": "the network is on, including services on this machine",
    "off": "no network except a separate loopback",
    "loopback": "no network except a separate loopback",
}


class LocalMachine:
    """Describes this machine for one checkout. `min_free_mib`: memory and disk space that must stay free.

    `confinement` contains the settings `sandbox` and `network`.
    """

    def __init__(
        self,
        checkout: Checkout,
        *,
        slots: Path,
        slot_count: int,
        trees: Path,
        min_free_mib: tuple[int, int],
        environment: Mapping[str, str],
        key_file: Path,
        confinement: tuple[str, str] = ("auto", "on"),
    ) -> None:
        self._checkout = checkout
        self._slots, self._slot_count = slots, slot_count
        self._trees = trees
        self._min_memory, self._min_disk = min_free_mib
        self._environment, self._key_file = environment, key_file
        self._wanted, self._network = confinement
        self._found: Found | None = None

    def me(self) -> str:
        """Return the host name, for people, and six digits that stay when the checkout is moved and change in a copy.

        The device number is not part of them: it may change with a boot, as the host name may with the network.
        """
        import hashlib

        text = f"{_machine_id()}:{self._checkout.common_dir.stat().st_ino}"
        return f"{os.uname().nodename}:{hashlib.sha256(text.encode()).hexdigest()[:6]}"

    def person(self) -> Person:
        """Return the person that git is configured for here; the login name if there is none."""
        return git_person(self._checkout.name)

    def sandbox(self) -> Sandbox:
        """Return whether bubblewrap exists, works and is not switched off."""
        if self._wanted == "off":
            return Sandbox(on=False, words=f'off (sandbox = "off"): {_UNBOXED}', problem=self._needed(""))
        if self.confined():
            words = "bubblewrap: its own tree writable, your home and other processes hidden"
            return Sandbox(on=True, words=f"{words}; {_NETWORK[self._network]}")
        why = self._look().words
        return Sandbox(on=False, words=f"off ({why}): {_UNBOXED}", problem=self._needed(why))

    def confined(self) -> tuple[str, ...]:
        """Return the sandbox program with its options, or nothing; it is searched for once per boot."""
        return () if self._wanted == "off" else self._look().command

    def _look(self) -> Found:
        if self._found is None:
            note = self._slots.parent / "sandbox.json"
            needed = self._wanted == "required" or self._network != "on"
            self._found = find_sandbox(self._environment.get("PATH", os.defpath), note, needed=needed)
        return self._found

    def _needed(self, why: str) -> str:
        """Return why nothing may run without a sandbox, or the empty string."""
        if self._wanted == "required":
            return f"a sandbox is required, but there is none: {why}"
        return f'network = "{self._network}" needs the sandbox, but it is off' if self._network != "on" else ""

    def free_slots(self, kind: JobKind) -> int:
        """Return the number of free slots for a kind of jobs."""
        return free_slots(self._slots, self._slot_count, kind)

    def not_in_checkout(self, names: Sequence[str]) -> Sequence[str]:
        """Return those names that match nothing in the checkout."""
        return missing_in(self._checkout.main_tree, names)

    def shortage(self) -> str:
        """Return why nothing may start now, or the empty string."""
        memory = _free_memory_mib()
        if memory is not None and memory < self._min_memory:
            return f"only {memory} MiB of memory are free; {self._min_memory} MiB are required"
        place = next(p for p in (self._trees, *self._trees.parents) if p.exists())
        disk = _free_disk(place) // _MIB
        if disk < self._min_disk:
            return f"only {disk} MiB of disk space are free at {place}; {self._min_disk} MiB are required"
        return ""

    def runner_obstacle(
        self, command: Sequence[str], keys: Mapping[str, str], environment: Mapping[str, str] | None = None
    ) -> Obstacle | None:
        """Return why a runner cannot work, in this process's environment or in another one; None if it can."""
        from shutil import which

        around = self._environment if environment is None else environment
        if not command:
            return Obstacle("the runner has no command", advise("fix .mission.toml"))
        if which(command[0], path=around.get("PATH", os.defpath)) is None:
            where = "does not exist" if "/" in command[0] else "is not on PATH"
            words = f"the runner's program `{command[0]}` {where}"
            return Obstacle(words, advise("install it, or fix .mission.toml"), program=True)
        return missing_key(keys, around, self._key_file)


def _free_disk(place: Path) -> int:
    facts = os.statvfs(place)
    return facts.f_frsize * facts.f_bavail


def git_person(where: Path) -> Person:
    """Return name and address that git has for the person in a folder; the login name if there is none."""
    name = plain_git(where, "config", "user.name", ok=(0, 1))
    email = plain_git(where, "config", "user.email", ok=(0, 1))
    login = os.environ.get("USER") or os.environ.get("LOGNAME") or "person"
    return Person(name or login, email or f"{login}@{os.uname().nodename}")


def _machine_id() -> str:
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        try:
            text = Path(path).read_text().strip()
        except OSError:
            continue
        if text:
            return text
    return _mac_uuid() or os.uname().nodename


def _mac_uuid() -> str:
    """Return macOS's id of the machine as hexadecimal digits; empty elsewhere."""
    import ctypes

    ask = getattr(ctypes.CDLL(None), "gethostuuid", None) if sys.platform == "darwin" else None
    if ask is None:
        return ""
    found, patience = ctypes.create_string_buffer(16), (ctypes.c_long * 2)(5, 0)
    return found.raw.hex() if ask(found, ctypes.byref(patience)) == 0 else ""


def _free_memory_mib() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    line = next((x for x in lines if x.startswith("MemAvailable:")), "")
    return int(line.split()[1]) // 1024 if line else None

"""The command `_follow`: follow the jobs of one repository on one host, with the settings of the repository."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mission_cli._support.text import one_line, stamp
from mission_cli.adapters.executors.hosts import LAUNCHERS
from mission_cli.adapters.executors.remote.exchange.request import Terms
from mission_cli.adapters.executors.remote.executor import kept_host
from mission_cli.adapters.executors.remote.follower import Follower
from mission_cli.adapters.executors.remote.host_state import hosts_folder, note_unreachable
from mission_cli.adapters.git.code.collect import Screen
from mission_cli.adapters.git.repo.carried_config import configuration
from mission_cli.adapters.git.repo.command import Git
from mission_cli.adapters.proc.run import start_detached
from mission_cli.adapters.user import environment, own_environment
from mission_cli.domain.errors import ToolError
from mission_cli.domain.host import clone_id
from mission_cli.domain.hosts.host import HostKind
from mission_cli.domain.paths import STOP_FILE
from mission_cli.fastpath import KICK
from mission_cli.wiring.command_lines import pulse_command
from mission_cli.wiring.compose import open_at_any_rate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mission_cli.adapters.executors.hosts import MakesLauncher
    from mission_cli.adapters.executors.remote.launcher import Launcher
    from mission_cli.adapters.git.repo.checkout import Checkout
    from mission_cli.domain.hosts.host import Host
    from mission_cli.ports.executor import JobSpec
    from mission_cli.settings import Settings
    from mission_cli.wiring.opened import Opened

_CARRIED = ("user.", "author.", "committer.", "core.autocrlf", "core.eol", "core.safecrlf")
"""Settings of git that say who commits and how files are written; commands of filters stay here."""


def follow(
    repository: Path,
    name: str,
    lock: int,
    launchers: Mapping[HostKind, MakesLauncher] = LAUNCHERS,
    *,
    ticking: bool = True,
) -> int:
    """Follow until no job is left on the host; return the exit status. `lock` is the descriptor of its lock, held."""
    os.set_inheritable(lock, False)  # noqa: FBT003 - positional by its signature
    _allow_many_files()
    opened = open_at_any_rate(repository)  # a stop is passed on whatever the settings are
    runtime = opened.checkout.runtime
    folder = hosts_folder(runtime) / name
    host = kept_host(folder)
    if host is None:
        return 1
    me = clone_id(opened.context.machine.me())
    follower = Follower(
        host,
        lambda: _launcher(host, launchers, folder),
        runtime=runtime,
        clone=me,
        terms=lambda spec: terms_of(opened, host, spec),
        screen=_screen(opened),
        pulse=lambda: _pulse(opened.checkout) if ticking else None,
        lock=lock,
    )
    try:
        follower.run()
    except Exception as error:
        words = f"its follower failed: {type(error).__name__}: {error}"
        note_unreachable(folder, stamp(datetime.now(UTC)), one_line(opened.rules.scrub(words), 300))
        raise
    return 0


def _launcher(host: Host, launchers: Mapping[HostKind, MakesLauncher], folder: Path) -> Launcher:
    try:
        made = launchers[host.kind]
    except (ImportError, KeyError) as error:
        raise ToolError(f"hosts of the kind `{host.kind}` are not supported here: {error}") from error
    return made(host, environment=environment(), folder=folder)


def terms_of(opened: Opened, host: Host, spec: JobSpec) -> Terms:
    """Return on which terms a job runs on a host, by the settings of this machine."""
    if opened.problems:
        raise ToolError(f"nothing is sent to a host with settings that cannot be read: {opened.problems[0].message}")
    settings: Settings = opened.context.settings
    code = opened.checkout.common_dir
    around = opened.surroundings()
    base = Git(code).commit_of(f"refs/heads/{spec.tree.base_name}") if spec.tree.base_name else None
    return Terms(
        sandbox=settings.sandbox,
        contained=host.kind is HostKind.KUBERNETES,
        network=around.network,
        sandbox_read=around.sandbox_read,
        sandbox_write=around.sandbox_write,
        secret_exceptions=around.secret_exceptions,
        largest=around.largest,
        kept_back=around.keys,
        withheld=around.withheld,
        workers=host.workers,
        port_base=around.port_base,
        grace_s=around.grace_s,
        git={name: value for name, value in configuration(code).items() if name.startswith(_CARRIED)},
        base=base or "",
    )


def _screen(opened: Opened) -> Screen:
    settings = opened.context.settings
    return Screen(opened.rules, settings.secret_exceptions, settings.max_file_mib << 20)


def _pulse(checkout: Checkout) -> None:
    """Start a pulse, unless everything is stopped; it checks what has changed."""
    if (checkout.runtime / STOP_FILE).exists():
        return
    with suppress(OSError):
        (checkout.runtime / KICK).touch()
        log = checkout.runtime / "pulse.log"
        start_detached(pulse_command(checkout), cwd=checkout.name, env=own_environment(), log=log)


def _allow_many_files() -> None:
    """Each job keeps a lock open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 1 << 16) if hard > 0 else 1 << 16), hard))

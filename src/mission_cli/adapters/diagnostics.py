"""The instruments of `mission doctor` on this machine."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.adapters.clock import SystemClock
from mission_cli.adapters.fs.env_file import commented_values, open_to_others, read_environment, resolved
from mission_cli.adapters.git.repo.checkout import MIN_GIT, find_checkout, git_version
from mission_cli.adapters.git.repo.command import Git, plain_git
from mission_cli.adapters.installed_agents import LocalAgents
from mission_cli.adapters.proc.run import run
from mission_cli.domain.branches.refs import Area
from mission_cli.domain.errors import ToolError
from mission_cli.domain.host import Person
from mission_cli.ports.diagnostics import KeyFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.adapters.fs.registry import Registry
    from mission_cli.adapters.schedule.local import LocalSchedule
    from mission_cli.ports.agents.installed import AgentFinder
    from mission_cli.ports.clock import Clock
    from mission_cli.ports.schedule import Schedule

_PATIENCE = 60.0


class LocalInstruments:
    """Examines one machine. `place` is the person's folder; `environment` is what workers get."""

    def __init__(
        self,
        place: Path,
        *,
        schedule: LocalSchedule,
        registry: Registry,
        environment: Mapping[str, str],
        pulse: tuple[str, ...],
    ) -> None:
        self.clock: Clock = SystemClock()
        self.schedule: Schedule = schedule
        self.agents: AgentFinder = LocalAgents(environment)
        self.pulse = pulse
        self._local = schedule
        self._place, self._registry, self._environment = place, registry, dict(environment)

    def git(self) -> str:
        """Return version and place of git. Raises ToolError if it is too old."""
        version = git_version()
        have, least = ".".join(map(str, version)), ".".join(map(str, MIN_GIT))
        if version < MIN_GIT:
            raise ToolError(f"git {have} is too old; {least} or newer is needed", hint="upgrade git")
        return f"{have}, {shutil.which('git')}"

    def identity(self) -> Person | None:
        """Return the person that git is configured for here, or None."""
        name = plain_git(self._place, "config", "user.name", ok=(0, 1))
        email = plain_git(self._place, "config", "user.email", ok=(0, 1))
        return Person(name, email) if name and email else None

    def program(self, command: Sequence[str]) -> str:
        """Return where a command's program is, or the empty string."""
        return shutil.which(command[0], path=self._environment.get("PATH")) or "" if command else ""

    def version(self, command: Sequence[str]) -> str:
        """Return the first line that a program prints for `--version`. Raises ToolError if it fails."""
        done = run([*command, "--version"], cwd=self._place, env=self._environment, timeout=_PATIENCE)
        words = (done.out or done.err).decode("utf-8", "replace").strip()
        if done.code:
            raise ToolError(f"`{command[0]} --version` ended with {done.code}: {one_line(words, 200)}")
        return one_line(words.splitlines()[0] if words else "", 80)

    def output(self, command: Sequence[str], given: Mapping[str, str]) -> str:
        """Return what a command prints, with these variables added. Raises ToolError if it fails."""
        more = {name: resolved(value, self._environment) for name, value in given.items()}
        done = run(list(command), cwd=self._place, env={**self._environment, **more}, timeout=_PATIENCE)
        if done.code:
            raise ToolError(f"`{' '.join(command)}` ended with {done.code}")
        return done.out.decode("utf-8", "replace")

    def push_claim(self, remote: str) -> None:
        """Push a ref that must not exist yet, and delete it."""
        git = Git(find_checkout(self._place).common_dir, own_config=True)
        ref = Area.CLAIMS.of(f"doctor-{secrets.token_hex(6)}")
        blob = git.store(f"{ref}\n".encode())
        git.ask("push", "--quiet", f"--force-with-lease={ref}:", "--", remote, f"{blob}:{ref}")
        git.ask("push", "--quiet", "--", remote, f":{ref}")

    def scheduler_obstacle(self, kind: str) -> str:
        """Return why this kind of schedule would start nothing, or the empty string."""
        return self._local.obstacle(kind)

    def lingers(self) -> bool:
        """Whether systemd starts timers while the user is not logged in."""
        return self._local.systemd.lingers()

    def missing(self, paths: Sequence[str]) -> list[str]:
        """Return those paths that do not exist."""
        return [path for path in paths if not Path(path).exists()]

    def lost_repositories(self) -> list[str]:
        """Return the known repositories that no longer exist."""
        return [os.fspath(place) for place in self._registry.all() if not place.is_dir()]

    def key_file(self) -> KeyFile:
        """Return facts about the key file. Raises DocumentError if it is invalid."""
        place = self._local.key_file
        read_environment(place)
        return KeyFile(os.fspath(place), place.exists(), open_to_others(place), tuple(commented_values(place)))

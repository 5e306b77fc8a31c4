"""Results of commands that set up, check and clean a repository or a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.notice import Finding
    from mission_cli.ports.agents.installed import InstalledAgent
    from mission_cli.ports.schedule import Detached, Installed


@dataclass(frozen=True, slots=True)
class DriverRegistered:
    """The merge driver was registered."""

    git_dir: str
    """The git folder of the mission files."""
    changed: Sequence[str]
    """Files that were written; empty if it was registered already."""


@dataclass(frozen=True, slots=True)
class InstalledAgents:
    """The agents that are known by name, the preferred one first."""

    agents: Sequence[InstalledAgent]
    default: str
    """The runner that is used where nothing names one; empty: none can be chosen."""


@dataclass(frozen=True, slots=True)
class AgentCommand:
    """One slash command of an agent, and what was done with it."""

    agent: str
    command: str
    """Its name without the slash."""
    path: str
    """Its file."""
    result: str
    """In words: `written`, `updated`, `removed` …"""


@dataclass(frozen=True, slots=True)
class AgentCommands:
    """The slash commands of agents that were installed or removed."""

    commands: Sequence[AgentCommand]


@dataclass(frozen=True, slots=True)
class DetachedRun:
    """The detached run that was started, or was running already."""

    id: MissionId
    pid: int
    since: datetime
    """When it was started, in UTC."""


@dataclass(frozen=True, slots=True)
class ScheduleInstalled:
    """The schedule that starts a pulse every minute was installed."""

    kind: str
    """cron or systemd"""
    text: str
    """The crontab line, or the path of the timer."""
    keys: str
    """The file with the keys of agents."""
    log: str
    """The file to which the output of pulses is appended."""
    left_out: Sequence[str]
    """Folders of PATH that did not fit in a crontab line."""
    findings: Sequence[Finding]
    """What keeps it from working."""


@dataclass(frozen=True, slots=True)
class ScheduleRemoved:
    """The schedules that were removed."""

    removed: Sequence[str]
    """cron, systemd or both; empty if none was installed."""


@dataclass(frozen=True, slots=True)
class ScheduleStatus:
    """The schedule that starts pulses."""

    installed: Installed | None
    detached: Detached | None
    """The detached run that starts pulses instead; null if there is none."""
    last_tick: datetime | None
    """The start of its last pulse; null if none has ever run."""
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that missions need, as `mission doctor` found it."""

    ok: bool
    """Whether nothing is wrong; warnings are allowed."""
    findings: Sequence[Finding]
    cost: str
    """The cost of the calls to models, in words; empty if none was made."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One thing that a mission left behind, and why it is removed or kept."""

    kind: str
    """tree, job, branch …"""
    name: str
    """A path, or the name of a ref."""
    mission: str
    why: str
    bytes: int = 0
    """What it takes on the disk, as far as that was measured."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What `mission gc` removed, or would remove, and what it kept."""

    dry_run: bool
    """True: nothing was changed."""
    removed: Sequence[Judged]
    kept: Sequence[Judged]
    rolled: Mapping[str, int]
    """Run records that were put together by year: their number by mission."""
    freed: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The program that is installed."""

    version: str


@dataclass(frozen=True, slots=True)
class HelpPage:
    """The help of a command, or a page of the manual."""

    name: str
    """The command or the page; empty: all commands."""
    text: str


@dataclass(frozen=True, slots=True)
class CompletionScript:
    """A script with which a shell completes commands."""

    shell: str
    script: str


@dataclass(frozen=True, slots=True)
class AgentTool:
    """One tool that `mission mcp` serves."""

    name: str
    title: str
    about: str
    """What agents are told about it."""
    command: str
    """The command that prints the same with `--json`."""
    changes: bool
    """Whether it can change a mission."""
    input_schema: Mapping[str, Any]
    """The JSON schema of its arguments."""


@dataclass(frozen=True, slots=True)
class AgentTools:
    """The tools that `mission mcp` serves (`mission mcp --tools`)."""

    tools: Sequence[AgentTool]


@dataclass(frozen=True, slots=True)
class FoundRepository:
    """What was found in a repository and on this machine."""

    branch: str
    """The checked-out branch; empty: none."""
    remotes: Sequence[str]
    """Name and address of each git remote."""
    agents: InstalledAgents
    checks: Sequence[str]
    """The commands that judge a milestone without criteria: they test, build or type-check a package."""
    install: str
    """The command that installs the dependencies of a fresh clone; empty: none was found."""
    scheduled: bool
    """Whether a schedule or a detached run starts pulses on this machine."""
    lint: Sequence[str] = ()
    """Commands that lint: they judge nothing unless you make one a criterion."""
    caches: Sequence[str] = ()
    """Folders of your home in which package managers keep downloads, for `sandbox_write`."""


@dataclass(frozen=True, slots=True)
class Initialized:
    """A repository that was set up for missions."""

    state: str
    """Folder of the mission files."""
    settings: str
    """The settings file; empty for a bare repository, which has no place for one."""
    found: FoundRepository

"""What the loop has observed before it decides."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli.domain.agents.drafts import DraftLook
from mission_cli.domain.branches.against import Against
from mission_cli.domain.branches.landing import Landing
from mission_cli.domain.forge.look import ForgeState
from mission_cli.domain.mail.memory import MailLook
from mission_cli.domain.phases.look import PhaseLook
from mission_cli.domain.purchases.provider import PayLook

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo

    from mission_cli.domain.branches.landing import Merge
    from mission_cli.domain.budget.across import Row
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.forecast.patterns import Seen, Sort
    from mission_cli.domain.forge.look import PullLook
    from mission_cli.domain.forge.rows import PullRow
    from mission_cli.domain.hooks.rules import HookState
    from mission_cli.domain.hosts.look import HostLook
    from mission_cli.domain.ids import FeatureNumber, RunId, Sha
    from mission_cli.domain.outside.facts import Numbered, Occasion
    from mission_cli.domain.resources.rows import Look
    from mission_cli.domain.runs.evidence import Evidence
    from mission_cli.domain.runs.jobs import CheckState, Job
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.domain.timing.timeline import Timeline
    from mission_cli.domain.touch.facts import Hint


@dataclass(frozen=True, slots=True)
class Observation:
    """One observation: everything that is not in the mission file."""

    now: datetime
    me: str
    """This machine and clone."""
    shared: bool = False
    """Whether other clones see the mission too."""
    remote_problem: str = ""
    """Why the shared remote cannot be used, or the empty string."""
    undecided: bool = False
    """Whether the problem of the remote needs a decision of a person."""
    host_silent: bool = False
    """The other machine that drives the mission has not renewed its heartbeat for long."""
    orphan_runs: tuple[RunId, ...] = ()
    """Jobs that run here although another machine drives the mission."""
    base: Sha | None = None
    renamed: str = ""
    """The new name of the base branch, if it was renamed and that is known."""
    work: Sha | None = None
    put_back: Sha | None = None
    """Where to move `work` back to, after something other than this program moved it; only without a sandbox."""
    movers: tuple[RunId, ...] = ()
    """The attempts that may have moved it."""
    base_back: Sha | None = None
    """Where to move the base back to: only workers without a sandbox have committed there since."""
    base_movers: tuple[RunId, ...] = ()
    """The attempts that have moved it."""
    work_tree: str = ""
    """Tree of `work` without mission folders."""
    work_against: Against = field(default_factory=Against)
    """`work` with the test files of the base, when it is about to be judged as a whole."""
    start_trees: Mapping[str, tuple[Sha, str]] = field(default_factory=dict)
    """(commit, tree) by the short commit at which milestones started."""
    since_start: Mapping[str, tuple[tuple[Sha, str], ...]] = field(default_factory=dict)
    """(commit, subject) of finished work since a milestone being validated started, newest first, by short commit."""
    base_merge: Merge | None = None
    """None when the base is in `work` already."""
    target: Sha | None = None
    """What may land: the commit of `work` on which the last milestone passed, or what a person made of it."""
    landing: Landing = field(default_factory=Landing)
    """What landing `target` would need."""
    forge: ForgeState = field(default_factory=ForgeState)
    """What is known of the forge; nothing without pull requests."""
    pulls: Mapping[str, PullLook] = field(default_factory=dict)
    """The pull requests that are followed, by subject."""
    todo: Sha | None = None
    """The commit that brings `TODO.md` up to date; None: it is, or it is not time for that."""
    phase: PhaseLook = field(default_factory=PhaseLook)
    """What the gate of the current phase shows, and the documents that phases read."""
    records: tuple[RunRecord, ...] = ()
    highest: Mapping[FeatureNumber, int] = field(default_factory=dict)
    """Highest attempt number ever used, by feature: from records, claims and branches."""
    jobs: Mapping[RunId, Job] = field(default_factory=dict)
    evidence: Mapping[RunId, Evidence] = field(default_factory=dict)
    looked: bool = True
    """Whether the results of ended attempts were read; views do not read them."""
    checks: Mapping[str, CheckState] = field(default_factory=dict)
    hooks: Mapping[str, HookState] = field(default_factory=dict)
    """Commands before and after steps that were started, by key."""
    held_out: Mapping[int, Criterion | None] = field(default_factory=dict)
    """Held-out criteria of milestones that are being validated, by number; None: this machine cannot open it."""
    detected: Mapping[str, tuple[Criterion, ...]] = field(default_factory=dict)
    """Test and build commands found in the repository, by tree."""
    free_slots: int = 1
    """Free worker slots of this machine, over all missions."""
    free_checks: int = 4
    """Checks that this machine may start now, over all missions."""
    hosts: tuple[HostLook, ...] = ()
    """The hosts on which attempts can run, besides this machine, in the order of the settings."""
    shortage: str = ""
    """Why this machine may start nothing now (memory, disk), or empty."""
    opens_at: datetime | None = None
    """When workers may start again, by the hours in the settings; None: now."""
    rows_here: tuple[Row, ...] = ()
    """What other missions of this repository count with in budgets across missions."""
    rows_elsewhere: tuple[Row, ...] = ()
    """What the missions of other repositories of this machine count with."""
    purse_problem: str = ""
    """Why it is not known what other repositories have spent; empty if it is."""
    missions: Mapping[str, str] = field(default_factory=dict)
    """Status words of the other missions, by id, for waits on them."""
    awaited: Mapping[str, PullRow] = field(default_factory=dict)
    """The rows of pull requests that open waits name, by `MISSION/N.M`."""
    occasions: Mapping[str, Occasion] = field(default_factory=dict)
    """The events of calendars that open waits name, by the text of the wait."""
    numbered: Mapping[str, Numbered] = field(default_factory=dict)
    """The pull requests that open waits name by their numbers, by the text of the wait."""
    resources: Mapping[str, Look] = field(default_factory=dict)
    """What was found of resources that features wait for, by their keys."""
    outside_again: datetime | None = None
    """When something outside is asked next."""
    mail: MailLook = field(default_factory=MailLook)
    """What is known of the mail of the mission."""
    payments: PayLook = field(default_factory=PayLook)
    """What is known of its purchases at the provider of payments."""
    letters: Mapping[RunId, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """The mails that ended attempts ask for: path and text."""
    documents: Mapping[RunId, str] = field(default_factory=dict)
    """The documents that ended attempts wrote about their topics."""
    timeline: Timeline | None = None
    """What pulses know of the clock; None: the clock is trusted."""
    starts_at: datetime | None = None
    """When the schedule of the mission is due next; None if it is not a valid time."""
    last_due: datetime | None = None
    """Until when executions of a recurring mission begin; None: no end."""
    engaged: datetime | None = None
    """When a person last did something with the mission; None: it has no lifetime."""
    deadline: datetime | None = None
    """The deadline of the mission; None: it has none."""
    pause_at: datetime | None = None
    """When the mission pauses by itself; None: never."""
    zone: tzinfo = UTC
    """Time zone of this machine: schedules are local time."""
    settings_at: datetime | None = None
    """When settings or keys were last changed; None if unknown."""
    drafts: DraftLook = field(default_factory=DraftLook)
    """What is known of drafts; nothing for a mission without any."""
    previews: Mapping[str, Job] = field(default_factory=dict)
    """The jobs of previews and deployments of which something is left, by the executor's keys."""
    deploying: Mapping[str, str] = field(default_factory=dict)
    """The missions that deploy now, by the names of the targets, if this one plans to deploy there."""
    patterns: Mapping[Sort, Seen] = field(default_factory=dict)
    """How often runners and models succeeded, by kind of task; empty for missions that do not choose by it."""
    touch: Mapping[str, tuple[Hint, ...]] = field(default_factory=dict)
    """The files that features are expected to change, by number; empty unless the mission wants it predicted."""
    findings: str = ""
    """A hash of the findings so far, which changes with them."""
    editor: str = ""
    """Who committed the last change of the file that this program did not make."""

    def record_of(self, run: RunId) -> RunRecord | None:
        """Return the record of a run, or None."""
        return next((r for r in self.records if r.run == run), None)

    def local(self, moment: datetime) -> str:
        """Return a time as local text, such as `Mon 2026-11-30 03:00`."""
        return f"{moment.astimezone(self.zone):%a %Y-%m-%d %H:%M}"

    def since(self, start: datetime) -> timedelta:
        """Return how long ago `start` was, without clock jumps."""
        return self.timeline.since(start) if self.timeline else self.now - start

    def moved(self, moment: datetime, start: datetime | None) -> datetime:
        """Return a time that was computed from `start`, corrected for clock jumps since; unchanged without `start`."""
        return moment if start is None else self.now + (moment - start) - self.since(start)

    def awake_since(self, start: datetime) -> timedelta:
        """Return how long ago `start` was, without clock jumps and without the time the machine slept."""
        return self.timeline.awake_since(start) if self.timeline else self.now - start

    @property
    def apart(self) -> timedelta | None:
        """How long ago the pulse was that confirms the clock of this one; None if there is none yet."""
        if self.timeline is None:
            return timedelta(0)
        return None if self.timeline.proven is None else self.now - self.timeline.proven

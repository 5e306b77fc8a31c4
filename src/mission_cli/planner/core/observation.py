"""What the loop saw of the world before it decided."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli.domain.branches.against import Against
from mission_cli.domain.branches.landing import Landing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo

    from mission_cli.domain.branches.landing import Merge
    from mission_cli.domain.ids import FeatureNumber, RunId, Sha
    from mission_cli.domain.mission import Criterion
    from mission_cli.domain.runs import CheckState, Evidence, Job, RunRecord
    from mission_cli.domain.timing.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Observation:
    """One observation: everything that is not in the mission file."""

    now: datetime
    me: str
    """This machine and clone."""
    shared: bool = False
    """Other clones see the mission too."""
    remote_problem: str = ""
    """Why the remote that clones share cannot be asked, or the empty string."""
    undecided: bool = False
    """That lasts until a person has decided."""
    host_silent: bool = False
    """The other machine that drives the mission has given no sign of life for long."""
    orphan_runs: tuple[RunId, ...] = ()
    """Jobs that run here although another machine drives the mission."""
    base: Sha | None = None
    renamed: str = ""
    """What the base is called by now, where it is gone and somebody knows."""
    work: Sha | None = None
    put_back: Sha | None = None
    """Where `work` has to be put back to: it was moved, not by us, while workers ran outside of a sandbox."""
    movers: tuple[RunId, ...] = ()
    """The attempts that may have moved it."""
    base_back: Sha | None = None
    """Where the base has to be put back to: only such workers have committed there since."""
    base_movers: tuple[RunId, ...] = ()
    """The attempts that have moved it."""
    work_tree: str = ""
    """Tree of `work` without mission folders."""
    work_against: Against = field(default_factory=Against)
    """The same with the judge's files as they are on the base, where it is about to be judged as a whole."""
    start_trees: Mapping[str, tuple[Sha, str]] = field(default_factory=dict)
    """(commit, tree) by the short commit that milestones were started at."""
    base_merge: Merge | None = None
    """None when the base is in `work` already."""
    target: Sha | None = None
    """What may land: the commit of `work` that the last milestone passed on, or what a person made of it."""
    landing: Landing = field(default_factory=Landing)
    """How landing `target` would go."""
    records: tuple[RunRecord, ...] = ()
    highest: Mapping[FeatureNumber, int] = field(default_factory=dict)
    """Highest attempt number ever given out, by feature: records, claims and branches."""
    jobs: Mapping[RunId, Job] = field(default_factory=dict)
    evidence: Mapping[RunId, Evidence] = field(default_factory=dict)
    looked: bool = True
    """Whether what ended attempts left was looked at; a view does not do that."""
    checks: Mapping[str, CheckState] = field(default_factory=dict)
    detected: Mapping[str, tuple[Criterion, ...]] = field(default_factory=dict)
    """Test and build commands found, by tree."""
    free_slots: int = 1
    """Of this machine, over all missions."""
    free_checks: int = 4
    """Checks that this machine may start now, over all missions."""
    shortage: str = ""
    """Why this machine may start nothing now (memory, disk), or empty."""
    opens_at: datetime | None = None
    """When workers may be started again, by the window of the settings; None: now."""
    missions: Mapping[str, str] = field(default_factory=dict)
    """Status words of the other missions, by id, for waits on them."""
    timeline: Timeline | None = None
    """What ticks have seen of the clock; None: nobody doubts it."""
    starts_at: datetime | None = None
    """When the mission's schedule is due, the next time; None where it is no time."""
    last_due: datetime | None = None
    """Until when executions of a recurring mission begin; None: for ever."""
    deadline: datetime | None = None
    """When the mission should be ready; None: whenever it is."""
    zone: tzinfo = UTC
    """Of this machine: schedules are local time."""
    settings_at: datetime | None = None
    """When settings or keys were changed last; None where nobody knows."""
    findings: str = ""
    """A name for what workers have found out so far; another one when that changes."""
    editor: str = ""
    """Who committed the last change of the file that was not ours."""

    def record_of(self, run: RunId) -> RunRecord | None:
        """The record of a run, or None."""
        return next((r for r in self.records if r.run == run), None)

    def local(self, moment: datetime) -> str:
        """A moment as people here say it, `Mon 2026-11-30 03:00`."""
        return f"{moment.astimezone(self.zone):%a %Y-%m-%d %H:%M}"

    def since(self, start: datetime) -> timedelta:
        """How long ago a stamp was made, jumps of the clock taken out."""
        return self.timeline.since(start) if self.timeline else self.now - start

    def moved(self, moment: datetime, start: datetime | None) -> datetime:
        """A moment that was reckoned from a stamp, on the clock as it goes now; as it is without a stamp."""
        return moment if start is None else self.now + (moment - start) - self.since(start)

    def awake_since(self, start: datetime) -> timedelta:
        """The same without what the machine slept."""
        return self.timeline.awake_since(start) if self.timeline else self.now - start

    @property
    def apart(self) -> timedelta | None:
        """How long ago the tick was that agrees with this one about the clock; None where there is none yet."""
        if self.timeline is None:
            return timedelta(0)
        return None if self.timeline.proven is None else self.now - self.timeline.proven

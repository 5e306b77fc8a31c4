"""A mission as its file describes it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field
from mission_cli.domain.asking.urgency import urgency_rank
from mission_cli.domain.forge.rows import Proposing
from mission_cli.domain.ids import FeatureNumber, MissionId, feature_order, milestone_of
from mission_cli.domain.judgments.rules import Orchestrator
from mission_cli.domain.reviews.rules import ReviewRules
from mission_cli.domain.status import (
    FINISHED_FEATURE,
    FINISHED_MILESTONE,
    FeatureStatus,
    GateStatus,
    LandMethod,
    MilestoneStatus,
    MissionStatus,
)
from mission_cli.domain.tables import (
    LANDING,
    SQUASH,
    Approval,
    Gate,
    HeldOut,
    InputRequest,
    KeptRow,
    LogRow,
    Member,
    Message,
    Recovery,
    Spend,
    Wait,
)
from mission_cli.domain.team.limits import NO_LIMITS, OwnLimits
from mission_cli.domain.timing.schedule import recurs
from mission_cli.domain.values_in_force import InForce

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.deploys.rows import DeployRow
    from mission_cli.domain.feedback.rows import FeedbackRow
    from mission_cli.domain.forge.rows import PullRow
    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mail.rows import MailRow
    from mission_cli.domain.phases.table import Phase
    from mission_cli.domain.preview.rows import PreviewRow
    from mission_cli.domain.purchases.rows import PurchaseRow
    from mission_cli.domain.resources.rows import Resource
    from mission_cli.domain.skills.skill import Skill


MOST_WORTH = 100


@dataclass(frozen=True, slots=True)
class Feature:
    """One row of a feature table, with its `#### N.M` section."""

    number: FeatureNumber
    title: str
    status: FeatureStatus | None
    """None: an unknown word; it is shown, and the feature does not run."""
    raw_status: str = ""
    depends: tuple[FeatureNumber, ...] = ()
    estimate_hours: Decimal | None = None
    worker: str = ""
    pr: str = ""
    task: str = ""
    description: str = ""
    criteria: tuple[Criterion, ...] = ()
    group: str = ""
    assign: str = ""
    model: str = ""
    research: bool = False
    """Its result is findings: files in the mission's folder `research/`, with or without a change of code."""
    topic: str = ""
    """What it finds out: its result is the document of that topic, and no code. Empty: findings of any form."""
    fixes: str = ""
    repo: str = ""
    """The repository that it belongs to, if it is another one; kept and shown."""
    side_effects: bool = False
    files: tuple[str, ...] = ()
    """The files and folders that it is expected to change: its area."""
    worth: int = 1
    """What it is worth beside the other features, 1 to 100, where the budget does not pay for all."""
    notify: tuple[str, ...] = ()
    """The names of rules for its events, instead of those of the mission."""
    limits: OwnLimits = NO_LIMITS
    tries_after: int = 0
    """Attempts up to this one no longer count: a person used `mission retry`."""
    needs: tuple[str, ...] = ()
    """The keys of the resources that it needs: it waits for them, and its workers get their values."""
    on: tuple[str, ...] = ()
    """What the host of its attempts has to offer: labels, or the name of one host; `local` is this machine."""
    line: int = 0
    broken: bool = False
    """Its row has an error: it is shown and does not run."""

    @property
    def finished(self) -> bool:
        """Whether it is done or skipped."""
        return self.status in FINISHED_FEATURE


@dataclass(frozen=True, slots=True)
class Milestone:
    """One stage; the next one begins when it has passed or was skipped."""

    number: int
    name: str
    status: MilestoneStatus | None
    raw_status: str = ""
    estimate_hours: Decimal | None = None
    rounds: int = 0
    """Failed validations since the last `resume`."""
    started_at: str = ""
    """Short commit of `work` on which the negative control ran."""
    passed_at: str = ""
    """Short commit of `work` on which its criteria passed: what may land."""
    independent: bool = False
    criteria: tuple[Criterion, ...] = ()
    features: tuple[Feature, ...] = ()
    line: int = 0

    @property
    def finished(self) -> bool:
        """Whether it has passed or was skipped."""
        return self.status in FINISHED_MILESTONE


@dataclass(frozen=True, slots=True)
class Limits:
    """The caps in force; None means unset, which is not the same as unlimited."""

    usd: Decimal | None = None
    hours: Decimal | None = None
    tokens: Decimal | None = None
    unlimited: frozenset[str] = frozenset()
    """Those of usd, hours, tokens that a person has set to `unlimited`."""
    alert_pct: Decimal = Decimal(80)
    per_feature_usd: Decimal | None = None
    proposes: bool = False
    """When the budget does not pay for everything, a smaller scope and a higher cap are proposed."""

    @property
    def any_cap(self) -> bool:
        """Whether the mission has any cap, or a person has written that it has none."""
        return bool(self.unlimited) or any(c is not None for c in (self.usd, self.hours, self.tokens))


@dataclass(frozen=True, slots=True)
class Preferences:
    """How the person wants the work done."""

    max_parallel_workers: int | None = None
    runner: str = ""
    """Empty: the default of the machine."""
    runners: tuple[str, ...] = ()
    """RUNNER or RUNNER:TIER: who may take over, in this order, when a runner is at a limit or out of service."""
    land: str = "ask"
    pull_requests: Proposing | None = None
    """None: the file does not say it."""
    auto_resume: bool = True
    """False: after a usage limit, or a budget across missions that was used up, it waits for a person."""
    shared_files: str = ""
    """`wait`: features that change the same files wait for each other. `predict`: also if that is only likely."""
    worker_command: str = ""
    """A command of the agent that takes the prompt as its argument, such as `full-loop`."""
    deploy_targets: tuple[str, ...] = ()
    """Names of `[deploy.NAME]` tables to which it deploys."""
    hosts: tuple[str, ...] = ()
    """The hosts on which its workers may run, besides `local`, this machine; empty: here, and on all."""
    tech_stack: tuple[str, ...] = ()
    """Languages, frameworks and libraries; missions that share one are of the same domain."""
    lines: tuple[str, ...] = ()
    """Further preferences as text, for the prompt."""


@dataclass(frozen=True, slots=True)
class Mission:
    """Everything that the loop needs to know from one mission file."""

    id: MissionId
    title: str
    status: MissionStatus | None
    raw_status: str = ""
    goal: str = ""
    kind: str = "development"
    mode: str = "full"
    priority: str = "normal"
    repo: str = ""
    base: str = ""
    created: str = ""
    started: str = ""
    completed: str = ""
    deadline: str = ""
    pause_at: str = ""
    """When it pauses by itself; empty: never."""
    schedule: str = ""
    end_date: str = ""
    executions: int = 0
    autonomous: bool = True
    """False: the mission pauses for a person after each milestone."""
    lifetime: str = ""
    """How long it lives without engagement: a duration, `type` or `none`; empty: as its type says."""
    check_every: str = ""
    """How often it is looked at if nothing is reported; empty: as all missions."""
    archived: str = ""
    """When it was archived; empty: it is not."""
    notify: tuple[str, ...] = ()
    """Who is notified."""
    managed: bool = False
    host: str = ""
    limits: Limits = field(default_factory=Limits)
    in_force: InForce = field(default_factory=InForce)
    noted: Mapping[str, str] = field(default_factory=dict)
    """What later decisions need to know of events, see `domain.noted`."""
    """The values that limit a managed mission, and those in the file that do not count."""
    models: Mapping[str, str] = field(default_factory=dict)
    preferences: Preferences = field(default_factory=Preferences)
    reviews: ReviewRules = field(default_factory=ReviewRules)
    orchestrator: Orchestrator = field(default_factory=Orchestrator)
    """What its orchestrator may ask a model for; by default nothing."""
    quality_threshold: Decimal | None = None
    """The least score of a feature that quality gates without a score of their own accept, 1 to 5; None: any."""
    constraints: tuple[str, ...] = ()
    success_criteria: tuple[str, ...] = ()
    non_goals: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    """What the plan takes for granted and no person has confirmed."""
    milestones: tuple[Milestone, ...] = ()
    phases: tuple[Phase, ...] = ()
    gates: tuple[Gate, ...] = ()
    team: tuple[Member, ...] = ()
    approvals: Sequence[Approval] = ()
    requests: Sequence[InputRequest] = ()
    waits: Sequence[Wait] = ()
    messages: Sequence[Message] = ()
    held_out: Sequence[HeldOut] = ()
    pulls: Sequence[PullRow] = ()
    previews: Sequence[PreviewRow] = ()
    feedback: Sequence[FeedbackRow] = ()
    deploys: Sequence[DeployRow] = ()
    mails: Sequence[MailRow] = ()
    purchases: Sequence[PurchaseRow] = ()
    mail_recipients: tuple[str, ...] = ()
    """Addresses and patterns to which mails are sent without an approval."""
    needed_resources: tuple[str, ...] = ()
    """The names of those that hold the whole mission: needed ones that no feature declares."""
    resources: Sequence[Resource] = ()
    spends: Sequence[Spend] = ()
    recoveries: Sequence[Recovery] = ()
    progress: Sequence[LogRow] = ()
    learned: Sequence[Skill] = ()
    kept: Sequence[KeptRow] = ()

    @property
    def proposes(self) -> bool:
        """Whether its work is merged by pull requests; that of a POC never is."""
        return not self.poc and self.preferences.pull_requests not in {None, Proposing.NONE}

    @property
    def landings(self) -> tuple[Approval, ...]:
        """Approvals of a landing. Version 0.1 wrote them as the gate `land`, valid only if no gate has that name."""
        old = "land" not in {gate.name.casefold() for gate in self.gates}
        return tuple(
            a
            for a in self.approvals
            if a.commit
            and (a.decision in {LANDING, SQUASH} or (old and (a.gate, a.decision) == ("land", GateStatus.APPROVED)))
        )

    def open_requests(self) -> list[InputRequest]:
        """Return the requests that wait for an answer, the urgent ones first."""
        return sorted((r for r in self.requests if r.open), key=lambda r: -urgency_rank(r.urgency))

    def land_method(self, target: Sha | None) -> LandMethod:
        """Return how a commit lands: as the last approval of it says; without one, automatically."""
        approved = [a.decision for a in self.landings if target and target.startswith(a.commit)]
        if not approved:
            return LandMethod.FORWARD
        return LandMethod.SQUASH if approved[-1] == SQUASH else LandMethod.MERGE

    @property
    def poc(self) -> bool:
        """Whether it is a proof of concept: one worker, only milestones are judged, every feature lands."""
        return self.mode == "poc"

    @property
    def is_homeless(self) -> bool:
        """Whether it belongs to no repository yet; only such a mission is made without a base branch."""
        return self.managed and not self.repo and not self.base

    @property
    def recurs(self) -> bool:
        """Whether it recurs, by a schedule of five fields."""
        return recurs(self.schedule)

    def features(self) -> Iterator[Feature]:
        """Yield all features in file order."""
        for milestone in self.milestones:
            yield from milestone.features

    def feature(self, number: FeatureNumber) -> Feature | None:
        """Return the feature with that number, or None."""
        return next((f for f in self.features() if f.number == number), None)

    def member(self, feature: Feature | str) -> Member | None:
        """Return the row of the team that a feature is assigned to, or that has this name; or None."""
        name = (feature if isinstance(feature, str) else feature.assign).casefold()
        return next((m for m in self.team if m.agent.casefold() == name), None) if name else None

    def milestone(self, number: int) -> Milestone | None:
        """Return the milestone with that number, or None."""
        return next((m for m in self.milestones if m.number == number), None)

    def milestone_holding(self, number: FeatureNumber) -> Milestone | None:
        """Return the milestone of a feature number, or None."""
        return self.milestone(milestone_of(number))

    def next_feature_number(self, milestone: int) -> FeatureNumber:
        """Return the number after the highest feature number of a milestone."""
        taken = [feature_order(f.number)[1] for f in self.features() if milestone_of(f.number) == milestone]
        return FeatureNumber(f"{milestone}.{max(taken, default=0) + 1}")


def counts(features: Iterable[Feature]) -> tuple[int, int]:
    """Return how many planned features are done, and how many there are; skipped ones and fixes do not count."""
    planned = [f for f in features if not f.fixes and f.status is not FeatureStatus.SKIPPED]
    return sum(f.status is FeatureStatus.DONE for f in planned), len(planned)

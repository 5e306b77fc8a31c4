"""The model of a plan file: each class is a mapping in it, each field a key."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from mission_cli.document.plans.values import (  # noqa: TC001 - pydantic reads them when the classes are made
    Amount,
    Criteria,
    Flag,
    Number,
    Text,
    Texts,
    Whole,
)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _off(value: object) -> object:
    """Convert `off`, which YAML reads as false, to a word."""
    return "off" if value is False else value


class PlanFeature(_Strict):
    """One feature; `depends` names others by number (`1.1`, `2.*`) or title."""

    title: Annotated[Text, Field(min_length=1)]
    description: Text = ""
    estimate: Text = ""
    criteria: Criteria = []
    depends: Texts = []
    assign: Text = ""
    model: Text = ""
    parallel_group: Text = ""
    files: Texts = []
    """The files and folders that it changes: its worker is told, and `lint` finds parallel features that share one."""
    needs: Texts = []
    """Resources that it waits for, by name; its workers get their values."""
    research: Flag = False
    """Its result is its findings; it needs no change of code."""
    topic: Text = ""
    """What it finds out; its result is the document `research/TOPIC.md`, and no code."""
    notify: Texts = []
    """Rules of the settings that its events go by."""
    limits: Text = ""
    """`attempts 2, retry 5m 1h, duration 2h, usd 5, hours 4`, or some of them."""
    side_effects: Flag = False
    """It has effects that cannot be undone: a person decides whether it is tried again."""
    task: Text = ""
    worth: Annotated[Whole, Field(ge=1, le=100)] = 1
    """What it is worth beside the others, where the budget does not pay for all."""
    on: Texts = []
    """What the host of its attempts has to offer: labels such as `gpu`, or the name of a host."""


class PlanMilestone(_Strict):
    """One milestone and its criteria."""

    name: Annotated[Text, Field(min_length=1)]
    estimate: Text = ""
    validation: Criteria = []
    independent: Flag = False
    features: Annotated[list[PlanFeature], Field(min_length=1)]


class PlanBudget(_Strict):
    """Caps; 0 means no cap."""

    time_hours: Amount = 0.0
    money_usd: Amount = 0.0
    token_limit: Amount = 0.0
    alert_threshold_pct: Annotated[Number, Field(gt=0, le=100)] = 80.0
    per_feature_usd: Number = 0.0
    when_short: Literal["", "pause", "propose"] = ""
    """Empty: `pause`."""


class PlanModels(_Strict):
    """Model tier by role."""

    orchestrator: Text = "opus"
    workers: Text = "sonnet"
    research: Text = "haiku"
    validation: Text = ""
    economy: Text = ""
    escalate: Text = ""
    patterns: Text = ""
    """`on`: tiers are chosen by how often they succeeded at such tasks in this repository."""


class PlanPreferences(_Strict):
    """How the person wants the work done."""

    tech_stack: Texts = []
    deploy_target: Text = ""
    test_framework: Text = ""
    ci_provider: Text = ""
    coding_style: Text = ""
    max_parallel_workers: Annotated[Whole, Field(ge=1, le=64)] = 2
    runner: Text = ""
    runners: Texts = []
    """RUNNER or RUNNER:TIER: who may take over, in this order, at a usage limit or an outage."""
    land: Literal["", "ask", "auto"] = ""
    """Empty: `auto` for a proof of concept, otherwise `ask`."""
    shared_files: Literal["", "run", "wait", "predict"] = ""
    """`wait`: features that change the same files wait for each other, `predict`: also if that is only likely.

    Empty: they run at the same time.
    """
    worker_command: Text = ""
    pull_requests: Literal["", "none", "feature", "milestone", "mission"] = ""
    """Empty: `mission start` decides."""
    hosts: Texts = []
    """Hosts on which its workers may run; `local` is this machine. Empty: this machine, and all that are configured."""


class PlanReviews(_Strict):
    """Who reviews finished work; without reviewers, a person judges `review:` criteria."""

    reviewers: Texts = []
    per_feature: Annotated[Whole, Field(ge=1, le=9)] = 1
    per_milestone: Annotated[Whole, Field(ge=1, le=9)] = 3
    budget_pct: Annotated[Number, Field(gt=0, le=100)] = 10.0
    at_gates: Flag = False
    """Also review features before a quality gate that needs a score."""
    dimensions: dict[str, Text] = {}
    """A weight, and what to look at, by the name of the dimension."""


class PlanOrchestrator(_Strict):
    """What a model may be asked for besides the work; by default nothing."""

    judgments: Annotated[Literal["off", "propose", "act"], BeforeValidator(_off)] = "off"
    drafts: Flag = False
    narrative: Flag = False
    budget_pct: Annotated[Number, Field(ge=0, le=100)] = 5.0


class PlanResource(_Strict):
    """Something that the mission needs; credentials by reference only."""

    name: Text
    type: Text = ""
    purpose: Text = ""
    status: Text = "needed"
    reference: Text = ""
    """Where its value is, such as `env:NAME`; never the value."""
    check: Text = ""
    """A command that succeeds when it is available."""
    expires: Text = ""
    notes: Text = ""


class PlanGate(_Strict):
    """A gate between features."""

    name: Text
    kind: Literal["checkpoint", "approval", "quality", "delay"]
    after: Texts = []
    blocks: Texts = []
    rule: Text = ""
    notify: Text = ""


class PlanResearch(_Strict):
    """Something to find out before the features that need it start; it becomes a feature."""

    topic: Annotated[Text, Field(min_length=1)]
    question: Text = ""
    sources: Texts = []
    """Where to look first: addresses, and paths in the repository."""
    needed_by: Texts = []
    """Features by number or title; none: all."""
    review: Flag = False
    """A person looks at what was found out before those features start."""
    max_usd: Annotated[Number, Field(ge=0)] = 0.0
    """Cap of all its attempts; 0: as for any feature."""


class PlanProbe(_Strict):
    """The assumption that would cost most if it were wrong, and a small check of it before the plan is approved."""

    assumption: Annotated[Text, Field(min_length=1)]
    command: Text = ""
    """It holds if this shell command ends with 0."""
    task: Text = ""
    """What an agent tries; it says whether the assumption holds."""
    max_usd: Annotated[Number, Field(ge=0)] = 0.0
    """Cap of the task; 0: half a dollar."""


class PlanPhase(_Strict):
    """A phase: what finishes it, the gate that people decide, and the phase to go back to."""

    name: Annotated[Text, Field(min_length=1)]
    worker: Text = ""
    gate: Text = ""
    on_reject: Text = ""


class PlanAgent(_Strict):
    """A member of the team; `assign` of a feature names one."""

    name: Text
    role: Text = ""
    runner: Text = ""
    model: Text = ""
    max_parallel: Text = ""
    volatile: Flag = False
    """Whether it exists only for this mission."""
    skills: Text = ""
    instructions: Text = ""
    limits: Text = ""
    """As those of a feature; dollars and hours are of all its features together."""


class PlanDecision(_Strict):
    """A decision that was made before the mission: a row of its Decision Log."""

    decision: Annotated[Text, Field(min_length=1)]
    rationale: Text = ""
    alternatives: Text = ""


class Plan(_Strict):
    """A plan file; see `docs/cli.md`."""

    title: Annotated[Text, Field(min_length=1)]
    goal: Text = ""
    id: Text = ""
    type: Text = "development"
    mode: Literal["full", "poc"] = "full"
    priority: Literal["low", "normal", "high", "urgent"] = "normal"
    deadline: Text = ""
    schedule: Text = ""
    end_date: Text = ""
    lifetime: Text = ""
    check_every: Text = ""
    autonomous: Flag = True
    notify: Texts = []
    base: Text = ""
    quality_threshold: Annotated[Number, Field(ge=0, le=5)] = 0.0
    budget: PlanBudget = PlanBudget()
    model_routing: PlanModels = PlanModels()
    preferences: PlanPreferences = PlanPreferences()
    reviews: PlanReviews = PlanReviews()
    orchestrator: PlanOrchestrator = PlanOrchestrator()
    success_criteria: Texts = []
    non_goals: Texts = []
    constraints: Texts = []
    assumptions: Texts = []
    """What the plan takes for granted and no person has confirmed."""
    decisions: list[PlanDecision] = []
    """What was decided before, such as the answers of an interview."""
    resources: list[PlanResource] = []
    team: list[PlanAgent] = []
    gates: list[PlanGate] = []
    phases: list[PlanPhase] = []
    """Without any, milestones follow one another and the work lands at the end."""
    research: list[PlanResearch] = []
    """What has to be found out before the work."""
    probe: PlanProbe | None = None
    """What is checked before the plan is approved, if a person wants it."""
    milestones: Annotated[list[PlanMilestone], Field(min_length=1)]

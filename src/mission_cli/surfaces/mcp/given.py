"""The arguments of each tool. Their JSON schemas are what clients see, and what calls are checked against."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from mission_cli.app.report.fitting import MAX_TOKENS
from mission_cli.document.plans.model import Plan, PlanFeature
from mission_cli.domain.status import MissionStatus  # noqa: TC001 - pydantic reads it

_Mission = Annotated[str, Field(description="Id of the mission, or a prefix of it; empty: the only unfinished one.")]
_Feature = Annotated[str, Field(description="The task: `ID/N.M`, such as `words/1.2`.", min_length=1)]
_Anything = Annotated[str, Field(description="A mission `ID`, a milestone `ID/1`, or a task `ID/1.2`.")]
_Reason = Annotated[str, Field(description="Why; it is recorded in the mission's log.")]


class Given(BaseModel):
    """The arguments of a tool."""

    model_config = ConfigDict(extra="forbid")


class Nothing(Given):
    """No arguments."""


class Listing(Given):
    """Which missions are listed."""

    status: Annotated[list[MissionStatus], Field(description="Only missions with these statuses; empty: all.")] = []
    priority: Annotated[
        list[Literal["low", "normal", "high", "urgent"]],
        Field(description="Only missions with these priorities; empty: all."),
    ] = []
    archived: Annotated[bool, Field(description="Those in the archive instead of the others.")] = False
    everywhere: Annotated[
        bool, Field(description="Those of all repositories in which the person uses the program.")
    ] = False


class OneMission(Given):
    """A mission."""

    mission: _Mission = ""


class Thing(Given):
    """A mission, a milestone or a task."""

    about: _Anything = ""


class Past(OneMission):
    """How much of the past is shown."""

    limit: Annotated[int, Field(description="The most events.", ge=1, le=1000)] = 20


class Resuming(OneMission):
    """How a mission is taken up in a new conversation."""

    max_tokens: Annotated[int, Field(description="The longest answer; 4 characters count as a token.", ge=500)] = (
        MAX_TOKENS
    )
    unpause: Annotated[bool, Field(description="Also continue a paused mission. A person decides this.")] = False


class Creating(Given):
    """A new mission."""

    plan: Annotated[
        Plan | None,
        Field(description="The plan: title, goal, budget, and milestones with features and their criteria."),
    ] = None
    playbook: Annotated[
        str, Field(description="Instead of a plan, the name of a playbook, which `mission_playbook_list` names.")
    ] = ""
    values: Annotated[
        dict[str, str | bool | float | list[str]], Field(description="The values of the playbook's parameters by name.")
    ] = {}
    base: Annotated[str, Field(description="Branch that the work starts from and lands on.")] = ""
    homeless: Annotated[bool, Field(description="Keep it in the person's data folder, without a repository.")] = False


class OnePlaybook(Given):
    """A playbook."""

    name: Annotated[str, Field(description="Its name.", min_length=1)]


class Starting(OneMission):
    """The start of a mission."""

    scheduled: Annotated[bool, Field(description="Do not start it now, but when its schedule is due.")] = False
    base: Annotated[str, Field(description="Base branch, if the file names none.")] = ""


class Updating(OneMission):
    """One change of a mission: its status, or one value of its front matter."""

    status: Annotated[
        Literal["paused", "active", "cancelled"] | None,
        Field(description="`paused`: start nothing new; `active`: continue; `cancelled`: end it."),
    ] = None
    key: Annotated[str, Field(description="A key of the front matter, such as `priority` or `budget.money_usd`.")] = ""
    value: Annotated[str, Field(description="Its new value.")] = ""
    reason: _Reason = ""


class Adding(PlanFeature):
    """A new task; besides where it is added, what a feature of a plan has."""

    mission: _Mission = ""
    milestone: Annotated[
        int | None, Field(description="Number of the milestone; default: the first unfinished one.")
    ] = None


class Logging(Given):
    """An event that is recorded."""

    about: Annotated[str, Field(description="A mission `ID` or a task `ID/1.2`.")]
    text: Annotated[str, Field(description="What happened, in one or two sentences.", min_length=1)]
    kind: Annotated[
        Literal["user_message", "agent_message", "external_event"],
        Field(description="Who said it, or that it happened elsewhere."),
    ] = "agent_message"


class Reporting(Given):
    """How far a task is."""

    task: _Feature
    text: Annotated[str, Field(description="What is done, and what is next.", min_length=1)]
    percent: Annotated[int | None, Field(description="How much of it is done.", ge=0, le=100)] = None


class Asking(Given):
    """A question for the person."""

    about: _Anything
    question: Annotated[str, Field(description="The question, with what one has to know.", min_length=1)]
    options: Annotated[
        list[str], Field(description="Possible answers, each `LABEL` or `LABEL=WHAT IT MEANS`; empty: any text.")
    ] = []
    free_text: Annotated[bool, Field(description="Whether a text that is not an option is an answer, too.")] = False
    urgency: Annotated[Literal["low", "normal", "high", "urgent"], Field(description="How urgent it is.")] = "normal"
    expires: Annotated[str, Field(description="When it expires, such as 2h; empty: as the settings say.")] = ""


class UpdatingTask(Given):
    """One change of a task: its status, or a message to its worker."""

    task: _Feature
    status: Annotated[
        Literal["pending", "skipped"] | None,
        Field(description="`pending`: try it again; `skipped`: continue without it, which needs a reason."),
    ] = None
    message: Annotated[str, Field(description="What the next worker of the task should know.")] = ""
    reason: _Reason = ""


class Answering(OneMission):
    """An answer to an open question."""

    number: Annotated[int, Field(description="Number of the question.", ge=1)]
    answer: Annotated[str, Field(description="The answer; with options it begins with one of them.")] = ""


class Approving(OneMission):
    """A decision at a gate."""

    gate: Annotated[str, Field(description="Name of the gate.", min_length=1)]
    approved: Annotated[bool, Field(description="True approves it, false rejects it.")] = True
    comment: Annotated[str, Field(description="Why.")] = ""


class Completing(OneMission):
    """The landing of finished work."""

    squash: Annotated[bool, Field(description="Land everything as one commit.")] = False

"""What each command prints with `--json`, and its schema. `docs/schema` has them as files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli.app.accounts import results as accounts
from mission_cli.app.deciding import results as serving
from mission_cli.app.deploys import results as deploys
from mission_cli.app.feedback import results as feedback
from mission_cli.app.forecasting import results as budgets
from mission_cli.app.hosts import results as hosts
from mission_cli.app.interview import results as interviews
from mission_cli.app.mail import results as mails
from mission_cli.app.playbooks import results as books
from mission_cli.app.purchases import results as purchases
from mission_cli.app.resources import results as resources
from mission_cli.app.results import (
    briefing,
    changes,
    files,
    landing,
    machine,
    mission_report,
    proposals,
    pulls,
    reasons,
    reports,
    verification,
    views,
    waiting,
)
from mission_cli.app.skills import results as skills
from mission_cli.domain.agents import shown as drafts
from mission_cli.ports.runtime import Stopped
from mission_cli.surfaces.as_json import SCHEMA, Failed
from mission_cli.surfaces.type_schema import TypeSchemas

if TYPE_CHECKING:
    from collections.abc import Mapping

DRAFT = "https://json-schema.org/draft/2020-12/schema"
ERROR = "error"
OVERVIEW = "overview"
"""`mission` without a command."""


@dataclass(frozen=True, slots=True)
class Output:
    """One kind of object that a command prints."""

    shape: type
    stopped: bool | None = False
    """Whether it says if everything is stopped; None: only sometimes."""


_CHANGED = (Output(changes.Changed),)
_CREATED = (
    *(Output(files.CreatedFromPlan), Output(files.CreatedFromGoal)),
    *(Output(changes.Started), Output(books.MissionDraft), Output(files.Attached)),
    *(Output(interviews.InterviewQuestions), Output(interviews.NextQuestion)),
)
_LISTED = (Output(views.MissionList, stopped=True), Output(views.MissionListEverywhere))

OUTPUTS: Mapping[str, tuple[Output, ...]] = {
    ERROR: (Output(Failed, stopped=None),),
    OVERVIEW: (Output(reports.Overview, stopped=True),),
    "access add": (Output(serving.UserAdded),),
    "access list": (Output(serving.Users),),
    "access remove": (Output(serving.UserRemoved),),
    "access webhook": (Output(serving.WebhookAccess),),
    "add": (Output(changes.AddedFeature),),
    "add-milestone": (Output(changes.AddedMilestone),),
    "advance": _CHANGED,
    "agents discard": _CHANGED,
    "agents list": (Output(drafts.DraftsShown),),
    "agents promote": _CHANGED,
    "answer": _CHANGED,
    "approve": _CHANGED,
    "archive": _CHANGED,
    "ask": (Output(changes.AskedQuestion),),
    "attach": (Output(files.Attached),),
    "budget accuracy": (Output(budgets.Accuracy),),
    "budget analyse": (Output(budgets.Bargain),),
    "budget analyze": (Output(budgets.Bargain),),
    "budget estimate": (Output(budgets.Estimates),),
    "budget forecast": (Output(budgets.MissionForecast),),
    "budget limits": (Output(budgets.LimitsShown),),
    "budget prices": (Output(budgets.PricesShown),),
    "budget recommend": (Output(budgets.Recommended),),
    "budget record": _CHANGED,
    "budget report": (Output(budgets.BudgetReport),),
    "cancel": _CHANGED,
    "commands install": (Output(machine.AgentCommands),),
    "commands remove": (Output(machine.AgentCommands),),
    "completion": (Output(machine.CompletionScript),),
    "context": (Output(briefing.Briefing, stopped=True),),
    "cron install": (Output(machine.ScheduleInstalled),),
    "cron remove": (Output(machine.ScheduleRemoved),),
    "cron status": (Output(machine.ScheduleStatus),),
    "dashboard": (Output(files.Dashboard, stopped=None),),
    "diff": (Output(reports.Changes, stopped=True),),
    "doctor": (Output(machine.Diagnosis, stopped=None),),
    "edit": (Output(changes.Edited),),
    "export": (Output(files.Exported),),
    "fmt": (Output(files.Formatted),),
    "gc": (Output(machine.Collected),),
    "handback": (Output(changes.HandedBack),),
    "help": (Output(machine.HelpPage),),
    "history": (Output(reports.History, stopped=True),),
    "import": (Output(files.Imported), Output(files.ImportedPlaybook)),
    "hold-out": (*_CHANGED, Output(changes.HeldOutCriteria)),
    "hosts add": (Output(hosts.AddedHost),),
    "hosts clean": (Output(hosts.CleanedHost),),
    "hosts drain": (Output(hosts.DrainedHost),),
    "hosts list": (Output(hosts.HostList),),
    "hosts remove": (Output(hosts.RemovedHost),),
    "hosts test": (Output(hosts.TestedHosts),),
    "inbox": (Output(waiting.Inbox, stopped=True),),
    "init": (Output(machine.Initialized),),
    "land": (
        *(Output(landing.Landed), Output(landing.LandingPreview)),
        *(Output(changes.Changed), Output(pulls.PullRequests)),
    ),
    "lint": (Output(files.Linted),),
    "list": _LISTED,
    "logs": (Output(reports.Log, stopped=True),),
    "mcp": (Output(machine.AgentTools),),
    "mail": (*_CHANGED, Output(mails.Mails, stopped=True)),
    "merge-driver": (Output(machine.DriverRegistered),),
    "move": (Output(changes.MovedFeature),),
    "new": _CREATED,
    "note": _CHANGED,
    "open": (Output(changes.Workplace), Output(files.OpenedPage, stopped=True)),
    "pause": _CHANGED,
    "playbooks check": (Output(books.CheckedPlaybooks),),
    "playbooks list": (Output(books.ListedPlaybooks),),
    "playbooks show": (Output(books.ShownPlaybook),),
    "pr": (Output(pulls.PullRequests, stopped=True),),
    "account list": (Output(accounts.AccountList, stopped=True),),
    "account run": (Output(accounts.AccountRun),),
    "account show": (Output(accounts.AccountList, stopped=True),),
    "deploy": (Output(deploys.Deployed),),
    "feedback discard": (Output(feedback.FeedbackFiled),),
    "feedback file": (Output(feedback.FeedbackFiled),),
    "feedback list": (Output(feedback.FeedbackList, stopped=True),),
    "feedback show": (Output(feedback.FeedbackText, stopped=True),),
    "preview": (Output(landing.Previewed), *_CHANGED),
    "pulse": (Output(reports.DryRun),),
    "reject": _CHANGED,
    "report": (Output(mission_report.MissionReport, stopped=True), Output(mission_report.ReportWritten, stopped=True)),
    "purchase list": (Output(purchases.Purchases, stopped=True),),
    "purchase paid": _CHANGED,
    "purchase refund": _CHANGED,
    "purchase request": _CHANGED,
    "purchase show": (Output(purchases.Purchases, stopped=True),),
    "purchase stop": (Output(purchases.PaymentsStopped),),
    "replan": (Output(changes.Replanned),),
    "resource add": (Output(resources.Resources),),
    "resource check": (Output(resources.Resources),),
    "resource list": (Output(resources.Resources, stopped=True),),
    "resource provide": (Output(resources.Resources),),
    "resume": (*_CHANGED, Output(changes.StopLifted)),
    "retry": _CHANGED,
    "run": (Output(views.MissionView, stopped=True), Output(machine.DetachedRun, stopped=True)),
    "schema": (Output(files.SchemaDocument),),
    "serve": (Output(serving.Serving),),
    "set": _CHANGED,
    "show": (
        *(Output(reports.WholeMission, stopped=True), Output(proposals.Suggestions, stopped=True)),
        Output(proposals.TopicShown, stopped=True),
        Output(proposals.RequirementsShown, stopped=True),
    ),
    "signal": _CHANGED,
    "skip": _CHANGED,
    "skills export": (Output(skills.ExportedSkills),),
    "skills forget": (Output(skills.ForgottenSkill),),
    "skills list": (Output(skills.ListedSkills, stopped=True),),
    "skills show": (Output(skills.ShownSkill, stopped=True),),
    "start": (Output(changes.Started),),
    "status": (Output(views.MissionView, stopped=True),),
    "stop": (Output(changes.AllStopped),),
    "sync": _CHANGED,
    "takeover": _CHANGED,
    "tell": _CHANGED,
    "top": (Output(views.MissionListEverywhere),),
    "undo": (Output(changes.Undone),),
    "validate": (Output(changes.Validated),),
    "replay": (Output(verification.Replayed, stopped=True),),
    "what-if": (Output(budgets.WhatIf),),
    "verify": (Output(verification.Verification),),
    "version": (Output(machine.Installation),),
    "why": (Output(reasons.Why, stopped=True),),
}
"""By command: the object that it prints, or one of several. A command that fails prints that of `error`."""


def output_schema(name: str, *, closed: bool = False) -> dict[str, Any]:
    """Return the schema of what a command prints; a closed one allows no keys of later versions."""
    return result_schema(_title(name), *OUTPUTS[name], closed=closed)


def result_schema(title: str, *outputs: Output, closed: bool = False) -> dict[str, Any]:
    """Return the schema of an object of one of these kinds."""
    types = TypeSchemas(closed=closed)
    found = [_printed(types, output) for output in outputs]
    body = found[0] if len(found) == 1 else {"anyOf": found}
    defs = {"$defs": dict(sorted(types.defs.items()))} if types.defs else {}
    return {"$schema": DRAFT, "title": title, **body, **defs}


def _printed(types: TypeSchemas, output: Output) -> dict[str, Any]:
    """Return the schema of one object as it is printed: with `schema`, and of a view with `stopped`."""
    record = types.record(output.shape)
    around: dict[str, Any] = {"schema": {"description": "The version of the format.", "const": SCHEMA}}
    if output.stopped is not False:
        around["stopped"] = {
            "description": "Since when and by whom everything is stopped; null if it is not.",
            **types.of(Stopped | None),
        }
    needed = [key for key in around if key == "schema" or output.stopped]
    return record | {"properties": around | record["properties"], "required": needed + record["required"]}


def _title(name: str) -> str:
    if name == ERROR:
        return "A command that failed, with --json"
    return f"mission{'' if name == OVERVIEW else f' {name}'} --json"

"""The tools of an agent: names, what each is for, its arguments, and the command whose JSON it returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli.surfaces.mcp import asking, budget, deciding, given, looking, planning, updating
from mission_cli.surfaces.mcp.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Mapping


def _reading(name: str, title: str, about: str, takes: Any, command: str, run: Any) -> Tool:
    return Tool(name, title, about, takes, command, run, reads=True, repeats=True)


_DECISION = " A person decides this: they are asked, if your program can ask them; otherwise it is refused."

_ALL = (
    _reading(
        "mission_list",
        "List missions",
        "List missions with status, progress and cost, also those made in earlier conversations.",
        given.Listing,
        "list",
        looking.missions,
    ),
    _reading(
        "mission_get",
        "Show a mission",
        "Return everything that a mission file says: goal, milestones, tasks, criteria, questions, gates and logs.",
        given.OneMission,
        "show",
        looking.whole,
    ),
    _reading(
        "mission_status",
        "Status of a mission",
        "Return progress, running workers, cost, and what a mission waits for. Use it to see how far it is.",
        given.OneMission,
        "status",
        looking.status,
    ),
    _reading(
        "mission_why",
        "Why nothing moves",
        "Return what holds a mission, milestone or task, and what would help.",
        given.Thing,
        "why",
        looking.why,
    ),
    _reading(
        "mission_history",
        "History of a mission",
        "Return what happened in a mission, newest first.",
        given.Past,
        "history",
        looking.history,
    ),
    _reading(
        "mission_inbox",
        "What waits for the person",
        "List the questions, approvals and failures of all missions here that wait for the person.",
        given.Nothing,
        "inbox",
        looking.inbox,
    ),
    _reading(
        "mission_hosts",
        "List hosts",
        "List the machines and clusters on which attempts can run, what runs there, and which cannot be reached.",
        given.Nothing,
        "hosts list",
        looking.hosts,
    ),
    _reading(
        "mission_budget_report",
        "Spending of a mission",
        "Return what a mission has spent, attempt by attempt, with list prices beside it.",
        given.OneMission,
        "budget report",
        budget.report,
    ),
    _reading(
        "mission_budget_forecast",
        "Forecast of a mission",
        "Return what a mission will cost and when it will be finished, as ranges, beside its caps.",
        given.OneMission,
        "budget forecast",
        budget.forecast,
    ),
    _reading(
        "mission_budget_recommend",
        "Caps for a mission",
        "Return caps that nine of ten such missions do not reach. Use it before you ask the person for a budget.",
        given.OneMission,
        "budget recommend",
        budget.recommend,
    ),
    _reading(
        "mission_budget_estimate",
        "Cost of a size",
        "Return what a mission of this size costs, before there is a plan.",
        budget.Sizing,
        "budget estimate",
        budget.estimate,
    ),
    _reading(
        "mission_budget_analyze",
        "What a budget buys",
        "Return how many features a budget pays for, and of a mission which ones.",
        budget.Buying,
        "budget analyze",
        budget.analyze,
    ),
    _reading(
        "mission_budget_accuracy",
        "Accuracy of forecasts",
        "Return how good forecasts of ended missions would have been.",
        given.Nothing,
        "budget accuracy",
        budget.accuracy,
    ),
    Tool(
        "mission_resume",
        "Take up a mission",
        "Return what you have to know of a mission in a new conversation: goal, state, questions, decisions, events. "
        "With `unpause`, a paused mission continues." + _DECISION,
        given.Resuming,
        "context",
        deciding.resume,
    ),
    _reading(
        "mission_playbook_list",
        "List playbooks",
        "List plans with parameters, from which missions are made. Look for one that fits before you write a plan.",
        given.Nothing,
        "playbooks list",
        planning.playbooks,
    ),
    _reading(
        "mission_playbook_get",
        "Show a playbook",
        "Return the parameters of a playbook, and its plan with placeholders.",
        given.OnePlaybook,
        "playbooks show",
        planning.playbook,
    ),
    Tool(
        "mission_create",
        "Make a mission",
        "Make a mission from a plan, or from a playbook with values. It is not started. Give every feature criteria "
        "that can be checked, such as run: `pytest -q`, and ask the person for a budget.",
        given.Creating,
        "new",
        planning.create,
    ),
    Tool(
        "mission_start",
        "Start a mission",
        "Start a mission: workers begin, and money is spent." + _DECISION,
        given.Starting,
        "start",
        deciding.start,
        destroys=True,
        repeats=True,
    ),
    Tool(
        "mission_update",
        "Change a mission",
        "Pause a mission, or set its priority. Continuing or cancelling it, and any other key, needs a person."
        + _DECISION,
        given.Updating,
        "set",
        updating.update,
        destroys=True,
        repeats=True,
    ),
    Tool(
        "mission_add_task",
        "Add a task",
        "Add a task to a mission, even while it runs, with the criteria by which it is judged.",
        given.Adding,
        "add",
        planning.add_task,
    ),
    Tool(
        "mission_ask_user",
        "Ask the person",
        "Ask the person something about a mission or a task, which waits for the answer. Use it when you cannot "
        "continue without a decision that is not yours. "
        "If your program can show the question, the answer comes at once.",
        given.Asking,
        "ask",
        asking.ask_user,
    ),
    Tool(
        "mission_log_event",
        "Record an event",
        "Record in the log of a mission what happened elsewhere: an important message, an event outside, a note.",
        given.Logging,
        "note",
        updating.log_event,
    ),
    Tool(
        "mission_report_progress",
        "Report progress",
        "Record how far a task is. Whether it is done is judged by its criteria alone.",
        given.Reporting,
        "note",
        updating.report_progress,
    ),
    Tool(
        "mission_budget_record",
        "Record spending",
        "Record what the person has spent themselves; it counts against the caps of the mission." + _DECISION,
        budget.Recording,
        "budget record",
        budget.record,
    ),
    Tool(
        "mission_update_task",
        "Change a task",
        "Tell the worker of a task something. To try a task again or skip it, set its status." + _DECISION,
        given.UpdatingTask,
        "tell",
        updating.update_task,
        destroys=True,
    ),
    Tool(
        "mission_answer",
        "Answer a question",
        "Answer an open question of a mission, with the words of the person." + _DECISION,
        given.Answering,
        "answer",
        asking.answer,
    ),
    Tool(
        "mission_approve",
        "Decide a gate",
        "Approve or reject a gate of a mission, as the person says." + _DECISION,
        given.Approving,
        "approve",
        deciding.approve,
        destroys=True,
    ),
    Tool(
        "mission_complete",
        "Land a mission",
        "Bring the finished work of a mission to its base branch; when everything has landed it is completed."
        + _DECISION,
        given.Completing,
        "land",
        deciding.complete,
        destroys=True,
        repeats=True,
    ),
)

TOOLS: Mapping[str, Tool] = {tool.name: tool for tool in _ALL}
"""By name, in the order in which they are listed."""

"""Operations that change something: each is one command of the application, with the user as the actor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.app.commands.steer.tell import NOTED
from mission_cli.app.plannings.results import Planning
from mission_cli.app.results.changes import AddedFeature, Changed
from mission_cli.app.results.files import CreatedFromPlan
from mission_cli.domain.deciding.access import Scope
from mission_cli.domain.errors import UsageError
from mission_cli.surfaces.http.api import plannings
from mission_cli.surfaces.http.api.operation import Field, Operation
from mission_cli.surfaces.http.api.posting import REASON, changed, post
from mission_cli.surfaces.http.planners import need_repo

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.surfaces.http.api.operation import Call, Everything

_SOURCES = ("plan", "playbook", "goal")
COMMENT = Field("comment", "recorded with the decision")
SAW = Field("saw", "the commit or document that was looked at; refused if the gate shows another by now")
GATE = Field("gate", "the name of the gate", required=True)


def _create(everything: Everything) -> CreatedFromPlan | Planning:
    """Make the mission of a plan or playbook, or have a model write a plan for a goal."""
    from mission_cli.app.playbooks.library import plan_by_name
    from mission_cli.document.plans.plan import read_plan
    from mission_cli.domain.errors import DocumentError
    from mission_cli.wiring.host import playbook_files

    given = everything.given
    if sum(name in given for name in _SOURCES) != 1 or ("values" in given and "playbook" not in given):
        hint = "a `plan` is made at once, a `playbook` with its `values`, too; for a `goal` a model writes a plan"
        raise UsageError("name one of `plan`, `playbook` and `goal`", hint=hint)
    if "goal" in given:
        return plannings.begin(everything)
    if beside := sorted(given.keys() & {one.name for one in plannings.ORDER}):
        raise UsageError(f"`{beside[0]}` is for a goal", hint="write it into the plan")
    repo = need_repo(list(everything.names), given.get("repo", ""))
    if "playbook" in given:
        plan, problems = plan_by_name(playbook_files(Path(repo)), given["playbook"], given.get("values", {}))
    else:
        read = read_plan(json.dumps(given["plan"]))
        if read.plan is None:
            raise DocumentError.of("plan", read.problems)
        plan, problems = read.plan, [*read.problems]
    if given.get("id"):
        plan.id = given["id"]
    made, path = everything.make(plan, repo)
    return CreatedFromPlan(made, path, problems)


def _plain(name: str) -> Callable[[Call], Changed]:
    """Return a command on a mission that takes a reason."""

    def act(call: Call) -> Changed:
        from mission_cli.app.commands import features

        return changed(getattr(features, name)(call.ctx, call.mission, reason=call.get("reason")))

    return act


def _pause(call: Call) -> Changed:
    from mission_cli.app.commands.features import pause

    return changed(pause(call.ctx, call.mission, reason=call.get("reason"), now=call.get("now", False)))


def _start(call: Call) -> Changed:
    from mission_cli.app.commands.lifecycle import start

    return changed(start(call.ctx, call.mission, scheduled=call.get("scheduled", False)))


def _gate(*, approved: bool) -> Callable[[Call], Changed]:
    def act(call: Call) -> Changed:
        from mission_cli.app.commands.gates import decide_gate
        from mission_cli.app.commands.phases.documents import Given

        said, saw = call.get("comment"), call.get("saw")
        given = Given(call.get("choose", 0), call.get("requirements", None), "the request")
        done = decide_gate(
            call.ctx, call.mission, call.get("gate"), approved=approved, comment=said, saw=saw, given=given
        )
        return changed(done)

    return act


def _answer(call: Call) -> Changed:
    from mission_cli.app.commands.features import answer

    return changed(answer(call.ctx, call.mission, call.get("number"), call.get("response")))


def _land(call: Call) -> Changed:
    from mission_cli.app.commands.gates import land
    from mission_cli.app.commands.steer.pulls import approve_pulls
    from mission_cli.app.pull_requests import proposes

    if proposes(call.ctx, call.mission):
        if call.get("squash", False) or call.get("saw"):
            hint = "set `merge` in [forge] of .mission.toml; the forge shows the changes"
            raise UsageError("the forge merges the pull requests of this mission, by its own method", hint=hint)
        return changed(approve_pulls(call.ctx, call.mission))
    return changed(land(call.ctx, call.mission, squash=call.get("squash", False), saw=call.get("saw")))


def _retry(call: Call) -> Changed:
    from mission_cli.app.commands.features import retry

    return changed(retry(call.ctx, call.feature(), reason=call.get("reason")))


def _skip(call: Call) -> Changed:
    from mission_cli.app.commands.features import skip

    return changed(skip(call.ctx, call.feature(), reason=call.get("reason")))


def _tell(call: Call) -> Changed:
    from mission_cli.app.commands.steer.tell import tell

    return changed(tell(call.ctx, call.feature(), call.get("message")))


def _signal(call: Call) -> Changed:
    from mission_cli.app.commands.signal import signal

    data = json.dumps(call.given["data"]) if "data" in call.given else None
    return changed(signal(call.ctx, call.feature(), reason=call.get("reason"), data=data, event=call.get("event")))


def _preview(call: Call) -> Changed:
    from mission_cli.app.commands.steer.preview import start_preview

    return changed(start_preview(call.ctx, call.mission, again=call.get("restart", False)))


def _stop_preview(call: Call) -> Changed:
    from mission_cli.app.commands.steer.preview import stop_preview

    return changed(stop_preview(call.ctx, call.mission))


def _note(call: Call) -> Changed:
    from mission_cli.app.commands.steer.tell import note

    about = call.feature() if call.get("feature") else call.mission
    return changed(note(call.ctx, about, call.get("text"), kind=call.get("kind", "external_event")))


def _change_feature(call: Call) -> Changed:
    """Do what a new status of a feature means."""
    if call.get("status") == "skipped":
        return _skip(call)
    return _retry(call)


def _change(call: Call) -> Changed:
    """Do what a new status of a mission means, or set one key of its front matter."""
    status, key = call.get("status"), call.get("key")
    if bool(status) == bool(key):
        raise UsageError(
            "name either `status` or `key`", hint="`status` pauses, resumes or cancels; `key` sets `value`"
        )
    if status:
        acts = {"paused": _pause, "active": _plain("resume"), "cancelled": _plain("cancel")}
        return acts[status](call)
    from mission_cli.app.commands.set_value import set_value, setting

    if "value" not in call.given:
        raise UsageError(f"`{key}` gets no value", hint="add `value`")
    value = call.get("value")
    text = value if isinstance(value, str) else json.dumps(value)
    wanted = setting(call.address()[1], key, text)
    if wanted.wider and not call.get("confirm", False):
        raise UsageError(f"`{wanted.key}` {wanted.wider}", hint="add `confirm: true`")
    return changed(set_value(call.ctx, call.mission, key, text))


def _add_feature(call: Call) -> AddedFeature:
    from mission_cli.app.commands.steer.add import add_feature
    from mission_cli.document.plans.model import PlanFeature

    if not call.get("title").strip():
        raise UsageError("the title of a feature is empty", hint="name what is built")
    names = ("title", "criteria", "depends", "estimate", "description", "research", "topic")
    feature = PlanFeature(**{name: call.given[name] for name in names if call.given.get(name)})
    done = add_feature(call.ctx, call.mission, feature, milestone=call.given.get("milestone"))
    return AddedFeature(done.address.mission.id, done.words, done.commit or "", done.about)


_ONE, _PART = "/missions/{id}", "/missions/{id}/features/{feature}"


def operations() -> tuple[Operation, ...]:
    """Return them, in the order of the document."""
    return (*_of_missions(), *_decisions(), *_of_previews(), *_of_features())


def _of_missions() -> tuple[Operation, ...]:
    one, manage = _ONE, Scope.MANAGE
    plan = Field("plan", "the plan, as `mission schema plan` describes it: the mission is made at once", "object")
    repo = Field("repo", "the repository, if the server has several")
    playbook = Field("playbook", "the name of a playbook: the mission is made at once, with these values")
    values = Field("values", "the values of its parameters by name: texts, numbers, flags, lists of texts", "object")
    create = (plan, playbook, values, Field("id", "its id; default: made from the title"), repo, *plannings.ORDER)
    patch = (
        Field("status", "what it becomes", choices=("paused", "active", "cancelled")),
        REASON,
        Field("key", "a key of the front matter, such as budget.money_usd"),
        Field("value", "its value", "scalar"),
        Field("confirm", "needed where the value widens a limit", "boolean"),
    )
    return (
        Operation(
            "create_mission",
            "POST",
            "/missions",
            "Make the mission of a plan or playbook, or have a model write a plan for a goal.",
            manage,
            CreatedFromPlan,
            None,
            _create,
            body=create,
            status=201,
            later=Planning,
            location=lambda made: f"/{'plannings' if isinstance(made, Planning) else 'missions'}/{made.id}",
        ),
        Operation(
            "change_mission",
            "PATCH",
            one,
            "Change its status, or set one key of its front matter.",
            manage,
            Changed,
            _change,
            body=patch,
        ),
        post(
            "start_mission",
            f"{one}/start",
            "Start it.",
            manage,
            _start,
            Field("scheduled", "let it wait for its schedule", "boolean"),
        ),
        post(
            "pause_mission",
            f"{one}/pause",
            "Start nothing new.",
            manage,
            _pause,
            REASON,
            Field("now", "also end running workers", "boolean"),
        ),
        post("resume_mission", f"{one}/resume", "Continue it.", manage, _plain("resume"), REASON),
        post("cancel_mission", f"{one}/cancel", "End it; the work is kept.", manage, _plain("cancel"), REASON),
    )


def _decisions() -> tuple[Operation, ...]:
    one, approve = _ONE, Scope.APPROVE
    response = Field("response", "the answer; it begins with one of the options, if there are any", required=True)
    return (
        post(
            *("approve_gate", f"{one}/approve", "Approve a gate.", approve, _gate(approved=True), GATE, COMMENT, SAW),
            Field("choose", "the number of the suggested feature to build", "integer", least=1),
            Field("requirements", "these requirements (JSON) are stored, and exactly they are approved"),
        ),
        post("reject_gate", f"{one}/reject", "Reject a gate.", approve, _gate(approved=False), GATE, COMMENT, SAW),
        post("answer_request", f"{one}/requests/{{number}}/answer", "Answer a request.", approve, _answer, response),
        post(
            "land_mission",
            f"{one}/land",
            "Approve that the finished work lands as it is now.",
            approve,
            _land,
            Field("squash", "as one commit", "boolean"),
            Field("saw", "the commit that was looked at; refused if another would land by now"),
        ),
    )


def _of_previews() -> tuple[Operation, ...]:
    one, manage = _ONE, Scope.MANAGE
    return (
        post(
            *("start_preview", f"{one}/preview", "Show the finished work.", manage, _preview),
            Field("restart", "end the present preview and start another", "boolean"),
            alias=f"{one}/deploy",
        ),
        post(
            *("stop_preview", f"{one}/preview/stop", "End the preview, and clean up after it.", manage, _stop_preview),
            alias=f"{one}/cleanup_deployment",
        ),
    )


def _of_features() -> tuple[Operation, ...]:
    one, part, manage = _ONE, _PART, Scope.MANAGE
    added = (
        Field("title", "what is built", required=True),
        Field("description", "what the worker has to know"),
        Field("criteria", "such as `run: pytest -q`", "array"),
        Field("depends", "features that have to be done first", "array"),
        Field("estimate", "such as 2h"),
        Field("milestone", "number of the milestone; default: the first unfinished one", "integer", least=1),
        Field("research", "whether its result is its findings, not code", "boolean"),
        Field("topic", "what it finds out: its result is the document research/TOPIC.md"),
    )
    needed = Field("reason", REASON.about, required=True)
    return (
        post(
            "add_feature",
            f"{one}/features",
            "Add a feature.",
            manage,
            _add_feature,
            *added,
            alias="/missions/{id}/tasks",
            result=AddedFeature,
        ),
        Operation(
            *("change_feature", "PATCH", part, "Skip a feature, or try it again.", manage, Changed, _change_feature),
            body=(Field("status", "what it becomes", required=True, choices=("skipped", "pending")), REASON),
            aliases=("/missions/{id}/tasks/{feature}",),
        ),
        post(
            *("note_event", f"{one}/events", "Record in the journal what happened elsewhere.", manage, _note),
            *(Field("text", "what happened", required=True), Field("feature", "the feature that it is about")),
            Field("kind", "what it is", choices=tuple(NOTED)),
        ),
        post("retry_feature", f"{part}/retry", "Try a feature again.", manage, _retry, REASON),
        post("skip_feature", f"{part}/skip", "Continue without a feature.", manage, _skip, needed),
        post(
            "tell_worker",
            f"{part}/tell",
            "Tell the worker of a feature something.",
            manage,
            _tell,
            Field("message", "the text", required=True),
        ),
        post(
            "signal_wait",
            f"{part}/signal",
            "Report the event that a feature waits for.",
            manage,
            _signal,
            REASON,
            Field("data", "for the worker", "object"),
            Field("event", "one of several waits"),
        ),
    )

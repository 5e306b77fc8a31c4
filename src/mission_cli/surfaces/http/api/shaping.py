"""Operations that ask people, change the plan of a mission, and take decisions back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mission_cli.app.results.changes import AddedMilestone, AskedQuestion, Changed, MovedFeature, Undone
from mission_cli.domain.asking.urgency import URGENCIES
from mission_cli.domain.deciding.access import Scope
from mission_cli.surfaces.http.api.operation import Field
from mission_cli.surfaces.http.api.posting import REASON, changed, post

if TYPE_CHECKING:
    from mission_cli.surfaces.http.api.operation import Call, Operation


def _ask(call: Call) -> AskedQuestion:
    from mission_cli.app.commands.steer.ask import Given, ask

    about = call.feature() if call.get("feature") else call.mission
    context = json.dumps(call.given["context"]) if "context" in call.given else None
    given = Given(
        call.get("prompt"),
        call.get("options", []),
        call.get("free_text", False),
        call.get("urgency", "normal"),
        call.get("expires"),
        context,
    )
    done = ask(call.ctx, about, given)
    return AskedQuestion(done.address.mission.id, done.words, done.commit or "", int(done.about))


def _withdraw(call: Call) -> Changed:
    from mission_cli.app.commands.steer.ask import withdraw

    return changed(withdraw(call.ctx, call.mission, call.get("number"), reason=call.get("reason")))


def _add_milestone(call: Call) -> AddedMilestone:
    from mission_cli.app.commands.steer.add import add_milestone
    from mission_cli.document.plans.model import PlanFeature
    from mission_cli.domain.errors import UsageError

    titles = call.get("features", [])
    if not call.get("name").strip() or not all(title.strip() for title in titles):
        raise UsageError("a name or a title is empty", hint="name what is built")
    features = [PlanFeature(title=title) for title in titles]
    estimate, criteria = call.get("estimate"), call.get("criteria", [])
    done = add_milestone(
        call.ctx, call.mission, call.get("name"), estimate=estimate, criteria=criteria, features=features
    )
    return AddedMilestone(done.address.mission.id, done.words, done.commit or "", int(done.about))


def _move(call: Call) -> MovedFeature:
    from mission_cli.app.commands.steer.move import move

    done = move(call.ctx, call.feature(), call.get("to"))
    return MovedFeature(
        done.address.mission.id, done.words, done.commit or "", str(done.address.feature or ""), done.about
    )


def _sync(call: Call) -> Changed:
    from mission_cli.app.commands.steer.sync import sync

    return changed(sync(call.ctx, call.mission))


def _undo(call: Call) -> Undone:
    from mission_cli.app.commands.undo import undo

    return undo(call.ctx, call.mission)


def operations() -> tuple[Operation, ...]:
    """Return them."""
    one, manage, approve = "/missions/{id}", Scope.MANAGE, Scope.APPROVE
    milestone = Field("to", "the number of the milestone", "integer", required=True, least=1)
    return (
        post(
            *("ask_person", f"{one}/requests", "Ask a person something.", manage, _ask),
            Field("prompt", "the question", required=True),
            Field("feature", "the feature that waits for the answer"),
            Field("options", "what it may be answered with, each `LABEL` or `LABEL=MEANING`", "array"),
            Field("free_text", "any other text is an answer, too", "boolean"),
            Field("urgency", "how soon it is needed", choices=tuple(URGENCIES)),
            Field("expires", "a duration, such as 2h"),
            Field("context", "what one has to know", "object"),
            result=AskedQuestion,
        ),
        post(
            *("withdraw_request", f"{one}/requests/{{number}}/withdraw", "Withdraw a request.", manage, _withdraw),
            REASON,
        ),
        post(
            *("add_milestone", f"{one}/milestones", "Add a milestone.", manage, _add_milestone),
            Field("name", "its name", required=True),
            Field("features", "titles of its features", "array"),
            Field("criteria", "what it is validated by", "array"),
            Field("estimate", "such as 2h"),
            result=AddedMilestone,
        ),
        post(
            *(
                "move_feature",
                f"{one}/features/{{feature}}/move",
                "Move a feature to another milestone.",
                manage,
                _move,
            ),
            milestone,
            result=MovedFeature,
        ),
        post("sync_mission", f"{one}/sync", "Merge the base branch into the work.", manage, _sync),
        post("undo_decision", f"{one}/undo", "Take the last decision back.", approve, _undo, result=Undone),
    )

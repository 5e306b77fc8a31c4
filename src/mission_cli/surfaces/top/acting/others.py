"""The key for everything else that helps with what waits: the operations that pages offer as buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.app.addressing import resolve
from mission_cli.domain.ids import MissionId
from mission_cli.surfaces.lines import paragraph
from mission_cli.surfaces.top.acting.action import Action, Question, failures

if TYPE_CHECKING:
    from mission_cli.app.queries.before.consequences import Consequence
    from mission_cli.app.results.waiting import Action as Helps
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.http.api.operation import Operation
    from mission_cli.surfaces.top.acting.action import Said, Words
    from mission_cli.surfaces.top.repositories import Acting
    from mission_cli.surfaces.top.target import Target

_KEYED = frozenset(
    {"approve_gate", "reject_gate", "answer_request", "land_mission", "start_mission", "resume_mission"}
    | {"retry_feature", "skip_feature", "retry_phase", "lift_stop"}
)
"""Those with a key of their own."""


def others() -> tuple[Action, ...]:
    """Return the key."""
    return (
        Action(
            *("d", "do", "Do what else helps with what waits, such as raising a cap.", "set"),
            fits=lambda target: bool(_choices(target)),
            act=_act,
            ask=_ask,
            before=_before,
            choose=_choices,
            named=lambda target: f"{_helps(target).label}: {target.waiting[0].name}",
        ),
    )


def _choices(target: Target) -> list[Target]:
    """Return what helps, each as what waits with nothing else that helps."""
    found = ((one, helps) for one in target.waiting for helps in one.actions if helps.operation not in _KEYED)
    return [replace(target, waiting=(replace(one, actions=(helps,)),)) for one, helps in found]


def _helps(target: Target) -> Helps:
    return target.waiting[0].actions[0]


def _ask(_: Acting, target: Target) -> Question:
    helps = _helps(target)
    text = helps.asks[0] if helps.asks else ""
    name = target.waiting[0].name
    return Question(
        f"{helps.label}?", lambda width: paragraph(name, width), text, needed=bool(text), yes=None if text else True
    )


def _before(ctx: Context, target: Target, said: Said) -> Consequence | None:
    """Return what a wider cap or another key means, as `mission set` does."""
    from mission_cli.app.commands.set_value import setting
    from mission_cli.app.queries.before.consequences import Consequence

    given = _given(target, said)
    if "key" not in given:
        return None
    wanted = setting(resolve(ctx.state.snapshot(), target.mission), str(given["key"]), str(given["value"]))
    return Consequence(f"`{wanted.key}` {wanted.wider}") if wanted.wider else None


def _act(acting: Acting, target: Target, said: Said) -> Words:
    from mission_cli.engine.loop import pulse
    from mission_cli.surfaces.http.api.operation import Call

    act = _operation(target).act
    if act is None:
        raise AssertionError("an operation on all missions has a key of its own")
    facts = act(Call(acting.context, target.repository.name, MissionId(target.mission), _given(target, said)))
    report = pulse(acting.context) if not acting.problems else None
    return [facts.message, *failures(report)]


def _given(target: Target, said: Said) -> dict[str, object]:
    """Return what the operation gets: what is known, and what the person wrote."""
    helps, fields = _helps(target), {field.name: field for field in _operation(target).body}
    written = {helps.asks[0]: fields[helps.asks[0]].read(said.text)} if helps.asks else {}
    return {name: value for name, value in {**helps.parameters, **written}.items() if name != "id"}


def _operation(target: Target) -> Operation:
    from mission_cli.surfaces.http.api import acting, keeping, moving

    every = (*acting.operations(), *moving.operations(), *keeping.operations())
    return next(one for one in every if one.name == _helps(target).operation)

"""Operations that move a mission through its phases, and propose its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.deciding.access import Scope
from mission_cli.surfaces.http.api.operation import Field
from mission_cli.surfaces.http.api.posting import REASON, changed, post

if TYPE_CHECKING:
    from mission_cli.app.results.changes import Changed
    from mission_cli.surfaces.http.api.operation import Call, Operation


def _advance(call: Call) -> Changed:
    from mission_cli.app.commands.phases.moves import advance

    return changed(advance(call.ctx, call.mission, call.get("expected_phase"), result=call.get("result")))


def _retry_phase(call: Call) -> Changed:
    from mission_cli.app.commands.phases.moves import retry_phase

    return changed(retry_phase(call.ctx, call.mission, reason=call.get("reason")))


def _skip_phase(call: Call) -> Changed:
    from mission_cli.app.commands.phases.moves import skip_phase

    return changed(skip_phase(call.ctx, call.mission, call.get("phase"), reason=call.get("reason")))


def _propose(call: Call) -> Changed:
    from mission_cli.app.commands.steer.pulls import open_for_the_rest

    return changed(open_for_the_rest(call.ctx, call.mission))


def operations() -> tuple[Operation, ...]:
    """Return them."""
    one, manage = "/missions/{id}", Scope.MANAGE
    phase, needed = Field("phase", "its name", required=True), Field("reason", REASON.about, required=True)
    return (
        post(
            *("advance_phase", f"{one}/advance", "Finish the current phase by hand.", manage, _advance),
            Field("expected_phase", "the phase that is finished; refused if it is another by now", required=True),
            Field("result", "recorded with the phase"),
        ),
        post("retry_phase", f"{one}/retry_phase", "Begin the current phase again.", manage, _retry_phase, REASON),
        post("skip_phase", f"{one}/skip_phase", "Go on without a phase.", manage, _skip_phase, phase, needed),
        post(
            *("open_pull_request", f"{one}/pull_request", "Open one for all that has passed.", manage, _propose),
            alias=f"{one}/create_pr",
        ),
    )

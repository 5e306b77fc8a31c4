"""Operations that move a mission through its phases, and propose its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.results.changes import Changed
from mission_cli.domain.branches.refs import work_branch
from mission_cli.domain.deciding.access import Scope
from mission_cli.domain.errors import BlockedError
from mission_cli.domain.notice import advise, do
from mission_cli.domain.phases.table import PhaseStatus, WorkerKind, current
from mission_cli.surfaces.http.api.operation import Field
from mission_cli.surfaces.http.api.posting import REASON, changed, post

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.domain.phases.table import Phase
    from mission_cli.surfaces.http.api.operation import Call, Operation

_JOBS = {"analyze_repo": "analyzing", "generate_prd": "planning", "run_tests": WorkerKind.TESTS}
"""The phase that does a job, by its name in the presets or by its worker."""


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


def _begin(job: str) -> Callable[[Call], Changed]:
    """Return a command that lets the work of a phase begin again, if it is the current one."""

    def act(call: Call) -> Changed:
        phase = _phase_for(call, job)
        if phase.status in {PhaseStatus.PENDING, PhaseStatus.ACTIVE}:
            begins = "is under way" if phase.active else "begins with the next pulse"
            return Changed(call.mission, f"the phase {phase.name} {begins}", "")
        return _retry_phase(call)

    return act


def _phase_for(call: Call, job: str) -> Phase:
    """Return the current phase. Raises BlockedError if it is not the one that does a job."""
    mission, wanted = call.address()[1].mission, _JOBS[job]
    names = [phase.name for phase in mission.phases if wanted in {phase.name, phase.kind}]
    now = current(mission.phases)
    if not names:
        hint = advise("a mission with phases has one: ", do("new", "GOAL", "--phases"))
        raise BlockedError(f"{mission.id} has no phase for this: `{wanted}`", hint=hint)
    if now is None or now.name not in names:
        at = f"is in the phase `{now.name}`" if now is not None else "has finished its phases"
        raise BlockedError(f"{mission.id} {at}, and not in `{names[0]}`", hint="…/advance and …/skip_phase move it")
    return now


def _branch(call: Call) -> Changed:
    """Say which branch collects the finished work: the loop makes it, and no one else has to."""
    mission = call.address()[1].mission
    work = call.ctx.code.heads(mission.id, mission.base).work
    if work is None:
        words = f"the branch {work_branch(mission.id)} is made when the first milestone of {mission.id} begins"
        raise BlockedError(words, hint=do("start", mission.id))
    return Changed(mission.id, f"the branch {work_branch(mission.id)} is at {work[:7]}", "")


def _jobs() -> tuple[Operation, ...]:
    """Return what clients of seed systems start themselves, and the loop starts by itself here."""
    one, manage = "/missions/{id}", Scope.MANAGE
    abouts = {
        "analyze_repo": "Let the phase that analyzes the repository begin again.",
        "generate_prd": "Let the phase that writes the requirements begin again.",
        "run_tests": "Let the phase that runs the tests begin again.",
    }
    found = [post(name, f"{one}/{name}", about, manage, _begin(name), REASON) for name, about in abouts.items()]
    return (*found, post("create_branch", f"{one}/create_branch", "Name the branch of the work.", manage, _branch))


def operations() -> tuple[Operation, ...]:
    """Return them."""
    one, manage = "/missions/{id}", Scope.MANAGE
    phase, needed = Field("phase", "its name", required=True), Field("reason", REASON.about, required=True)
    return (
        *_jobs(),
        post(
            *("advance_phase", f"{one}/advance", "Finish the current phase by hand.", manage, _advance),
            Field("expected_phase", "the phase that is finished; refused if it is another by now", required=True),
            Field("result", "recorded with the phase"),
        ),
        post("retry_phase", f"{one}/retry_phase", "Begin the current phase again.", manage, _retry_phase, REASON),
        post("skip_phase", f"{one}/skip_phase", "Continue without a phase.", manage, _skip_phase, phase, needed),
        post(
            *("open_pull_request", f"{one}/pull_request", "Open one for all that has passed.", manage, _propose),
            alias=f"{one}/create_pr",
        ),
    )

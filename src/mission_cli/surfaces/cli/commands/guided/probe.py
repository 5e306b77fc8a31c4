"""The probe of a plan on a terminal: offered before the approval; its outcome may change the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from mission_cli.app.planning import PlanningRound, ProbeOutcome
from mission_cli.app.plannings import probing
from mission_cli.app.rounds.probing import intent, most_usd, run_probe
from mission_cli.domain.errors import BlockedError
from mission_cli.surfaces.cli.shell import rest
from mission_cli.surfaces.keys import gently
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from mission_cli.app.planning import Planned, PlanningSetup
    from mission_cli.app.plannings.stored import StoredPlanning
    from mission_cli.document.plans.model import PlanProbe
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.cli.shell import Shell


def is_wanted(ctx: Context, one: StoredPlanning) -> bool:
    """Ask whether the assumption of a plan is checked now; False if it names none, or was checked before."""
    probe = probing.probe_of(one)
    if probe is None:
        return False
    typer.echo(clean(f"The plan depends on this: {probe.assumption}"))
    how = clean(_how(ctx, one.setup, probe))
    return typer.confirm(f"Check it before you decide? {how}", default=False)


def adjustment(shell: Shell, one: StoredPlanning) -> str:
    """Show what a probe found, and return what the model is asked to change because of it; empty: nothing."""
    found = one.probed
    shell.out.print(clean(probing.words_of(found)))
    default = found.outcome is ProbeOutcome.FAILS
    return probing.wish_of(found) if typer.confirm("Have the model adjust the plan to that?", default=default) else ""


def probe_headless(shell: Shell, ctx: Context, planned: Planned, probe: PlanProbe | None) -> None:
    """Run the probe of a plan without asking, and add its record to the planning.

    Raises BlockedError if the assumption does not hold: a person decides what follows.
    """
    if probe is None:
        shell.note("the plan names no assumption to check")
        return
    desk = planned.desk
    shell.note(clean(f"checking: {probe.assumption} ({_how(ctx, desk, probe)})"))
    record = intent(ctx, desk, probe, [one.record for one in planned.rounds])
    with gently(), shell.busy("the assumption is checked", lambda: ""):
        number = len(planned.rounds) + 1
        done, found = run_probe(ctx, desk, probe, record, number=number, rest=rest)
    planned.rounds.append(PlanningRound(done))
    words = probing.words_of(found)
    if found.outcome is ProbeOutcome.FAILS:
        raise BlockedError(words, hint=f"change the plan; planning cost {planned.cost}")
    shell.note(clean(words))


def _how(ctx: Context, desk: PlanningSetup, probe: PlanProbe) -> str:
    bare = "" if ctx.machine.sandbox().on else ", without a sandbox"
    if not probe.task:
        return f"`{probe.command}` runs in a copy that is thrown away{bare}."
    return f"{desk.runner} tries it in a copy that is thrown away, for at most ${most_usd(desk, probe):f}{bare}."

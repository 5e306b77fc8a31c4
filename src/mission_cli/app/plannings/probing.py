"""The probe of a stored planning: its job is noted before it starts, so a restart finds it and pays for it once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import one_line
from mission_cli.app.planning import ProbeOutcome
from mission_cli.app.plannings.stored import PlanningState, StoredPlanning, rounds_of
from mission_cli.app.rounds.probing import intent, run_probe
from mission_cli.document.plans.plan import read_plan
from mission_cli.document.runs.record import read_run, write_run
from mission_cli.domain.errors import BlockedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.app.planning import Probed
    from mission_cli.document.plans.model import PlanProbe
    from mission_cli.engine.context import Context


def probe_of(one: StoredPlanning) -> PlanProbe | None:
    """Return the probe that the plan of a planning names and that has not been run; None if there is none."""
    plan = read_plan(one.plan).plan if one.plan else None
    probe = plan.probe if plan is not None else None
    return probe if probe is not None and probe.assumption != one.probed.assumption else None


def begun(ctx: Context, one: StoredPlanning) -> StoredPlanning:
    """Return a planning whose probe begins; `carry_out` runs it. Raises BlockedError."""
    probe = probe_of(one)
    if probe is None:
        raise BlockedError("the plan names no assumption that is still to be checked", hint="approve it, or change it")
    record = intent(ctx, one.setup, probe, rounds_of(one))
    return replace(one, state=PlanningState.PLANNING, probing=write_run(record), error="", hint="")


def probed(ctx: Context, one: StoredPlanning, rest: Callable[[], None]) -> StoredPlanning:
    """Return a planning after its probe, which is run, or found if it has begun before."""
    probe, record = probe_of(one), read_run(one.probing)
    if probe is None or record is None:
        return replace(one, state=PlanningState.READY, probing="")
    done, found = run_probe(ctx, one.setup, probe, record, number=len(one.records) + 1, rest=rest)
    records = (*one.records, write_run(done))
    notes = (*one.notes, words_of(found))
    return replace(one, state=PlanningState.READY, probing="", probed=found, records=records, notes=notes)


def words_of(found: Probed) -> str:
    """Return what a probe found, in one line."""
    why = f": {one_line(found.words, 300)}" if found.words else ""
    return f"the assumption “{one_line(found.assumption, 200)}” {found.outcome.words}{why}"


def wish_of(found: Probed) -> str:
    """Return what the model is asked to change after a probe; what it said is quoted as data."""
    then = {
        ProbeOutcome.HOLDS: "Change what depends on it, as far as that is needed now.",
        ProbeOutcome.FAILS: "Change the plan so that it does not depend on that assumption.",
        ProbeOutcome.UNCLEAR: "Change the plan so that this is found out first, with as little work as possible.",
    }[found.outcome]
    said = f"\n\nWhat the check said:\n{found.words}" if found.words else ""
    return f"The assumption “{found.assumption}” was checked, and it {found.outcome.words}. {then}{said}"

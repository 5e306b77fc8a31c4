"""Verify a mission: `mission verify`. This changes nothing in the mission and costs no money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.app.results.verification import Misfit, Verification
from mission_cli.app.verify.again import Again, everything_recorded
from mission_cli.app.verify.chain import chain_of
from mission_cli.app.verify.files import broken_files, files_at, uncommitted
from mission_cli.app.verify.marks import unproven
from mission_cli.app.verify.money import unequal_sums
from mission_cli.app.verify.past import breaches, contracts_of, misfits_of, past_of
from mission_cli.app.verify.witnessed import rewritten, signatures_in
from mission_cli.document.reading.load import load
from mission_cli.domain.errors import NotFoundError
from mission_cli.domain.status import FINISHED_MISSION, MilestoneStatus, MissionStatus
from mission_cli.engine.context import policy_of
from mission_cli.engine.halt import refuse_stopped
from mission_cli.engine.observing.observe import consider

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mission_cli.app.addressing import Address
    from mission_cli.app.verify.past import Past
    from mission_cli.engine.context import Context


def verify(ctx: Context, address: Address, *, history: bool, wait: Callable[[], None]) -> Verification:
    """Check files, history and costs of a mission, and judge every recorded verdict again.

    With `history`, costs are compared at every commit, otherwise only at the last one. `wait` is called between two
    observations of the running checks. If the mission file cannot be read, only files and history are checked.
    Raises BlockedError if STOP is set.
    """
    refuse_stopped(ctx)
    found = examine(ctx, address, history=history)
    if address.loaded.refused:
        return found
    snapshot, stored, mission = ctx.state.snapshot(), address.stored, address.mission
    case = consider(ctx, policy_of(ctx), snapshot, stored, address.loaded, look_only=True)
    again = Again(ctx, case, stored, wait)
    files = files_at(ctx, stored, case.head)
    verdicts = again.verdicts(everything_recorded(files.read_records(), list(files.read_evidence().values())))
    heads = ctx.code.heads(mission.id, mission.base)
    if mission.status is MissionStatus.COMPLETED:
        passed = [c for m in mission.milestones if m.status is MilestoneStatus.PASSED for c in m.criteria]
        verdicts += again.landing(heads.base, heads.work, passed)
    return replace(found, verdicts=verdicts)


def examine(ctx: Context, address: Address, *, history: bool) -> Verification:
    """Check files, history and costs of a mission without judging any verdict again."""
    head, stored, mission = ctx.state.head(), address.stored, address.mission
    if head is None:
        raise NotFoundError(f"{mission.id} is not committed yet")
    files = files_at(ctx, stored, head)
    records = files.read_records()
    past = past_of(ctx, stored)
    contracts = [] if address.loaded.refused else contracts_of(past, stored, mission, files)
    misfits = [*broken_files(files), *uncommitted(ctx, stored, files), *misfits_of(past, stored), *breaches(contracts)]
    if address.loaded.refused:
        misfits += [Misfit(f"{stored.path}:{p.line}", p.message) for p in address.loaded.errors()]
    else:
        misfits += unproven(stored.path, stored.text, mission, records, files.read_evidence())
        misfits += [Misfit(stored.path, words) for words in unequal_sums(address.loaded, records)]
    chain, broken = chain_of(ctx, stored, past)
    misfits += [*broken, *rewritten(ctx)]
    signatures, wrong = signatures_in(ctx) if history else (None, [])
    misfits += wrong
    sums = [misfit for one in past for misfit in _sums_at(ctx, address, one)] if history else []
    return Verification(
        id=mission.id,
        state=head,
        finished=mission.status in FINISHED_MISSION,
        verdicts=(),
        misfits=tuple(dict.fromkeys([*misfits, *sums])),
        contracts=contracts,
        records=len(files.records),
        files=len(files.evidence),
        commits=len(past),
        sums=len(past) if history else 1,
        chain=chain,
        signatures=signatures,
    )


def _sums_at(ctx: Context, address: Address, one: Past) -> Sequence[Misfit]:
    """Return how log, records and summary disagree at a commit."""
    stored = ctx.state.at(one.event.commit).missions.get(address.stored.id)
    if stored is None:
        return ()
    records = files_at(ctx, stored, one.event.commit).read_records()
    return [Misfit(one.where, words) for words in unequal_sums(load(stored.text, stored.id), records)]

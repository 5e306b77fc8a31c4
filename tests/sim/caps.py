"""Two laws about money: what runs fits below the cap, and no attempt may take more than twice its fair share.

Written without the planner's own arithmetic: from records, and from the commits that promised something.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tests.kit.fakes.executor import JOBS
from tests.sim.workers import DEAREST

from mission_cli.app.verify.money import unequal_sums
from mission_cli.document.reading.load import load
from mission_cli.document.runs.record import read_run
from mission_cli.domain.budget.ledger import account
from mission_cli.domain.status import RecordState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.kit.fakes.host import Host
    from tests.kit.fakes.objects import Commit, Objects

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord

_STEPS = 6
"""An attempt may always take the three steps that are kept as a margin, and three more."""
_NONE = Decimal(0)


def over_the_cap(host: Host, mission: Mission, records: Sequence[RunRecord]) -> str:
    """Say by how much the promises of what runs, and was not told to end, break the cap; empty where they fit.

    What an attempt cost above its promise lowers no cap. Where nothing runs, nothing breaks it.
    """
    cap = mission.limits.usd
    running = [r for r in records if r.state is RecordState.INTENDED and not r.by and _goes_on(host, r)]
    if cap is None or mission.host != host.jobs.name or not running:
        return ""
    paid = sum((_paid(r) for r in records if not r.open), _NONE)
    held = sum((r.reserve.usd for r in running), _NONE)
    return f"${paid} are paid, ${held} are promised to what runs, and the cap is ${cap}" if paid + held > cap else ""


def _paid(record: RunRecord) -> Decimal:
    return record.reserve.usd if record.usage.usd is None else min(record.usage.usd, record.reserve.usd)


def _goes_on(host: Host, record: RunRecord) -> bool:
    key = str(record.run)
    return key in host.jobs.supervisors and not host.jobs.disk.has(f"{JOBS}/{key}/cancel")


def unfair(objects: Objects, commit: Commit) -> str:
    """Say which attempt a commit promised more than twice its share of what was left; empty where it is fair."""
    if len(commit.parents) != 1:
        return ""
    before = objects.get(commit.parents[0]).files
    if "m/mission.md" not in before:
        return ""
    mission, records = load(before["m/mission.md"], "m").mission, _records(before)
    known = {record.run for record in records}
    new = [r for r in _records(commit.files) if r.run not in known and r.state is RecordState.INTENDED and not r.by]
    for record in sorted(new, key=lambda r: r.run):
        left = account(mission.limits, mission.spends, records).left("usd")
        busy = {r.feature for r in records if r.open}
        rest = [
            f for f in mission.features() if not f.finished and (f.number not in busy or f.number == record.feature)
        ]
        if left is not None and record.reserve.usd > max(min(left, 2 * left / max(1, len(rest))), _STEPS * DEAREST):
            return f"{record.run} may take ${record.reserve.usd} of ${left} for {len(rest)} features"
        records.append(record)
    return ""


def unequal(commit: Commit) -> str:
    """Say where spend log, run records and summary of a commit differ; empty where they are equal."""
    if "m/mission.md" not in commit.files:
        return ""
    return "; ".join(unequal_sums(load(commit.files["m/mission.md"], "m"), _records(commit.files)))


def _records(files: Mapping[str, str]) -> list[RunRecord]:
    return [r for path, text in files.items() if "/runs/" in path and (r := read_run(text)) is not None]

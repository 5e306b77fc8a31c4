"""Worlds whose budget does not pay for everything: proposals, whatever people answer, and the laws about both."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.kit.fakes.executor import Outcome
from tests.sim.asked import AskSim
from tests.sim.sim import PLAN, BrokenError, head_of
from tests.sim.workers import work

from mission_cli.document.reading.load import load
from mission_cli.domain.events import EventKind
from mission_cli.domain.host import PROGRAM
from mission_cli.domain.status import FeatureStatus
from mission_cli.planner.scope.terms import answer_of, terms_of

if TYPE_CHECKING:
    from tests.kit.fakes.objects import Commit

    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Mission
    from mission_cli.ports.executor import JobSpec

_DECIDED = f"Mission-Event: {EventKind.SCOPE_DECIDED}\n"


def work_rightly(seed: int, spec: JobSpec) -> Outcome:
    """The same as `work`, but two of three attempts are as they should be, so that features get done."""
    feature = spec.program.env["MISSION_FEATURE"]
    if (seed + int(spec.key[-1])) % 3 == 0:
        return work(seed, spec)
    right = dict.fromkeys((f"{feature}.txt", *re.findall(r"\d+\.\d+\.txt", spec.program.stdin)), "good\n")
    return Outcome(60.0, right, costs=(Decimal("0.3"), Decimal("0.2")), completes=feature)


class ScopeSim(AskSim):
    """A world in which the budget pays for about half of the work, and people answer what is proposed to them."""

    plan = PLAN.replace("money_usd: 12, time_hours: 200", "money_usd: 3, time_hours: 200, when_short: propose").replace(
        '    validation: ["file: `2.1.txt` `2.2.txt` `2.3.txt`"]\n', ""
    )

    script = staticmethod(work_rightly)

    def __init__(self, seed: int) -> None:
        self._judged: set[Sha] = set()
        """Commits that keep the laws."""
        super().__init__(seed)

    def _laws(self) -> None:
        super()._laws()
        for host in self.hosts:
            for name in self.objects.line(head_of(host)):
                if name in self._judged:
                    break
                self._judged.add(name)
                commit = self.objects.get(name)
                if commit.parents and (words := self._why_wrong(self.objects.get(commit.parents[0]), commit)):
                    raise BrokenError(f"{host.jobs.name}: {words}")

    def _why_wrong(self, before: Commit, after: Commit) -> str:
        """Why the program must not have made a commit; empty if a person made it, or it keeps the laws."""
        if after.author != PROGRAM or "m/mission.md" not in before.files or len(after.parents) > 1:
            return ""
        was, now = load(before.files["m/mission.md"], "m").mission, load(after.files["m/mission.md"], "m").mission
        self.counts["proposals"] += after.message.count(f"Mission-Event: {EventKind.SCOPE_PROPOSED}\n")
        if was.limits.usd is not None and (now.limits.usd is None or now.limits.usd > was.limits.usd):
            return f"a cap of ${was.limits.usd} became ${now.limits.usd} without a person"
        if _DECIDED not in after.message:
            return ""
        gone = _skipped(now) - _skipped(was)
        self.counts["scopes that were reduced"] += bool(gone)
        answers = [(answer_of(request), terms_of(was, request)) for request in was.requests]
        allowed = [set(terms.defer) for answer, terms in answers if terms is not None and answer == "reduce"]
        if gone and not any(gone <= names for names in allowed):
            return f"{gone} are left out, and no answer says so"
        needy = {f.number for f in now.features() if not f.finished and gone.intersection(f.depends)}
        return f"{needy} need {gone}, which are left out" if needy else ""


def _skipped(mission: Mission) -> set[str]:
    return {str(f.number) for f in mission.features() if f.status is FeatureStatus.SKIPPED}

"""Worlds whose features share a check, so that they are judged as batches, and the laws about that.

Nothing is integrated but on a tree on which all its checks passed, and no attempt pays for the work of another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.kit.fakes.code import REFS
from tests.sim.sim import BrokenError, Sim

from mission_cli.domain.ids import Sha
from mission_cli.domain.status import Cause

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

    from mission_cli.domain.runs.record import RunRecord

FILES = [f"1.{n}.txt" for n in range(1, 7)]
CHECK = f"not grep: `bad` in {' '.join(f'`{name}`' for name in FILES)}"
_ROWS = "".join(f'      - {{title: part {name[2]}, criteria: ["{CHECK}", "file: `notes.txt`"]}}\n' for name in FILES)
PLAN = f"""\
title: Six files
budget: {{money_usd: 12, time_hours: 200}}
preferences: {{land: auto, runner: script, max_parallel_workers: 4, shared_files: predict}}
milestones:
  - name: Only
    validation: ["{CHECK}"]
    features:
{_ROWS}"""


class BatchSim(Sim):
    """A world in which attempts that end at once are judged together."""

    plan = PLAN

    def __init__(self, seed: int) -> None:
        self._judged: set[str] = set()
        super().__init__(seed)

    def _laws(self) -> None:
        super()._laws()
        for host in self.hosts:
            records = self.records(host)
            together: dict[str, int] = {}
            for record in records:
                self._is_fair(record)
                if record.cause is Cause.DONE and record.judged:
                    together[record.tree] = together.get(record.tree, 0) + 1
            self.counts["judged together"] = max(self.counts["judged together"], *together.values(), 0)
            self._work_is_good(host)

    def _is_fair(self, record: RunRecord) -> None:
        """Every verdict of what is done is about the tree that has it; who failed has something bad."""
        without_diff = record.detail.startswith("it left no commit")  # judged on finished work as it is
        if record.cause is Cause.DONE and not without_diff and {one.tree for one in record.judged} - {record.tree}:
            raise BrokenError(f"{record.run} is done on {record.tree}, and was judged on {record.judged}")
        if record.cause is Cause.CRITERIA_FAILED and record.head:
            mine = self.objects.get(Sha(record.head)).files
            base = self.objects.get(Sha(record.base)).files if record.base else {}
            if not any("bad" in text and base.get(path) != text for path, text in mine.items() if path in FILES):
                raise BrokenError(f"{record.run} pays for what another attempt did")
            self.counts["guilty"] += 1

    def _work_is_good(self, host: Host) -> None:
        work = host.jobs.disk.read(f"{REFS}/heads/mission/m/work", str)
        if not work or work in self._judged:
            return
        self._judged.add(work)
        files = self.objects.get(Sha(work)).files
        if bad := [name for name in FILES if "bad" in files.get(name, "")]:
            raise BrokenError(f"{host.jobs.name} has integrated {bad}")

"""Slots of a machine: workers and checks have their own, over all missions and repositories of a user."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from mission_cli.adapters.executors.jobs.folder import specs_below
from mission_cli.adapters.executors.jobs.slots import (
    SLOTS,
    free_slots,
    take_slot,
)
from mission_cli.domain.status import JobKind

if TYPE_CHECKING:
    from pathlib import Path


def test_each_kind_has_as_many_slots_as_the_machine_may_have(tmp_path: Path) -> None:
    held = {kind: [take_slot(tmp_path, 2, kind) for _ in range(3)] for kind in SLOTS}
    assert {kind: [slot and slot[0] for slot in slots] for kind, slots in held.items()} == {
        "worker": [0, 1, None],
        "review": [None, None, None],  # they share the slots of workers
        "check": [0, 1, None],
    }
    assert [free_slots(tmp_path, 2, kind) for kind in SLOTS] == [0, 0, 0]
    for slots in held.values():
        for slot in filter(None, slots):
            os.close(slot[1])
    assert [free_slots(tmp_path, 2, kind) for kind in SLOTS] == [2, 2, 2]
    again = take_slot(tmp_path, 2, JobKind.CHECK)
    assert again is not None
    os.close(again[1])


def test_requests_are_found_in_the_folders_of_jobs_and_nowhere_below(tmp_path: Path) -> None:
    for name in ("m/1.1-a1", "m/checks/abc.1", "m/1.1-a1/out"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "spec.json").write_text("{}")
    found = specs_below(tmp_path)
    first = next(found)
    (tmp_path / "m/checks/abc.1/spec.json").unlink(missing_ok=True)
    shutil.rmtree(tmp_path / "m/checks")
    assert first.relative_to(tmp_path).as_posix() in {"m/1.1-a1/spec.json", "m/checks/abc.1/spec.json"}
    assert {path.relative_to(tmp_path).as_posix() for path in found} <= {"m/1.1-a1/spec.json"}
    assert [*specs_below(tmp_path / "none")] == []

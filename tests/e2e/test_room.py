"""Below the floors of memory and disk nothing is started, `why` names which, and with room it goes on by itself."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.people import HONEST

if TYPE_CHECKING:
    from tests.kit.people import Person

ONE = """\
title: One file
budget: {time_hours: 1}
milestones:
  - name: Only
    validation: ["manual: it looks good"]
    features: [{title: one}]
"""
MUCH = 10**9
TMPFS = Path("/dev/shm")  # noqa: S108 - a real tmpfs, smaller than the disk; nothing is written to it


def why(person: Person) -> tuple[str, str, bool]:
    hold = person.mission("why", "m/1.1", "--json").facts["why"][0]["holds"][0]
    assert hold["until"], "it is looked at again soon"
    return hold["kind"], hold["detail"], hold["person"]


@pytest.mark.parametrize("short", ["memory", "disk"])
def test_below_a_floor_nothing_starts_until_there_is_room(person: Person, short: str) -> None:
    person.worker(HONEST)
    person.set(f"min_free_{short}_mib = {MUCH}")
    person.plan(ONE)
    person.start()
    kind, words, helped = why(person)
    assert (kind, helped) == ("machine", False)
    assert words.startswith("only ")
    assert f" MiB of {short} " in words
    assert words.endswith(f"; {MUCH} MiB are required")
    assert person.starts() == []
    assert person.features() == {"1.1": "pending"}
    said = words.replace(re.findall(r"\d+", words)[0], "…", 1)  # how much is free changes from look to look
    assert said in re.sub(r"only \d+", "only …", person.mission("status", "m").out)
    person.set(f"min_free_{short}_mib = 0")
    person.mission("pulse")
    person.wait_for_job("m/1.1-a1")
    assert person.starts() == ["m/1.1-a1"]


def test_the_disk_that_counts_is_the_one_with_the_trees(person: Person) -> None:
    if not TMPFS.is_mount():
        pytest.skip(f"{TMPFS} is no tmpfs here: mount one")
    free = shutil.disk_usage(TMPFS).free // (1024 * 1024)
    person.worker(HONEST)
    person.set(f'trees = "{TMPFS}/of-a-test/{os.getpid()}"\nmin_free_disk_mib = {free + 1000}')
    person.plan(ONE)
    person.start()
    kind, words, _ = why(person)
    assert kind == "machine"
    assert re.fullmatch(rf"only \d+ MiB of disk space are free at {TMPFS}; {free + 1000} MiB are required", words)
    assert person.starts() == []

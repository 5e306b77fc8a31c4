"""Attempts that are judged as one batch: if a process dies at any step, the mission ends as if none had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.crash.deaths import Deaths
from tests.crash.lives import works
from tests.kit.fakes.life import Kind
from tests.kit.nightly import only_at_night

if TYPE_CHECKING:
    from collections.abc import Callable

CHECK = "not grep: `bad` in `1.1.txt` `1.2.txt` `1.3.txt`"
PLAN = f"""\
title: Three files
budget: {{money_usd: 20, time_hours: 20}}
preferences: {{land: auto, runner: script, max_parallel_workers: 3}}
milestones:
  - name: Only
    validation: ["file: `1.1.txt` `1.2.txt` `1.3.txt`"]
    features:
      - {{title: one, criteria: ["{CHECK}"]}}
      - {{title: two, criteria: ["{CHECK}"]}}
      - {{title: three, criteria: ["{CHECK}"]}}
"""


@only_at_night
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", list(Kind))
def test_a_batch_ends_the_same_whoever_dies(kind: Kind, record_property: Callable[[str, object], None]) -> None:
    """The first attempt at 1.2 is bad, so a batch of three is halved, and the other two are integrated."""
    deaths = Deaths(plan=PLAN, script=works)
    deaths.every(kind)
    deaths.within_the_caps()
    assert deaths.expected is not None
    assert {status for _, status in deaths.expected.features} == {"done"}
    record_property("counts", dict(deaths.counts))

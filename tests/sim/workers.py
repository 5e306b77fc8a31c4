"""What workers do in the world of a seed: mostly what they should, and everything else that was seen of agents."""

from __future__ import annotations

from decimal import Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING

from tests.kit.fakes.executor import Outcome

from mission_cli.domain.status import Cause

if TYPE_CHECKING:
    from mission_cli.ports.executor import JobSpec

DEAREST = Decimal("0.4")
"""Dollars of the dearest step of any of them."""
_CHEAP = (Decimal("0.1"), Decimal("0.2"))
_CAUSES = (Cause.AUTH, Cause.QUESTION, Cause.RATE_LIMIT, Cause.PROVIDER_ERROR)


def work(seed: int, spec: JobSpec) -> Outcome:
    """What one attempt comes to."""
    feature = spec.env["MISSION_FEATURE"]
    dice = blake2b(f"{seed} {spec.key}".encode(), digest_size=4).digest()
    seconds = 20.0 + dice[1] * 3
    good = {f"{feature}.txt": "good\n"}
    if dice[0] < 150:
        return Outcome(seconds, good, costs=_CHEAP, completes=feature)
    others = (
        Outcome(seconds, {f"{feature}.txt": "bad\n"}, costs=_CHEAP),
        Outcome(seconds, costs=_CHEAP),
        Outcome(seconds, code=1, uncommitted=good, costs=_CHEAP),
        Outcome(100_000.0, uncommitted=good, costs=(DEAREST,) * 4),
        Outcome(seconds * 20, good, costs=(DEAREST,) * 40, completes=feature),
        Outcome(seconds, {**good, "notes.txt": f"{spec.key}\n"}, costs=(DEAREST,), completes=feature),
        Outcome(seconds, code=1, cause=_CAUSES[dice[2] % len(_CAUSES)], costs=_CHEAP[:1]),
        Outcome(seconds, code=-9, costs=_CHEAP[:1]),
        Outcome(seconds, {".github/x.yml": "good\n", **good}, costs=_CHEAP),
        Outcome(seconds, code=127),
    )
    return others[dice[3] % len(others)]

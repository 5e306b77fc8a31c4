"""What workers do in the world of a seed: mostly what they should, and everything else that was seen of agents."""

from __future__ import annotations

import re
from decimal import Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING

from tests.kit.fakes.executor import Outcome
from tests.kit.reviews import answer, finding

from mission_cli.domain.status import Cause, JobKind

if TYPE_CHECKING:
    from mission_cli.ports.executor import JobSpec

DEAREST = Decimal("0.4")
"""Dollars of the dearest step of any of them."""
_CHEAP = (Decimal("0.1"), Decimal("0.2"))
_NAMED = re.compile(r"(?<=`good` in `)\d+\.\d+\.txt|\d+\.\d+\.txt(?= does not exist)")
_CAUSES = (Cause.AUTH, Cause.QUESTION, Cause.RATE_LIMIT, Cause.PROVIDER_ERROR)


def work_anew(seed: int, spec: JobSpec) -> Outcome:
    """The same, but that what is good is another in every attempt: there is something to be done in each execution."""
    return _work(seed, spec, f"good, by {spec.key}\n")


def work(seed: int, spec: JobSpec) -> Outcome:
    """What one attempt comes to."""
    return _work(seed, spec, "good\n")


def work_or_review(seed: int, spec: JobSpec) -> Outcome:
    """The same as `work`; and reviewers that are mostly honest, and now and then useless, late, dear or hostile."""
    if spec.kind is not JobKind.REVIEW:
        return work(seed, spec)
    dice = blake2b(f"{seed} {spec.key}".encode(), digest_size=4).digest()
    cost, criteria = (Decimal("0.01"),), 2 if spec.program.env["MISSION_REVIEW"] == "1" else 1
    good = answer(*[3 + dice[2] % 3] * criteria)
    if dice[0] < 120:
        return Outcome(30.0, costs=cost, answer=good)
    others = (
        Outcome(30.0, costs=cost, answer=answer(*[1.5] * criteria)),
        Outcome(30.0, costs=cost, answer=answer(*[5] * criteria, findings=[finding(command="true")])),
        Outcome(30.0, costs=cost, answer=f"Sure! {good}"),
        Outcome(30.0, costs=cost, answer=good[:-1]),
        Outcome(30.0, costs=cost),
        Outcome(30.0, costs=cost, answer=good, code=1),
        Outcome(30.0, costs=(DEAREST,) * 9, answer=good),
        Outcome(100_000.0, costs=cost, answer=good),
        Outcome(30.0, costs=cost, answer=good, cause=Cause.RATE_LIMIT),
        Outcome(30.0, {"1.1.txt": "changed by a reviewer\n"}, costs=cost, answer=good),
    )
    return others[dice[3] % len(others)]


def _work(seed: int, spec: JobSpec, good: str) -> Outcome:
    feature = spec.program.env["MISSION_FEATURE"]
    dice = blake2b(f"{seed} {spec.key}".encode(), digest_size=4).digest()
    seconds = 20.0 + dice[1] * 3
    asked = _NAMED.findall(spec.program.stdin)  # not its own number, if it was moved
    right = dict.fromkeys((f"{feature}.txt", *asked), good)
    if dice[0] < 150:
        return Outcome(seconds, right, costs=_CHEAP, completes=feature)
    others = (
        Outcome(seconds, {f"{feature}.txt": "bad\n"}, costs=_CHEAP),
        Outcome(seconds, costs=_CHEAP),
        Outcome(seconds, code=1, uncommitted=right, costs=_CHEAP),
        Outcome(100_000.0, uncommitted=right, costs=(DEAREST,) * 4),
        Outcome(seconds * 20, right, costs=(DEAREST,) * 40, completes=feature),
        Outcome(seconds, {**right, "notes.txt": f"{spec.key}\n"}, costs=(DEAREST,), completes=feature),
        Outcome(seconds, code=1, cause=_CAUSES[dice[2] % len(_CAUSES)], costs=_CHEAP[:1]),
        Outcome(seconds, code=-9, costs=_CHEAP[:1]),
        Outcome(seconds, {".github/x.yml": "good\n", **right}, costs=_CHEAP),
        Outcome(seconds, code=127),
    )
    return others[dice[3] % len(others)]

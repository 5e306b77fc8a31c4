"""Forty small changes, half of them with a bug, and reviewers of varying honesty: what is blocked is almost always bad.

The commands that reviewers name as evidence really run, on the change and on what was there before.
"""

from __future__ import annotations

import random
import subprocess
import sys
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.kit.missions import EXIT, GOOD, POLICY, TIP, WORK, feature, mission, plan_of, record
from tests.kit.reviews import answer, finding

from mission_cli._support.dataclass import replace
from mission_cli.domain.criteria.criterion import Criterion
from mission_cli.domain.reviews.rules import ReviewRules
from mission_cli.domain.runs.jobs import CheckState
from mission_cli.domain.runs.usage import Reserve
from mission_cli.domain.status import Cause, CriterionKind, FeatureStatus, Verdict
from mission_cli.planner.core.effects import RunCheck
from mission_cli.planner.core.moves.features import Settle
from mission_cli.planner.core.policy import RunnerPolicy
from mission_cli.planner.reviewing.reviews import Change, subject_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mission_cli.domain.mission import Mission

FUNCTIONS = (
    # name, what is right, what is wrong, a call that tells them apart
    ("clamp", "return max(low, min(value, high))", "return min(low, max(value, high))", "clamp(5, 0, 3) == 3"),
    ("mean", "return sum(value) / len(value)", "return sum(value) // len(value)", "mean([1, 2]) == 1.5"),
    ("last", "return value[-1]", "return value[len(value) - 2]", "last([1, 2, 3]) == 3"),
    ("evens", "return [v for v in value if v % 2 == 0]", "return [v for v in value if v % 2]", "evens([1, 2]) == [2]"),
    ("trim", "return value.strip()", "return value.lstrip()", "trim(' a ') == 'a'"),
    ("leap", "return value % 4 == 0 and (value % 100 != 0 or value % 400 == 0)", "return value % 4 == 0", "not leap(1900)"),
    ("unique", "return list(dict.fromkeys(value))", "return sorted(set(value))", "unique([2, 1, 2]) == [2, 1]"),
    ("words", "return value.split()", "return value.split(' ')", "words('a  b') == ['a', 'b']"),
    ("signum", "return (value > 0) - (value < 0)", "return 1 if value >= 0 else -1", "signum(0) == 0"),
    ("half", "return value / 2", "return value >> 1", "half(3) == 1.5"),
)  # fmt: skip
OPINIONS = (
    ("Missing documentation", "Public helpers need a docstring with an example."),
    ("No type hints", "Annotate parameters, as elsewhere in this repository."),
    ("Performance", "A loop over every element allocates twice."),
    ("Naming", "One-letter names are hard to read."),
    ("No validation", "Arguments of another type raise an obscure exception."),
    ("Untested", "Add a regression test before merging."),
)
CRITERION = Criterion("review: it does what it says", CriterionKind.REVIEW, command="it does what it says")
RUNNERS = replace(POLICY, runners={"script": RunnerPolicy(), "one": RunnerPolicy(), "two": RunnerPolicy()})
RULES = ReviewRules(reviewers=("one:claude", "two:gpt"), per_feature=2)


def source(name: str, body: str) -> str:
    return f"def {name}(value, low=0, high=0):\n    {body}\n"


class Diff:
    """A change of one function: in half of them a refactoring breaks it."""

    def __init__(self, number: int, folder: Path) -> None:
        self.name, good, bad, self.call = FUNCTIONS[number % len(FUNCTIONS)]
        self.buggy = number % 4 in {1, 3}
        self.places = {WORK: folder / f"{number}/before", TIP: folder / f"{number}/after"}
        for place, body in zip(
            self.places.values(), (good, bad if self.buggy else f"{good}  # refactored"), strict=True
        ):
            place.mkdir(parents=True)
            (place / "code.py").write_text(source(self.name, body), encoding="utf-8")

    @property
    def proof(self) -> str:
        """A command that passes only if the function is right."""
        return f"{sys.executable} -I -c 'exec(open(\"code.py\").read()); assert {self.call.replace(chr(39), chr(34))}'"

    def run(self, check: RunCheck) -> CheckState:
        """Run a command of a reviewer on a commit."""
        done = subprocess.run(
            ["/bin/sh", "-c", check.criterion.command],
            cwd=self.places[check.commit],
            capture_output=True,
            text=True,
            check=False,
        )
        verdict = (
            Verdict.PASSED
            if done.returncode == 0
            else Verdict.COULD_NOT_RUN
            if done.returncode == 127
            else Verdict.FAILED
        )
        return CheckState(1, EXIT, verdict, done.stderr)


def reviewer(dice: random.Random, diff: Diff, *, sees: float, invents: float) -> str:
    """An answer of somebody who sees a bug with one probability, and invents one with another."""
    findings = []
    if diff.buggy and dice.random() < sees:
        command = diff.proof if dice.random() < 0.8 else ""
        title = dice.choice((f"`{diff.name}` returns another result", f"The result of `{diff.name}` has changed"))
        body = f"For {diff.call} the refactored `{diff.name}` does not return the same result."
        findings.append(finding(title, body=body, file="code.py", first_line=2, command=command, priority=1))
    if dice.random() < invents:
        noise = ("false", "exit 1", "no-such-linter code.py", "true", "grep -q TODO code.py", "test -s missing.txt", "")
        title, body = dice.choice(OPINIONS)
        line = dice.choice((1, 2))  # where everybody looks
        findings.append(
            finding(
                title,
                body=body,
                file="code.py",
                first_line=line,
                command=dice.choice(noise),
                priority=dice.choice((1, 2, 3)),
            )
        )
    dice.shuffle(findings)
    return answer(dice.choice((3, 4, 5)), findings=findings)


def is_blocked(diff: Diff, answers: tuple[str, str]) -> bool:
    """Whether the work goes back, by the planner and by what the commands really print."""
    some: Mission = mission(feature("1.1", FeatureStatus.REVIEW, criteria=(CRITERION,)), reviews=RULES)
    made = record("1.1-a1", reserve=Reserve(usd=Decimal(4)))
    subject = subject_of(some, Change("1.1", f"m/1.1-a1 {TIP}", WORK, (made,)), (CRITERION,))
    reviews = [
        record(
            f"review-a{n}",
            Cause.DONE,
            runner=runner,
            model=model,
            about="1.1",
            subject=subject,
            criteria=(CRITERION.text,),
            last_words=text,
        )
        for n, (runner, model, text) in enumerate(zip(("one", "two"), ("claude", "gpt"), answers, strict=True), 1)
    ]
    checks: dict[str, CheckState] = {}
    while True:
        plan = plan_of(
            some, RUNNERS, records=(made, *reviews), jobs={"m/1.1-a1": EXIT}, evidence={"m/1.1-a1": GOOD}, checks=checks
        )
        started = [act for act in plan.effects if isinstance(act, RunCheck)]
        if not started:
            return any(
                isinstance(move, Settle) and move.record.cause is Cause.CRITERIA_FAILED for move in plan.transitions
            )
        checks |= {act.key: diff.run(act) for act in started}


def test_what_reviewers_block_is_bad_nine_times_of_ten(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    dice = random.Random(9)  # noqa: S311 - the same changes each time
    blocked: list[bool] = []
    missed = 0
    for number in range(40):
        diff = Diff(number, tmp_path)
        honest = reviewer(dice, diff, sees=0.8, invents=0.3)
        other = reviewer(dice, diff, sees=0.5, invents=0.9)
        if is_blocked(diff, (honest, other)):
            blocked.append(diff.buggy)
        else:
            missed += diff.buggy
    found = sum(blocked)
    record_property(
        "counts",
        {"review: blocked rightly": found, "review: blocked wrongly": len(blocked) - found, "review: missed": missed},
    )
    assert found / len(blocked) >= 0.9
    assert found / (found + missed) >= 0.7
    assert found + missed == 20

"""What `mission lint` says beyond what reading says: things that `start` will refuse, and things that prove nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.status import CriterionKind, GateKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.load import Loaded
    from mission_cli.domain.mission import Criterion, Mission

_NOT_RUN = frozenset({CriterionKind.HTTP, CriterionKind.BROWSER, CriterionKind.REVIEW})


def lint(loaded: Loaded) -> tuple[Problem, ...]:
    """Return all problems of a file, in order of lines."""
    found = [*loaded.problems, *_budget(loaded), *_plan(loaded.mission)]
    return tuple(sorted(found))


def _budget(loaded: Loaded) -> Iterator[Problem]:
    front = loaded.layout.front
    if loaded.mission.limits.any_cap or front.missing or front.problems:
        return
    value = front.value("budget", "money_usd")
    at = (value.line, value.column) if value else (1, 1)
    hint = "`start` insists on one: set money_usd, time_hours or token_limit, or write unlimited"
    yield Problem(*at, "there is no budget cap", hint, Severity.WARNING)


def _plan(mission: Mission) -> Iterator[Problem]:
    for milestone in mission.milestones:
        yield from _criteria(milestone.criteria, f"milestone {milestone.number}", milestone.line)
        vacuous = [c for c in milestone.criteria if c.baseline and c.baseline.verdict is Verdict.PASSED]
        for criterion in vacuous:
            words = f"`{criterion.text}` passed before any work: it guards, and proves nothing"
            yield Problem(criterion.line, 1, words, "", Severity.WARNING)
        if not milestone.features:
            yield Problem(milestone.line, 1, f"milestone {milestone.number} has no features", "", Severity.WARNING)
        for feature in milestone.features:
            yield from _criteria(feature.criteria, f"feature {feature.number}", feature.line)
    for gate in mission.gates:
        if gate.kind is GateKind.QUALITY:
            yield from _quality(mission, gate.name, gate.after, gate.line)


def _criteria(criteria: tuple[Criterion, ...], name: str, line: int) -> Iterator[Problem]:
    if not criteria:
        found = "only the tests and builds that are found are run"
        hint = found if name.startswith("milestone") else "any change that keeps the tests green counts"
        yield Problem(line, 1, f"{name} has no criterion", hint, Severity.WARNING)
    for criterion in criteria:
        if criterion.kind is CriterionKind.TEXT:
            words = f"`{criterion.text}` cannot be run: a person will be asked"
            yield Problem(
                criterion.line,
                1,
                words,
                "write it as run:, file:, grep: or metric: if that can say it",
                Severity.WARNING,
            )
        elif criterion.kind in _NOT_RUN:
            words = f"`{criterion.text}`: {criterion.kind} criteria are not run by this version, a person will be asked"
            yield Problem(criterion.line, 1, words, "", Severity.WARNING)


def _quality(mission: Mission, name: str, after: tuple[str, ...], line: int) -> Iterator[Problem]:
    plain = [n for n in after if (f := next((x for x in mission.features() if x.number == n), None)) and not f.criteria]
    if plain:
        words = (
            f"the gate `{name}` scores {', '.join(plain)}, which has no criteria: done by a worker counts 5, by hand 1"
        )
        yield Problem(line, 1, words, "give it criteria", Severity.WARNING)

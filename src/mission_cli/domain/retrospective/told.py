"""The facts of a retrospective as lines: a section without content is not there, and long lists are cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.shown import hours, quantity_of
from mission_cli._support.text import counted, one_line, share, show_duration
from mission_cli.domain.budget.amounts import LABELS
from mission_cli.domain.retrospective.forecast import ELAPSED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mission_cli.domain.retrospective.accuracy import Measured
    from mission_cli.domain.retrospective.causes import Failure
    from mission_cli.domain.retrospective.facts import Facts
    from mission_cli.domain.retrospective.goal import Spoken

OUTCOMES, BUDGET, FAILED, LESSONS = "outcomes", "budget accuracy", "what failed", "lessons learned"
PEOPLE, AGENTS, ENDS = "decisions by people", "agents and skills", "open ends"
_MOST = 8
"""Lines of one list."""
_MOST_NAMED = 6
_TEXT = 160
_NAMES = {**LABELS, ELAPSED: "Start to end"}
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Told:
    """One section of a retrospective."""

    title: str
    """In lower case, as the file's headings are found."""
    lines: tuple[str, ...]


def sections_of(facts: Facts) -> tuple[Told, ...]:
    """Return the sections that have content, in their order."""
    found = (
        (OUTCOMES, _outcomes(facts)),
        (BUDGET, _budget(facts)),
        (FAILED, _failed(facts)),
        (LESSONS, _lessons(facts)),
        (PEOPLE, _people(facts)),
        (AGENTS, _agents(facts)),
        (ENDS, _cut(facts.ends)),
    )
    told = (Told(title, tuple(one_line(line, 500) for line in lines)) for title, lines in found)
    return tuple(one for one in told if one.lines)


def short_line(facts: Facts, at: str) -> str:
    """Return one line about an execution that has ended at a time."""
    spent = [_amount(m) for m in facts.measured if not m.subject and m.name != ELAPSED and (m.used or m.unknown)]
    failed = sum(len(one.attempts) for one in facts.failures)
    words = [f"{share(facts.outcome.done, facts.outcome.features, 'feature')} done", *spent]
    words += [f"{counted(failed, 'attempt')} failed"] if failed else []
    return f"Execution {facts.execution}, until {at}: {', '.join(words)}."


def _outcomes(facts: Facts) -> Iterator[str]:
    found = facts.outcome
    skipped = f", {len(found.skipped)} skipped ({_named(found.skipped)})" if found.skipped else ""
    fixes = f", {found.fixes} of them added as fixes" if found.fixes else ""
    begin = f"Execution {facts.execution}: " if facts.execution else ""
    yield f"{begin}{share(found.done, found.features, 'feature')} done{skipped}{fixes}."
    yield from _cut(
        [
            f"Milestone {m.number} {one_line(m.name, 80)}: {m.status}{f' at {m.at}' if m.at else ''}"
            + (f", {share(m.passed, m.criteria, 'criterion', 'criteria')} passed." if m.criteria else ".")
            for m in found.milestones
        ]
    )
    yield from _cut([_success(one) for one in found.success])
    if facts.base:
        merged = f", by {_pulls(facts.pulls)}" if facts.pulls else ""
        yield f"The finished work is on `{facts.base}`{merged}."
    elif facts.pulls:
        yield f"Merged so far: {_pulls(facts.pulls)}."


def _success(one: Spoken) -> str:
    text = one_line(one.text, _TEXT).rstrip(".")
    if not one.evidence:
        return f"Wanted: {text}. No criterion has its words: look at it yourself."
    passed = [f"{one_line(c, 80)} ({owner})" for owner, c, good in one.evidence if good]
    failed = [f"{one_line(c, 80)} ({owner})" for owner, c, good in one.evidence if not good]
    said = [f"passed: {'; '.join(passed)}"] if passed else []
    said += [f"not passed: {'; '.join(failed)}"] if failed else []
    return f"Wanted: {text}. Criteria with its words: {', '.join(said)}."


def _budget(facts: Facts) -> Iterator[str]:
    for one in facts.measured:
        if not one.subject:
            yield f"{_NAMES[one.name]}: {_used(one)}."
    stages: dict[str, list[Measured]] = {}
    for one in facts.measured:
        if one.subject:
            stages.setdefault(one.subject, []).append(one)
    yield from _cut([f"Milestone {n}: {', '.join(map(_of_milestone, found))}." for n, found in stages.items()])
    if not facts.foretold:
        yield "No forecast was recorded at the start."


def _used(one: Measured) -> str:
    """Return what was used, beside cap, estimate and forecast."""
    said = [_amount(one) + (f" of at most {quantity_of(one.name, one.cap)}" if one.cap is not None else "")]
    said += [*_expected(one)]
    return "; ".join(said)


def _of_milestone(one: Measured) -> str:
    expected = "; ".join(_expected(one))
    amount = _amount(one)
    said = f"{amount} of work" if one.name == "hours" else amount
    return f"{said} ({expected})" if expected else said


def _amount(one: Measured) -> str:
    shown = hours(one.used) if one.name == ELAPSED else quantity_of(one.name, one.used)
    return shown + (f" and {counted(one.unknown, 'unknown cost')}" if one.unknown else "")


def _expected(one: Measured) -> Iterator[str]:
    if one.estimate:
        off = round((one.used - one.estimate) * _PERCENT / one.estimate)
        apart = "as estimated" if not off else f"{abs(off)} % {'more' if off > 0 else 'less'}"
        yield f"estimated {hours(one.estimate)}, {apart}"
    if one.band is not None:
        kind = "hours" if one.name == ELAPSED else one.name
        p50, p90 = (quantity_of(kind, value) for value in (one.band.p50, one.band.p90))
        yield f"forecast {p50} (P50) and {p90} (P90), {one.band.place(one.used)}"


def _failed(facts: Facts) -> Iterator[str]:
    yield from _cut([_failure(one) for one in facts.failures])
    for one in facts.fixed:
        names = [f"{number} {status}" for number, _, status in one.fixes]
        fixes = f" fix features: {_named(names)}" if names else ""
        rounds = f" {counted(one.rounds, 'failed validation')}" if one.rounds else " failed validations"
        yield f"Milestone {one.milestone}:{rounds}{';' if names else ''}{fixes}."
    if facts.other_ends:
        ends = ", ".join(f"{cause} {count}" for cause, count in facts.other_ends)
        yield f"Attempts that ended for another reason: {ends}."


def _failure(one: Failure) -> str:
    words = f': "{one_line(one.words, _TEXT)}"' if one.words else ""
    cost = quantity_of("usd", one.used.usd) if one.used.usd or not one.used.unknown else ""
    unknown = counted(one.used.unknown, "unknown cost") if one.used.unknown else ""
    paid = ", ".join(filter(None, (cost, unknown, hours(one.used.hours))))
    times = counted(len(one.attempts), "attempt")
    return f"{one.cause}, {times} ({_named(one.attempts)}){words}. Then: {_named(one.overcome)}. Cost: {paid}."


def _lessons(facts: Facts) -> Iterator[str]:
    for one in facts.tries:
        yield f"{one.runner}: {share(one.done, one.attempts, 'attempt')} succeeded."
    yield from _cut([f"{words}." for words in facts.moved])
    if facts.expected:
        yield f"{facts.expected}."
    if facts.again:
        more = [f"{number} took {count}" for number, count in facts.again]
        yield f"Features with more than one attempt: {_named(more)}."
    elif facts.tries and not facts.fixed:
        yield "Nothing had to be done twice."


def _people(facts: Facts) -> Iterator[str]:
    found = facts.people
    for one in found.decided[:_MOST]:
        by = f", by {one.by}" if one.by else ""
        waited = f", after {show_duration(one.waited)}" if one.waited is not None else ""
        yield f"{one_line(one.words, _TEXT)}{by}{waited}."
    if len(found.decided) > _MOST:
        yield f"{len(found.decided) - _MOST} more decisions."
    if found.by_hand:
        yield f"Done by hand: {_named(found.by_hand)}."
    if found.waits:
        yield f"Something waited for a person {counted(found.waits, 'time')}, for {show_duration(found.waited)} in all."


def _agents(facts: Facts) -> Iterator[str]:
    for name, purpose, promoted in facts.agents[:_MOST]:
        about = f" ({one_line(purpose, 80)})" if purpose else ""
        yield f"Agent {name}{about}: {promoted or 'not decided'}."
    if facts.skills:
        yield f"{counted(len(facts.skills), 'skill')} learned: {_named(facts.skills)}."


def _cut(lines: Iterable[str]) -> list[str]:
    found = list(lines)
    return found if len(found) <= _MOST else [*found[:_MOST], f"{len(found) - _MOST} more."]


def _named(names: Iterable[str]) -> str:
    found = list(names)
    more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return ", ".join(found[:_MOST_NAMED]) + more


def _pulls(numbers: Iterable[int]) -> str:
    found = [f"#{number}" for number in numbers]
    return f"pull request{'' if len(found) == 1 else 's'} {_named(found)}"

"""All facts of a retrospective, from the mission file and its run records alone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.forecast.vendors import moves_of
from mission_cli.domain.forge.rows import IN_BASE
from mission_cli.domain.retrospective.accuracy import measured
from mission_cli.domain.retrospective.attempts import attempts_at_work, of_execution
from mission_cli.domain.retrospective.causes import failures, fixed, other_ends, runner_of
from mission_cli.domain.retrospective.ends import open_ends
from mission_cli.domain.retrospective.forecast import forecast_at_start
from mission_cli.domain.retrospective.goal import outcome
from mission_cli.domain.retrospective.people import people
from mission_cli.domain.skills.skill import SkillStatus
from mission_cli.domain.status import Cause, MissionStatus
from mission_cli.domain.touch.score import accuracy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.retrospective.accuracy import Measured
    from mission_cli.domain.retrospective.causes import Failure, Fixed
    from mission_cli.domain.retrospective.goal import Outcome
    from mission_cli.domain.retrospective.people import People
    from mission_cli.domain.runs.record import RunRecord


@dataclass(frozen=True, slots=True)
class Tries:
    """How the attempts of one runner and model ended."""

    runner: str
    done: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What a mission, or the present execution of a recurring one, came to."""

    outcome: Outcome
    base: str
    """The branch that the work landed on; empty: it has not landed as a whole."""
    pulls: tuple[int, ...]
    """Pull requests that were merged."""
    execution: int
    """Its number; 0: the mission does not recur."""
    measured: tuple[Measured, ...]
    foretold: bool
    """Whether a forecast was recorded at the start."""
    failures: tuple[Failure, ...]
    fixed: tuple[Fixed, ...]
    other_ends: tuple[tuple[Cause, int], ...]
    tries: tuple[Tries, ...]
    again: tuple[tuple[str, int], ...]
    """Features that took more than one attempt, with their number."""
    moved: tuple[str, ...]
    """Features that moved to another runner, and why."""
    expected: str
    """How many predicted files changed, and the other way round; empty: nothing was predicted."""
    people: People
    agents: tuple[tuple[str, str, str], ...]
    """Agents that were made for the mission: name, purpose, and whether they are promoted."""
    skills: tuple[str, ...]
    """Skills that it learned or confirmed."""
    ends: tuple[str, ...]


def facts_of(mission: Mission, records: Sequence[RunRecord], until: str = "") -> Facts:
    """Return the facts of the present execution. `until`: when it ends, if the file does not say that yet."""
    mine = of_execution(mission, records)
    attempts = attempts_at_work(mine)
    ended = bool(until) or mission.status is MissionStatus.COMPLETED
    counts = Counter(record.feature for record in attempts)
    return Facts(
        outcome=outcome(mission),
        base=mission.base if ended else "",
        pulls=tuple(sorted({row.number for row in mission.pulls if row.status in IN_BASE and row.number})),
        execution=mission.executions if mission.recurs else 0,
        measured=measured(mission, records, until),
        foretold=bool(forecast_at_start(mission)),
        failures=failures(mission, mine),
        fixed=fixed(mission),
        other_ends=other_ends(mine),
        tries=tuple(_tries(attempts)),
        again=tuple((number, count) for number, count in counts.items() if count > 1),
        moved=tuple(words for _, words in moves_of(attempts)),
        expected=accuracy(attempts).words,
        people=people(mission, mine, mission.started if mission.recurs else ""),
        agents=tuple(_agents(mission)),
        skills=tuple(dict.fromkeys(one.name for one in mission.learned if one.status is SkillStatus.ACTIVE)),
        ends=tuple(open_ends(mission)),
    )


def _tries(attempts: Iterable[RunRecord]) -> Iterator[Tries]:
    by_runner: dict[str, list[RunRecord]] = {}
    for record in attempts:
        if not record.by:
            by_runner.setdefault(runner_of(record), []).append(record)
    for runner, tried in sorted(by_runner.items()):
        yield Tries(runner, sum(r.cause is Cause.DONE for r in tried), len(tried))


def _agents(mission: Mission) -> Iterator[tuple[str, str, str]]:
    for row in mission.kept:
        if row.section == "Mission Agents" and row.cells.get("agent"):
            yield row.cells["agent"], row.cells.get("purpose", ""), row.cells.get("promote?", "")

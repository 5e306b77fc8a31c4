"""A person who makes mistakes: one wrong line at a time, wrong commands, half-saved files, obstacles put in and taken out.

A slip is one edit of the mission file, committed or left on disk. It is repaired only when `why` names `mission edit` or
`mission lint`: everything else that `why` names is typed as it stands, and has to work.
"""

from __future__ import annotations

import random
import shlex
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.kit.fakes.code import REFS
from tests.kit.fakes.host import SETTINGS_PLACE
from tests.kit.fakes.others import ADA
from tests.kit.fakes.runtime import PLACE
from tests.kit.fakes.state import TREE
from tests.sim import slips
from tests.sim.events import shrunk
from tests.sim.sim import BrokenError, Sim, head_of, says_what
from tests.sim.slips import ODD, Slip, slips_of

from mission_cli._support.dataclass import replace
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import (
    features as commands,
)
from mission_cli.app.commands import (
    gates,
    lifecycle,
    set_value,
)
from mission_cli.app.commands.steer.add import add_feature, add_milestone
from mission_cli.app.commands.steer.move import move
from mission_cli.app.commands.steer.tell import tell
from mission_cli.app.queries.why import why
from mission_cli.document.plans.model import PlanFeature
from mission_cli.document.reading.load import load
from mission_cli.domain.budget.ledger import account
from mission_cli.domain.errors import MissionError
from mission_cli.domain.ids import MissionId, Sha
from mission_cli.domain.status import FINISHED_MISSION
from mission_cli.ports.git.state import Write
from mission_cli.settings import RunnerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.kit.fakes.host import Host

    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Hold


_CAP, _HOURS = Decimal(12), Decimal(200)
"""What the plan allows."""
TICKS = 60
"""Slips in one world."""
_M = MissionId("m")
_HELPS = 60
_ROUNDS = 300


@dataclass
class Clumsy:
    """One person at one host."""

    host: Host
    context: Callable[[], Context]
    mistakes: list[tuple[str, str]] = field(default_factory=list)
    """The file before and after each slip that is not repaired yet."""

    def do(self, slip: Slip, more: int) -> None:
        """Do it. A command that is refused has changed nothing."""
        with suppress(MissionError):
            self._acts()[slip](random.Random(more))  # noqa: S311 - dice

    def repair(self) -> None:
        """Open the file and take back every slip, the last one first; what others wrote meanwhile stays."""
        for before, after in reversed(self.mistakes):
            now = self._text()
            merged = self.context().state.merge(after, now, before)
            self._commit(now, before if merged is None else merged)
        self.mistakes.clear()
        self._remove_what_is_twice()

    def _remove_what_is_twice(self) -> None:
        """Follow the hint `remove one of them`: a table that was gone may have been written anew meanwhile."""
        text = self._text()
        lines = text.split("\n")
        for problem in reversed(load(text, "m").errors()):
            if "appears twice" in problem.message:
                first = problem.line - 1
                end = next((n for n in range(first, len(lines)) if not lines[n].startswith("|")), len(lines))
                del lines[first : max(end, first + 1)]
        self._commit(text, "\n".join(lines))

    def type(self, line: str) -> bool:
        """Type a command that `why` named; False where it is none that this person knows. Raises MissionError."""
        there = self.host.jobs.disk.read(f"{REFS}/heads/trunk", str)
        words = shlex.split(line.replace("BRANCH", "trunk" if there else "main"))
        if not words or words[0] != "mission":
            return False
        ctx, name, rest = self.context(), words[1], [w for w in words[2:] if not w.startswith("-")]
        known: dict[str, Callable[[], object]] = {
            "resume": lambda: commands.resume(ctx, *rest),
            "start": lambda: lifecycle.start(ctx, *rest),
            "retry": lambda: commands.retry(ctx, *rest),
            "takeover": lambda: lifecycle.takeover(ctx, *rest),
            "land": lambda: gates.land(ctx, *rest),
            "set": lambda: set_value.set_value(ctx, *rest),
            "approve": lambda: gates.decide_gate(ctx, *rest, approved=True),
            "answer": lambda: commands.answer(ctx, rest[0], int(rest[1]), rest[3].strip("(") if rest[3:] else rest[2]),
            "edit": self.repair,
            "lint": self.repair,
        }
        if name not in known:
            return False
        known[name]()
        return True

    # What is done

    def _acts(self) -> dict[Slip, Callable[[random.Random], None]]:
        return {
            Slip.MINUTE: lambda _: None,
            Slip.VALUE: lambda dice: self._slip(lambda lines: slips.value(lines, dice)),
            Slip.KEY: lambda dice: self._slip(lambda lines: slips.key(lines, dice)),
            Slip.LINE_GONE: lambda dice: self._slip(lambda lines: slips.without(lines, dice)),
            Slip.LINE_TWICE: lambda dice: self._slip(lambda lines: slips.twice(lines, dice)),
            Slip.LINES_SWAPPED: lambda dice: self._slip(lambda lines: slips.swapped(lines, dice)),
            Slip.CELL: lambda dice: self._slip(lambda lines: slips.cell(lines, dice, header=False)),
            Slip.HEADER: lambda dice: self._slip(lambda lines: slips.cell(lines, dice, header=True)),
            Slip.HALF_SAVED: lambda dice: self._slip(lambda lines: lines[: dice.randrange(1, max(2, len(lines)))]),
            Slip.HALF_ON_DISK: lambda dice: self._on_disk(lambda text: text[: dice.randrange(1, max(2, len(text)))]),
            Slip.SCRIBBLE: lambda dice: self._on_disk(lambda text: f"{text}\nA thought, {dice.random()}.\n"),
            Slip.WRONG_COMMAND: self._wrong_command,
            Slip.WRONG_ANSWER: self._wrong_answer,
            Slip.ANSWER: self._answer,
            Slip.BASE_GONE: lambda _: self._move_branch("main", "trunk"),
            Slip.BASE_BACK: lambda _: self._move_branch("trunk", "main"),
            Slip.RUNNER_GONE: lambda _: self._runners(there=False),
            Slip.RUNNER_BACK: lambda _: self._runners(there=True),
            Slip.STOP: lambda _: self.context().runtime.press_stop(on=True),
            Slip.LIFT: lambda _: self.context().runtime.press_stop(on=False),
        }

    def _text(self) -> str:
        return self.context().state.snapshot().missions[_M].text

    def _slip(self, change: Callable[[list[str]], Sequence[str]]) -> None:
        before = self._text()
        after = "\n".join(change(before.split("\n")))
        if after != before:
            self._commit(before, after)
            self.mistakes.append((before, after))

    def _commit(self, before: str, after: str) -> None:
        if after == before:
            return
        ctx = self.context()
        snapshot = ctx.state.snapshot()
        stored = snapshot.missions[_M]
        write = Write(stored.path, after, before)
        ctx.state.commit([write], message="by hand\n", expect=snapshot.head, author=ADA)

    def _on_disk(self, change: Callable[[str], str]) -> None:
        name = f"{TREE}/m/mission.md"
        text = self.host.jobs.disk.read(name, str)
        if text:
            self.host.jobs.disk.write(name, change(text), sync=False)

    def _wrong_command(self, dice: random.Random) -> None:
        ctx = self.context()
        features = [str(f.number) for f in resolve(ctx.state.snapshot(), "m").mission.features()] or ["1.1"]
        one = f"m/{dice.choice(features)}"
        wrong: list[Callable[[], object]] = [
            lambda: commands.retry(ctx, one),
            lambda: commands.resume(ctx, "m"),
            lambda: commands.pause(ctx, "m"),
            lambda: gates.land(ctx, "m"),
            lambda: commands.retry(ctx, "m/9.9"),
            lambda: gates.decide_gate(ctx, "m", "land", approved=True),
            lambda: lifecycle.start(ctx, "m"),
            lambda: set_value.set_value(ctx, "m", "budget.money_usd", dice.choice(ODD[:7])),
            lambda: add_feature(ctx, "m", PlanFeature(title=dice.choice(ODD) or "x", depends=[dice.choice(features)])),
            lambda: add_milestone(ctx, "m", dice.choice(ODD), features=[PlanFeature(title="`|")]),
            lambda: move(ctx, one, dice.randrange(4)),
            lambda: tell(ctx, one, dice.choice(ODD)),
            lambda: set_value.set_value(ctx, "m", "preferences.runner", dice.choice(ODD)),
        ]
        dice.choice(wrong)()

    def _wrong_answer(self, dice: random.Random) -> None:
        ctx = self.context()
        numbers = [r.number for r in resolve(ctx.state.snapshot(), "m").mission.requests] or [1]
        commands.answer(ctx, "m", dice.choice([*numbers, 99]), dice.choice(["maybe", "pass", "fail", "`"]))

    def _answer(self, dice: random.Random) -> None:
        ctx = self.context()
        waiting = [r for r in resolve(ctx.state.snapshot(), "m").mission.requests if r.open]
        if waiting:
            request = dice.choice(waiting)
            commands.answer(ctx, "m", request.number, (request.options or ("do as you think",))[0])

    def _move_branch(self, old: str, new: str) -> None:
        disk = self.host.jobs.disk
        head = disk.read(f"{REFS}/heads/{old}", str)
        if head:
            disk.write(f"{REFS}/heads/{new}", Sha(head))
            disk.remove(f"{REFS}/heads/{old}")

    def _runners(self, *, there: bool) -> None:
        kept = dict(self.host.settings.runners)
        runner = kept.pop("script", kept.pop("other", RunnerSettings()))
        self.host.settings = replace(self.host.settings, runners={"script" if there else "other": runner})
        self.host.jobs.disk.write(SETTINGS_PLACE, self.host.jobs.clock.now())


class ClumsySim(Sim):
    """A world of one host in which nothing fails but the person. Its laws: no cap widens, and nothing ends in silence."""

    careful = False

    def __init__(self, seed: int) -> None:
        super().__init__(3 * seed)
        [host] = self.hosts
        self.person = Clumsy(host, lambda: self.context(host))
        self.allowed, self.hours = _CAP, _HOURS

    def slip(self, slip: Slip, more: int) -> None:
        """Let the person do one thing, then jobs and cron. Raises BrokenError."""
        self.counts[slip] += 1
        self.person.do(slip, more)
        self.time.pass_by(timedelta(seconds=more % 600))
        self.go_on()
        self._caps()

    def known_of(self, host: Host, mission: Mission) -> Decimal:
        """By the records: a person may take rows out of the log, double one, mistype one, and take it out again."""
        return account(mission.limits, (), self.records(host)).spent.usd

    def _caps(self) -> None:
        [host] = self.hosts
        stored = self.context(host).state.snapshot().missions.get(_M)
        loaded = load(stored.text, "m") if stored else None
        if loaded is None or loaded.refused or not loaded.mission.managed:
            return
        limits = loaded.mission.limits
        if any(found.key.startswith("budget.") and not found.counts for found in loaded.mission.in_force.overruled):
            return  # no value is known, and nothing starts
        if limits.usd is None or limits.usd > self.allowed or limits.hours is None or limits.hours > self.hours:
            raise BrokenError(f"the caps are {limits.usd} dollars and {limits.hours} hours now")

    def settle_down(self) -> None:
        """Nobody slips any more. It ends, or each command that `why` names works until it does. Raises BrokenError."""
        typed: Counter[str] = Counter()
        for _ in range(_HELPS):
            self._quiet()
            if self._ended():
                self.counts["worlds that ended"] += 1
                return
            if self.hosts[0].jobs.disk.has(f"{PLACE}/STOP"):
                self.person.do(Slip.LIFT, 0)
                continue
            line = self._advice(typed)
            if line is None:
                self.counts["worlds that wait for what is no command"] += 1
                return
            typed[line] += 1
            self.counts["commands that `why` named"] += 1
            try:
                self.person.type(line)
                limits = self.mission(self.hosts[0]).limits
                self.allowed, self.hours = (
                    max(self.allowed, limits.usd or _CAP),
                    max(self.hours, limits.hours or _HOURS),
                )
            except MissionError as error:
                raise BrokenError(f"`{line}` does not work: {error}") from error
        raise BrokenError(f"no end after {_HELPS} commands: {typed}")

    def _quiet(self) -> None:
        [host] = self.hosts
        for _ in range(_ROUNDS):
            before = head_of(host)
            self.time.pass_by(timedelta(minutes=20))
            self.go_on()
            self._caps()
            if head_of(host) == before and not host.jobs.supervisors and not self._wakes(host):
                return

    def _ended(self) -> bool:
        [host] = self.hosts
        return self.mission(host).status in FINISHED_MISSION

    def _advice(self, typed: Counter[str]) -> str | None:
        """The command that `why` names and that was typed least often. Raises BrokenError where it names nothing."""
        [host] = self.hosts
        ctx = self.context(host)
        snapshot = ctx.state.snapshot()
        reasons = [hold for _, holds in why(ctx, snapshot, resolve(snapshot, "m")) for hold in holds]
        if not any(says_what(hold) for hold in reasons):
            raise BrokenError(f"{self.mission(host).status}, and nobody is told why: {reasons}")
        lines = [f"mission {line}" for _, named, line in _commands(reasons) if named and not line.startswith("doctor")]
        if any(not named or line.startswith("doctor") for _, named, line in _commands(reasons)):
            self.person.do(Slip.BASE_BACK, 0)
            self.person.do(Slip.RUNNER_BACK, 0)
        return min(lines, key=lambda line: (typed[line], lines.index(line)), default=None)


def _commands(holds: Sequence[Hold]) -> list[tuple[str, str, str]]:
    """What a person is told to do: (words, `mission ` or nothing, the rest of the command)."""
    return [str(hold.unblock).rpartition("mission ") for hold in holds if hold.person and hold.unblock]


def live_clumsily(seed: int, events: Sequence[tuple[Slip, int]]) -> Counter[str]:
    """Let these slips happen in the world of a seed. Raises BrokenError."""
    sim = ClumsySim(seed)
    for slip, more in events:
        sim.slip(slip, more)
        sim.counts["ticks"] += 1
    sim.settle_down()
    return sim.counts


def run_clumsily(seed: int, ticks: int, *, shrink: bool = False) -> Counter[str]:
    """The same; a failure is told with its slips, or after some minutes with the fewest that it needs."""
    events = slips_of(seed, ticks)
    try:
        return live_clumsily(seed, events)
    except Exception as error:
        kind = type(error)
        few = shrunk(events, lambda fewer: _fails(seed, fewer, kind)) if shrink else events
        hint = "" if shrink else f"the fewest that it needs: python -m tests.sim --clumsy --seed {seed}"
        words = [f"seed {seed}: {kind.__name__}: {error}", f"{len(few)} of {ticks} slips:", *map(str, few), hint]
        raise BrokenError("\n".join(filter(None, words))) from error


def _fails(seed: int, events: Sequence[tuple[Slip, int]], kind: type[Exception]) -> bool:
    try:
        live_clumsily(seed, events)
    except kind:
        return True
    except Exception:  # noqa: BLE001 - another failure is another story
        return False
    return False

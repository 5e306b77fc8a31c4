"""Counts of deaths, and what must be true after each: `python -m tests.crash` prints them."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.crash.lives import PLAN, Lives, StateId, Step, committed, end_of, over_the_cap, works
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.fakes.life import Kind
from tests.kit.fakes.objects import Objects
from tests.kit.skills import wrongly_learned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.kit.fakes.executor import Script
    from tests.kit.fakes.host import Host


@dataclass
class Deaths:
    """One mission, of six features and two milestones where no other is meant, and the deaths that it was put through."""

    lazy: tuple[str, ...] = ()
    plan: str = PLAN
    script: Script = works
    person: Callable[[Host], bool] | None = None
    """Does one thing where something is to be done, and says whether it did."""
    begun: Objects = field(default_factory=Objects)
    lives: Lives = field(default_factory=Lives)
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        host = make_host(self.script, lazy=self.lazy, objects=self.begun)
        self.furnish(host)
        make_mission(host, self.plan)
        self.objects = host.jobs.objects
        self.begin = self.lives.keep(host)
        self.undisturbed = self.lives.steps(self.begin)
        self.expected = end_of(self.lives.end(self.begin))

    def furnish(self, host: Host) -> None:
        """Give the host what this mission needs besides: its person, if there is one."""
        if self.person is not None:
            host.errand = self.person

    def every(self, kind: Kind, each: int = 1) -> None:
        """Let somebody die at every step in turn, or at each so many."""
        states = {}
        for step in self.undisturbed[::each]:
            if (step.leaves, victim(step, kind)) not in states:
                states[step.leaves, victim(step, kind)] = self.lives.death(step, kind)
            self.counts[f"deaths by {kind}"] += 1
        self._look(states.values())
        self.counts[f"states left by {kind}"] += len(set(states.values()))

    def pairs(self, number: int, seed: int) -> None:
        """Let somebody die at two steps of a life; three in four are killed, the others lose their power."""
        dice = random.Random(seed)  # noqa: S311 - dice
        for _ in range(number):
            kinds = dice.choices(list(Kind), [3, 1], k=2)
            once = self.lives.death(dice.choice(self.undisturbed), kinds[0])
            later = self.lives.steps(once)  # none, where the first death was at the very end
            twice = self.lives.death(dice.choice(later), kinds[1]) if later else once
            self._look([twice])
            self.counts["pairs of deaths"] += 1

    def kills_without_end(self, most: int | None = None) -> None:
        """Kill a pulse at every step of every life that kills of pulses can lead to, until nothing new is left.

        `most` states at most: the first ones of a search in depth.
        """
        waiting, seen = [self.begin], set[StateId]()
        while waiting and (most is None or len(seen) < most):
            state = waiting.pop()
            if state in seen:
                continue
            seen.add(state)
            left: dict[StateId, Step] = {}
            segment = self.lives.segment(state)
            for place, (name, leaves) in enumerate(segment.steps):
                left.setdefault(leaves, Step(state, place, name, leaves))
            for step in left.values():
                if not victim(step, Kind.KILL) and step.leaves not in seen:
                    assert self.lives.death(step, Kind.KILL) == step.leaves
                    waiting.append(step.leaves)
            waiting += [segment.end] if segment.end is not None else []
        self._look(seen)
        wanted = committed(self.lives.end(self.begin))
        assert all(committed(self.lives.end(state)) == wanted for state in seen), "the files differ"
        self.counts["states that any number of kills of pulses can lead to"] += len(seen)

    def within_the_caps(self) -> None:
        """No intent that was committed in any of the lives promises more than the caps in its parent let it."""
        for commit in self.objects.all():
            if commit.parents and "m/mission.md" in commit.files:
                assert not over_the_cap(self.objects.get(commit.parents[0]), commit), commit.message
                self.counts["intents within their caps"] += "feature.dispatched" in commit.message

    def learns(self) -> None:
        """No commit of any life learns at another time than the end, less than the records show, or anything twice."""
        for commit in self.objects.all():
            before = self.objects.get(commit.parents[0]).files if len(commit.parents) == 1 else {}
            if "m/mission.md" in commit.files and "m/mission.md" in before:
                wrong = wrongly_learned(before, commit.files, commit.message, "m/mission.md")
                assert not wrong, f"{wrong}: {commit.message}"
                self.counts["ends that learned"] += "Mission-Event: mission.completed" in commit.message

    def _look(self, states: Iterable[StateId]) -> None:
        for state in states:
            host = self.lives.end(state)
            assert end_of(host) == self.expected
            assert_each_started_once(host)


def assert_each_started_once(host: Host) -> None:
    """No attempt began twice, whatever anybody wrote down."""
    twice = {run: times for run, times in Counter(host.jobs.truth.starts).items() if times > 1}
    assert not twice, twice


def victim(step: Step, kind: Kind) -> str:
    """The supervisor that a kill at a step hits; empty: the pulse."""
    ours = kind is Kind.KILL and step.name.startswith("supervisor of ")
    return step.name if ours else ""

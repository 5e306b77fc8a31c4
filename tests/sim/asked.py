"""Worlds in which workers and people ask, and nobody cares for the mission for days; and the laws about that."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

from tests.kit.fakes.executor import Outcome
from tests.sim.events import Event, What
from tests.sim.sim import PLAN, BrokenError, Sim, head_of
from tests.sim.workers import work

from mission_cli._support.text import parse_stamp
from mission_cli.app.commands import features
from mission_cli.app.commands.steer.ask import Given, ask, withdraw
from mission_cli.domain.asking.options import chosen
from mission_cli.domain.errors import MissionError
from mission_cli.domain.host import PROGRAM
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.status import Cause, RequestStatus

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

    from mission_cli.domain.mission import Mission
    from mission_cli.ports.executor import JobSpec

LIFETIME, GRACE = timedelta(hours=12), timedelta(hours=24)
_CLOCKS = timedelta(hours=12)
"""How far the clocks of hosts, which anybody may set, are apart."""
_OF_ATTEMPT = re.compile(r"(\d+\.\d+-a\d+): Which")
_FOR = re.compile(r": (Which[^\n]*|May[^\n]*?): [^\n]*for request (\d+)")


def work_or_ask(seed: int, spec: JobSpec) -> Outcome:
    """The same as `work`; but many workers ask first, some of them with half of their work committed."""
    dice = blake2b(f"{seed} asks {spec.key}".encode(), digest_size=2).digest()
    if dice[0] > 100 or "MISSION_FEATURE" not in spec.program.env:
        return work(seed, spec)
    options: list[object] = [["a", {"label": "b", "description": "for once"}], [], "nothing", ["x"] * 3]
    told = {"question": f"Which for {spec.key}?", "options": options[dice[1] % 4], "context": {"key": spec.key}}
    half = {f"{spec.program.env['MISSION_FEATURE']}.txt": "half\n"} if dice[1] & 4 else {}
    return Outcome(30.0, half, asked=json.dumps(told) if dice[1] & 8 else f"Which for {spec.key}?")


class AskSim(Sim):
    """A world in which people and workers ask, and the mission is archived when nobody cares for it for half a day."""

    plan = PLAN.replace("title: Six files", "title: Six files\nlifetime: 12h")
    script = staticmethod(work_or_ask)

    def __init__(self, seed: int) -> None:
        self._told: dict[int, tuple[str, str]] = {}
        """What each number was given to, as long as one clone decides and nobody takes anything back."""
        self._answered: dict[int, str] = {}
        super().__init__(seed)

    def tick(self, event: Event) -> None:
        """Let one thing happen; a person may ask, answer or withdraw beside it."""
        host = self.hosts[event.pick % len(self.hosts)]
        if event.what in {What.UNDO, What.ROLL_BACK, What.FORCE_PUSH, What.EDIT}:
            self._told.clear()
            self._answered.clear()
        if event.more % 9 == 0:
            with suppress(MissionError):
                about = ("m", "m/1.1", "m/2.3")[event.more % 3]
                options = [[], ["yes", "no=because"]][event.pick % 2]
                ask(self.context(host), about, Given(f"May {event.more}?", options, free_text=bool(event.more % 2)))
        if event.more % 5 == 0 or event.what is What.ANSWER:
            self._reply(host, event.more)
        if event.what is not What.ANSWER:
            super().tick(event)

    def _reply(self, host: Host, more: int) -> None:
        """Answer or withdraw a request; every answer says for which request it is."""
        waiting = [request for request in self.mission(host).requests if request.open and request.number]
        if not waiting:
            return
        request = waiting[more % len(waiting)]
        word = request.options[more % len(request.options)] if request.options else "as you like"
        with suppress(MissionError):
            if more % 13 == 0:
                withdraw(self.context(host), "m", request.number)
            else:
                features.answer(self.context(host), "m", request.number, f"{word}, for request {request.number}")
                self.counts["answers"] += 1

    def _laws(self) -> None:
        super()._laws()
        for host in self.hosts:
            mission = self.mission(host)
            words = self._asked_once(host, mission) or self._answers(host, mission) or self._archived(host, mission)
            if words:
                raise BrokenError(f"{host.jobs.name}: {words}")

    def _asked_once(self, host: Host, mission: Mission) -> str:
        """No number is used twice, no question is asked twice, and none is lost."""
        numbers = [request.number for request in mission.requests if request.number]
        if len(set(numbers)) < len(numbers) and len(self.hosts) == 1:
            return f"numbers that were used twice: {numbers}"
        live = [r for r in mission.requests if r.status != RequestStatus.WITHDRAWN]
        attempts = [found[1] for r in live if (found := _OF_ATTEMPT.match(r.prompt))]
        if len(set(attempts)) < len(attempts) and not self.reset:
            return f"attempts that asked twice: {attempts}"
        asked = {r.run.partition("/")[2] for r in self.records(host) if r.cause is Cause.QUESTION and r.detail}
        known = {found[1] for r in mission.requests if (found := re.match(r"(\d+\.\d+-a\d+): ", r.prompt))}
        lost = {run for run in asked - known if mission.feature(self._feature(run)) is not None}
        unfinished = {run for run in lost if self._pending(mission, run)}
        if unfinished and not self.reset and len(self.hosts) == 1 and not self.counts[What.UNDO]:
            return f"questions that were lost: {unfinished}"
        if len(self.hosts) == 1 and not self.reset:
            for request in mission.requests:
                if (
                    request.number
                    and self._told.setdefault(request.number, (request.feature, request.prompt))[1] != request.prompt
                ):
                    return f"{request.number} was {self._told[request.number]} and is {request.prompt}"
        self.counts["asked"] = max(self.counts["asked"], len(mission.requests))
        return ""

    def _feature(self, run: str) -> FeatureNumber:
        return FeatureNumber(run.partition("-")[0])

    def _pending(self, mission: Mission, run: str) -> bool:
        feature = mission.feature(self._feature(run))
        return feature is not None and not feature.finished and not feature.tries_after

    def _answers(self, host: Host, mission: Mission) -> str:
        """An answer stays with its request, is one that it allows, and is read with it."""
        for request in mission.requests:
            _, found, number = request.response.partition("for request ")
            if not found:
                continue
            if len(self.hosts) == 1 and not self.reset and int(number) != request.number:
                return f"request {request.number} has the answer of request {number}"
            if not request.answers.free and chosen(request.answers.options, request.response) is None:
                return f"request {request.number} has the answer {request.response}, which is not one of its options"
            alone = len(self.hosts) == 1 and not self.reset
            was = self._answered.setdefault(request.number, request.response) if alone else ""
            if was and was != request.response:
                return f"the answer of {request.number} was {was}, and is {request.response}"
        if len(self.hosts) > 1 or self.reset:
            return ""
        prompts = {request.number: request.prompt for request in mission.requests}
        for record in self.records(host):
            for words, number in _FOR.findall(record.prompt):
                if int(number) in prompts and not prompts[int(number)].endswith(words):
                    return f"{record.run} reads the answer of {number} as that of {words}"
        return ""

    def _archived(self, host: Host, mission: Mission) -> str:
        """Nothing is archived while a person does something with it."""
        at = parse_stamp(mission.archived) if mission.archived else None
        if at is None or self.reset:
            return ""
        self.counts["archived"] += 1
        commits = [self.objects.get(name) for name in self.objects.line(head_of(host))]
        by_people = [commit.at for commit in commits if commit.author != PROGRAM and commit.at <= at]
        engaged = max(by_people, default=None)
        if engaged is not None and at - engaged < LIFETIME + GRACE - _CLOCKS:
            return f"it was archived at {at}, and a person did something at {engaged}"
        return ""

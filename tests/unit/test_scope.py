"""A budget that does not pay for everything: what is proposed, and what the answers do."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from itertools import combinations, product
from random import Random
from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.executor import Outcome
from tests.kit.nightly import NIGHTLY
from tests.unit.test_decision_log import told
from tests.unit.test_keys_act import committed, go_on, host_of

from mission_cli.app.addressing import resolve
from mission_cli.app.commands import features
from mission_cli.app.commands.edit import save_edit
from mission_cli.app.queries.why import why
from mission_cli.document.plans.plan import read_plan
from mission_cli.document.reading.placed import load_placed
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.status import FeatureStatus, HoldKind, MissionStatus
from mission_cli.engine.context import policy_of
from mission_cli.engine.observing.observe import consider
from mission_cli.planner.core.draft import Draft
from mission_cli.planner.scope.pace import pace_of
from mission_cli.planner.scope.parts import reduced
from mission_cli.planner.scope.terms import Terms, read_terms, terms_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.kit.fakes.host import Host

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.tables import InputRequest
    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Nine files
budget: {money_usd: 5, time_hours: 200, when_short: propose}
preferences: {runner: script, land: auto, max_parallel_workers: 1}
milestones:
  - name: Works
    validation: ["file: `1.1.txt` `1.2.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
      - {title: two, criteria: ["file: `1.2.txt`"]}
  - name: More
    features:
      - {title: three, criteria: ["file: `2.1.txt`"]}
      - {title: four, criteria: ["file: `2.2.txt`"]}
      - {title: five, depends: ["2.2"], criteria: ["file: `2.3.txt`"]}
  - name: Polish
    validation: ["file: `3.1.txt` `3.2.txt`"]
    features:
      - {title: six, depends: ["2.3"], criteria: ["file: `3.1.txt`"], estimate: 1h}
      - {title: seven, criteria: ["file: `3.2.txt`"]}
"""


def dollar(spec: JobSpec) -> Outcome:
    """A worker that makes the file of its feature, for a dollar."""
    name = spec.program.env["MISSION_FEATURE"]
    return Outcome(60.0, {f"{name}.txt": name}, costs=(Decimal("0.5"), Decimal("0.5")), completes=name)


def files(host: Host) -> Mapping[str, str]:
    """All files of the state as they are committed."""
    head = host.context().state.head()
    assert head is not None
    return host.jobs.objects.get(head).files


def statuses(host: Host) -> dict[str, str]:
    return {str(f.number): str(f.status) for f in committed(host).features()}


PROMPT = "the rest does not fit in 9 of 10 cases: 5 features will use about $6.39, at most $10.13, and $3 are left. What now?"
PROJECTED = (
    "after milestone 1 the whole mission will use about $8.39 of $5 and 16 min of 8 d 8 h: 1 Works: $2, 4 min; "
    "2 More: about $3.83, about 7 min; 3 Polish: about $2.55, about 5 min (1 h estimated)"
)
FOLLOW_UP = """\
title: Follow-up of Nine files
goal: Do what m has left out.
milestones:
- name: More
  features:
  - title: four
    criteria:
    - 'file: `2.2.txt`'
  - title: five
    criteria:
    - 'file: `2.3.txt`'
    depends:
    - '1.1'
- name: Polish
  validation:
  - 'file: `3.1.txt` `3.2.txt`'
  features:
  - title: six
    estimate: 1h
    criteria:
    - 'file: `3.1.txt`'
    depends:
    - '1.2'
  - title: seven
    criteria:
    - 'file: `3.2.txt`'
"""


def test_a_smaller_scope_is_proposed_and_carried_out() -> None:
    """The mission pauses after its first milestone; the answer defers features, and a plan for them is written."""
    host = host_of(dollar, m=PLAN)
    go_on(host, 60)
    [request] = committed(host).requests
    assert (request.prompt, request.options) == (PROMPT, ("reduce", "raise", "go on", "pause"))
    assert request.descriptions == (
        "finish 2.1 for $2.33 and 5 min in 9 of 10 cases, and leave 2.2, 2.3, 3.1, 3.2 to a follow-up plan",
        "raise budget.money_usd to 16, which also pays for the rest in 9 of 10 cases",
        "continue as planned; the mission pauses at its threshold, and nothing starts at its caps",
        "start nothing more until mission resume m, for example to plan the rest again (mission replan m)",
    )
    assert committed(host).status is MissionStatus.PAUSED
    assert set(statuses(host).values()) == {"done", "pending"}, "a proposal changes nothing"
    features.answer(host.context(), "m", 1, "reduce")
    go_on(host, 40)
    features.answer(host.context(), "m", 2, "accept")
    go_on(host, 40)
    mission = committed(host)
    assert [str(m.status) for m in mission.milestones] == ["passed", "passed", "skipped"]
    skipped = dict.fromkeys(("2.2", "2.3", "3.1", "3.2"), "skipped")
    assert statuses(host) == {"1.1": "done", "1.2": "done", "2.1": "done", **skipped}
    assert (mission.status, len(mission.requests)) == (MissionStatus.COMPLETED, 2)
    assert told(host)[1:6] == [
        ("Project the cost of the whole mission", PROJECTED),
        ("Pause the mission", f"{PROJECTED.partition(': ')[0]}: answer request 1"),
        ("Answer request 1 with: reduce", f"{PROMPT} (by Ada)"),
        ("Leave to a follow-up plan: 2.2 four, 2.3 five, 3.1 six, 3.2 seven", "request 1 was answered with reduce: 4 features are deferred"),
        ("Resume the mission", "request 1 was answered with reduce: 4 features are deferred"),
    ]  # fmt: skip
    text = files(host)["m/assets/follow-up-1.yaml"]
    assert text == FOLLOW_UP
    assert read_plan(text).plan is not None


def test_the_answer_raises_the_cap_that_its_request_names() -> None:
    host = host_of(dollar, m=PLAN)
    go_on(host, 30)
    features.answer(host.context(), "m", 1, "raise")
    assert committed(host).limits.usd == 16
    assert told(host)[-1] == ("Raise budget.money_usd to 16", f"{PROMPT} (by Ada)")
    go_on(host, 40)
    features.answer(host.context(), "m", 2, "accept")
    go_on(host, 60)
    assert set(statuses(host).values()) == {"done"}
    assert (committed(host).status, len(committed(host).requests)) == (MissionStatus.COMPLETED, 2)


def test_an_answer_in_the_file_raises_no_cap_and_says_which_command_does() -> None:
    host = host_of(dollar, m=PLAN)
    go_on(host, 30)
    before = files(host)["m/mission.md"]
    text = before.replace("| open |", "| answered |").replace("| answered |  |", "| answered | raise |")
    save_edit(host.context(), "m", before, text)
    go_on(host, 10)
    mission = committed(host)
    assert (mission.limits.usd, mission.status) == (Decimal(5), MissionStatus.PAUSED)
    said = "request 1 was answered with raise: a person has to run mission set m budget.money_usd 16"
    assert mission.progress[-1].details == said


def test_going_on_is_asked_about_again_at_the_threshold_and_pausing_waits_for_a_person() -> None:
    host = host_of(dollar, m=PLAN)
    go_on(host, 30)
    features.answer(host.context(), "m", 1, "go on, please")
    go_on(host, 40)
    mission = committed(host)
    assert (mission.status, mission.requests[-1].prompt) == (
        MissionStatus.PAUSED,
        "80% of the money is spent, the threshold is 80%. What now?",
    )
    features.answer(host.context(), "m", 2, "go on")
    go_on(host, 2)
    assert (committed(host).limits.usd, committed(host).limits.alert_pct) == (Decimal(5), Decimal(90))
    assert told(host)[-2:] == [
        (
            "Continue above the budget threshold, now 90%",
            "request 2 was answered with go on: everything stays as planned",
        ),
        ("Resume the mission", "request 2 was answered with go on: everything stays as planned"),
    ]
    other = host_of(dollar, m=PLAN)
    go_on(other, 30)
    features.resume(other.context(), "m")
    go_on(other, 2)
    features.answer(other.context(), "m", 1, "pause")
    go_on(other, 30)
    assert committed(other).status is MissionStatus.PAUSED
    assert len(committed(other).requests) == 1


def test_nothing_is_proposed_without_the_key_or_where_everything_fits() -> None:
    for plan in (PLAN.replace(", when_short: propose", ""), PLAN.replace("money_usd: 5", "money_usd: 50")):
        host = host_of(dollar, m=plan)
        go_on(host, 30)
        assert [request.prompt for request in committed(host).requests if request.feature == ""] == []


def test_what_is_worth_more_is_kept() -> None:
    host = host_of(dollar, m=PLAN.replace("title: four,", "title: four, worth: 3,"))
    go_on(host, 30)
    [request] = committed(host).requests
    assert request.descriptions[0].startswith("finish 2.2 for")
    assert "[worth:3]" in files(host)["m/mission.md"]


def test_terms_are_read_as_they_are_written() -> None:
    numbers = tuple(map(FeatureNumber, ("2.1", "12.10")))
    for defer, caps in product(
        ((), numbers[:1], numbers), ({}, {"budget.money_usd": Decimal("16.5"), "budget.time_hours": Decimal(3)})
    ):
        terms = Terms(7, "forecast 24b1d2789002", defer, caps)
        assert read_terms(terms.text()) == terms
    assert read_terms("request 7 (forecast 24b1d2789002): defer everything") is None


@pytest.mark.parametrize("seed", range(200) if NIGHTLY else range(4))
def test_reduced_missions_pass_their_milestones(seed: int, record_property: Callable[[str, object], None]) -> None:
    """Nothing in the subset depends on what is left out, no cap changes, and its worth is that of the best subset."""
    world = World(seed)
    world.live()
    mission = committed(world.host)
    kept = {f.number for f in mission.features() if f.status is not FeatureStatus.SKIPPED}
    assert not [f.number for f in mission.features() if f.number in kept and set(f.depends) - kept]
    assert (mission.limits.usd, len(set(world.states))) == (world.cap, len(world.states))
    assert sum(world.host.jobs.truth.paid.values()) <= world.cap + 2
    if mission.status is MissionStatus.COMPLETED:
        assert {str(m.status) for m in mission.milestones} <= {"passed", "skipped"}
    else:
        assert world.waits_for_money()
    record_property("counts", {f"reduced: {mission.status}": 1, "reduced: proposals": len(world.states)})


class World:
    """A mission with random features, costs and a cap; whoever is asked reduces it and accepts what is done."""

    def __init__(self, seed: int) -> None:
        draw = Random(seed)  # noqa: S311 - a test, no secret
        sizes = [draw.randint(2, 4) for _ in range(draw.randint(2, 4))]
        self.costs = {
            f"{m}.{n}": draw.lognormvariate(0, 0.3) for m, size in enumerate(sizes, 1) for n in range(1, size + 1)
        }
        self.cap = Decimal(round(sum(self.costs.values()) * (0.5 + draw.random() * 0.9), 2)).quantize(Decimal("0.01"))
        self.states: list[str] = []
        milestones = []
        for m, size in enumerate(sizes, 1):
            names = [f"{m}.{n}" for n in range(1, size + 1)]
            before = [name for name in self.costs if name < names[0]]
            rows = []
            for at, name in enumerate(names):
                depends = draw.sample([*before, *names[:at]], 1) if draw.random() < 0.5 and (before or at) else []
                rows.append(
                    {
                        "title": f"f{name}",
                        "depends": depends,
                        "criteria": [f"file: `{name}.txt`"],
                        "worth": draw.choice([1, 1, 3]),
                    }
                )
            files = " ".join(f"`{name}.txt`" for name in names)
            milestones.append(
                {"name": f"M{m}", "features": rows, "validation": [f"file: {files}"] if draw.random() < 0.5 else []}
            )
        plan = {
            "title": "Random",
            "budget": {"money_usd": float(self.cap), "when_short": "propose"},
            "preferences": {"runner": "script", "land": "auto", "max_parallel_workers": draw.choice([1, 2])},
            "milestones": milestones,
        }
        self.host = host_of(self.work, m=json.dumps(plan))

    def work(self, spec: JobSpec) -> Outcome:
        """Do what was asked for, for what it costs."""
        name = spec.program.env["MISSION_FEATURE"]
        step = Decimal(str(round(self.costs.get(name, 1.0) / 4, 4)))
        asked = re.findall(r"\d+\.\d+\.txt", spec.program.stdin) if name not in self.costs else []
        return Outcome(60.0, dict.fromkeys([f"{name}.txt", *asked], name), costs=(step,) * 4, completes=name)

    def live(self) -> None:
        """Until it ends, or waits for more than answers."""
        for _ in range(12):
            go_on(self.host, 16)
            for request in committed(self.host).open_requests():
                self.answer(request)

    def waits_for_money(self) -> bool:
        """Whether all that is left waits for more money: no other scope fits, or attempts were cut short."""
        ctx = self.host.context()
        snapshot = ctx.state.snapshot()
        found = {hold.kind for _, holds in why(ctx, snapshot, resolve(snapshot, "m")) for hold in holds[:1]}
        return bool(found & {HoldKind.BUDGET, HoldKind.FAILED, HoldKind.PAUSED})

    def answer(self, request: InputRequest) -> None:
        """Accept what is done; reduce where that is possible, and otherwise go on."""
        mission = committed(self.host)
        terms = terms_of(mission, request)
        if terms is not None:
            self.states.append(terms.state)
            self.compare(mission)
        word = next(word for word in ("reduce", "accept", "go on") if word in request.options)
        features.answer(self.host.context(), "m", request.number, word)

    def compare(self, mission: Mission) -> None:
        """Compare the subset with all others, where they are few."""
        ctx = self.host.context()
        snapshot = ctx.state.snapshot()
        stored = snapshot.missions["m"]  # type: ignore[index]  # it is there
        case = consider(ctx, policy_of(ctx), snapshot, stored, load_placed(stored.text, stored.id))
        pace = pace_of(Draft(mission, case.observation, policy_of(ctx)), 1)
        todo = [f for f in mission.features() if not f.finished]
        if pace is None or len(todo) > 10 or (found := reduced(mission, pace)) is None or not found.sure:
            return
        best = max(
            sum(f.worth for f in some if not f.fixes)
            for count in range(len(todo) + 1)
            for some in combinations(todo, count)
            if is_shippable(mission, {f.number for f in some})
            and sum(pace.sizes[f.number] for f in some) <= pace.room(len(some)) + 1e-9
        )
        kept = [f for f in todo if f.number in found.keep]
        assert sum(f.worth for f in kept if not f.fixes) >= 0.95 * best
        assert is_shippable(mission, set(found.keep))


def is_shippable(mission: Mission, keep: set[FeatureNumber]) -> bool:
    """Whether these open features can be finished without the others, said again in other words than the planner's."""
    gone, empty = {f.number for f in mission.features() if not f.finished} - keep, False
    begun_ones = {FeatureStatus.DONE, FeatureStatus.DISPATCHED, FeatureStatus.REVIEW}
    for milestone in (m for m in mission.milestones if not m.finished):
        todo = {f.number for f in milestone.features if not f.finished}
        begun = any(f.fixes or f.status in begun_ones for f in milestone.features)
        done = any(f.status is FeatureStatus.DONE for f in milestone.features)
        at_work = {f.number for f in milestone.features if f.fixes or f.status in begun_ones}
        failed = {f.number for f in milestone.features if f.status is FeatureStatus.FAILED}
        needy = any(f.number in keep and gone.intersection(f.depends) for f in milestone.features)
        torn = bool(milestone.criteria and todo - keep and (begun or todo & keep))
        if needy or torn or at_work & gone or failed & keep or (empty and todo & keep):
            return False
        empty = empty or bool(todo and not todo & keep and not done)
    return True

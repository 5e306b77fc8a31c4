"""The loop follows resources: it asks, looks less and less often, finds what is there, and what has expired or broken."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.missions import feature, mission, plan_of, record
from tests.unit.test_keys_act import committed, go_on

from mission_cli.app.commands import lifecycle
from mission_cli.app.resources.change import NewResource, add_resource, check_resources, provide_resource
from mission_cli.app.resources.listing import resources_of
from mission_cli.document.checking.lint import lint
from mission_cli.document.plans.plan import read_plan
from mission_cli.document.reading.load import load
from mission_cli.domain.errors import MissionError, NotFoundError
from mission_cli.domain.ids import Sha
from mission_cli.domain.resources.rows import Look, Resource, ResourceStatus
from mission_cli.domain.runs.jobs import Exit, Job
from mission_cli.domain.status import EndReason, FeatureStatus, JobKind, JobState
from mission_cli.domain.timing.polling import Poll
from mission_cli.engine.loop import pulse
from mission_cli.engine.resources.look import check_key, check_spec
from mission_cli.planner.core.moves.features import Dispatch
from mission_cli.planner.core.moves.waiting import MoveResource

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Shop
budget: {money_usd: 9}
preferences: {runner: script}
resources:
  - {name: Stripe key, type: credential, purpose: payments, reference: "env:STRIPE"}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: charge, needs: [stripe-key]}
      - {title: print}
"""
THERE, NEEDED = ResourceStatus.AVAILABLE, ResourceStatus.NEEDED


def started(plan: str = PLAN, specs: dict[str, JobSpec] | None = None) -> Host:
    """A started mission; `specs` gets what is started, by key."""

    def works(spec: JobSpec) -> Outcome:
        if specs is not None:
            specs[spec.key] = spec
        return Outcome(60.0, {f"{spec.program.env.get('MISSION_FEATURE', 'x')}.txt": "x\n"})

    host = make_host(works)
    make_mission(host, plan, "m")
    lifecycle.start(host.context(), "m")
    return host


def statuses(host: Host) -> list[str]:
    """The status of each resource and feature."""
    some = committed(host)
    return [*(one.raw_status for one in some.resources), *(str(f.status) for f in some.features())]


def told(host: Host) -> list[tuple[str, str]]:
    """What the Progress Log says of resources."""
    return [(row.event, row.details) for row in committed(host).progress if row.event.startswith("resource.")]


def test_a_feature_waits_until_its_key_is_there_and_goes_on_by_itself() -> None:
    host = started()
    go_on(host)
    assert statuses(host) == ["requested", "pending", "done"]
    [view] = resources_of(host.context(), "m").resources
    assert (view.holds, view.problem, view.unblock) == snapshot(
        ("features", "env:STRIPE leads to no value: it is not in memory", "mission resource provide m stripe-key")
    )
    asked = len(host.vault.asked)
    for _ in range(4):
        pulse(host.context())
    assert len(host.vault.asked) == asked, "nothing is asked before it is due"
    host.vault.values["env:STRIPE"] = "a secret value"
    host.jobs.clock.time.pass_by(timedelta(minutes=20))
    go_on(host)
    assert statuses(host) == ["available", "done", "done"]
    assert told(host) == snapshot(
        [
            ("resource.requested", "the resource Stripe key is needed by 1.1: a person is asked"),
            ("resource.available", "the resource Stripe key is there"),
        ]
    )


def test_a_person_provides_it_and_it_goes_on_with_the_next_pulse() -> None:
    specs: dict[str, JobSpec] = {}
    host = started(specs=specs)
    go_on(host)
    ctx = host.context()
    with pytest.raises(MissionError) as refused:
        provide_resource(ctx, "m", "stripe key")
    assert refused.value.message == snapshot("env:STRIPE leads to no value: it is not in memory")
    provide_resource(ctx, "m", "STRIPE_KEY", value="a secret value\n", expires="2026-11-21")
    pulse(host.context())
    assert statuses(host)[:2] == ["available", "dispatched"]
    assert committed(host).resources[0].reference == "secret:m/stripe-key"
    go_on(host)
    assert dict(specs["m/1.1-a1"].program.secrets) == {"STRIPE_KEY": "secret:m/stripe-key"}
    assert [key for key, spec in specs.items() if spec.program.secrets or "a secret value" in repr(spec)] == [
        "m/1.1-a1"
    ]
    assert told(host) == snapshot(
        [
            ("resource.requested", "the resource Stripe key is needed by 1.1: a person is asked"),
            ("resource.available", "the resource Stripe key is available, at secret:m/stripe-key (by Ada)"),
        ]
    )
    assert provide_resource(host.context(), "m", "stripe-key").commit is None


def test_what_has_expired_holds_again_until_it_is_provided_anew() -> None:
    plan = PLAN.replace('"env:STRIPE"', '"env:STRIPE", status: available, expires: "2026-11-20T10:00:30Z"')
    host = started(plan.replace("{title: print}", "{title: print, needs: [Stripe key], depends: ['1.1']}"))
    go_on(host)
    assert statuses(host) == ["expired", "done", "pending"]
    host.vault.values["env:STRIPE"] = "a secret value"
    go_on(host)
    assert statuses(host) == ["expired", "done", "pending"]
    provide_resource(host.context(), "m", "stripe-key")
    go_on(host)
    assert statuses(host) == ["available", "done", "done"]
    assert told(host) == snapshot(
        [
            ("resource.expired", "the resource Stripe key has expired: it was there until 2026-11-20T10:00:30Z"),
            ("resource.available", "the resource Stripe key is available (by Ada)"),
        ]
    )


def test_a_value_that_no_worker_gets_breaks_the_resource_and_not_the_runner() -> None:
    one = Resource("Key", status=THERE, raw_status="available", reference="env:A")
    some = mission(feature("1.1", FeatureStatus.DISPATCHED, needs=("key",)), resources=(one,))
    end = Exit(EndReason.NOT_STARTED, detail="there is no value for KEY: env:A leads to no value: $A is not set")
    run = record("1.1-a1")
    plan = plan_of(some, records=(run,), jobs={run.run: Job(JobState.ENDED, end)})
    assert [(m.to, m.why) for m in plan.transitions if isinstance(m, MoveResource)] == snapshot(
        [(ResourceStatus.BROKEN, "the resource Key does not work: env:A leads to no value: $A is not set")]
    )


@pytest.mark.parametrize(
    ("one", "look", "to"),
    [
        (Resource("Key", raw_status="needed"), Look(), "requested"),
        (Resource("Key", raw_status="needed"), Look(there=True), "available"),
        (Resource("Key", status=ResourceStatus.REQUESTED), Look(trouble="x"), ""),
        (Resource("Key", status=ResourceStatus.BROKEN), Look(there=True), "available"),
        (Resource("Key", status=ResourceStatus.EXPIRED, expires="2026-11-01"), Look(there=True), ""),
        (Resource("Key", status=THERE, expires="2026-11-01"), Look(), "expired"),
        (Resource("Key", status=None), Look(there=True), ""),
        (Resource("Key", broken=True), Look(there=True), ""),
        (Resource("Other"), Look(there=True), ""),
    ],
)
def test_each_status_has_its_way_on(one: Resource, look: Look, to: str) -> None:
    some = mission(feature("1.1", needs=("key",)), resources=(one,))
    plan = plan_of(some, resources={"key": look, "other": look})
    assert [str(m.to) for m in plan.transitions if isinstance(m, MoveResource)] == [to] * bool(to)
    assert not [m for m in plan.transitions if isinstance(m, Dispatch)]


def test_people_add_and_check_resources_and_no_cell_takes_a_value() -> None:
    host = started()
    ctx = host.context()
    assert add_resource(ctx, "m", NewResource("shop.example", "domain", "the shop", check="true")).words == snapshot(
        "the resource shop.example is needed for the shop"
    )
    for new in (
        NewResource("Stripe-key"),
        NewResource("a", reference="hunter2"),
        NewResource("a,b"),
        NewResource("a", expires="soon"),
    ):
        with pytest.raises(MissionError) as refused:
            add_resource(host.context(), "m", new)
        assert "hunter2" not in str(refused.value)
    host.vault.values["env:STRIPE"] = "a secret value"
    assert check_resources(host.context(), "m", "stripe-key").words == snapshot("Stripe key: it is there")
    assert [one.raw_status for one in committed(host).resources] == ["available", "needed"]
    del host.vault.values["env:STRIPE"]
    assert check_resources(host.context(), "m", "stripe-key").words == snapshot(
        "Stripe key: env:STRIPE leads to no value: it is not in memory"
    )
    assert [one.raw_status for one in committed(host).resources] == ["broken", "needed"]
    with pytest.raises(NotFoundError):
        check_resources(host.context(), "m", "nothing")


def test_the_command_of_a_row_runs_as_a_job_with_its_value_alone() -> None:
    host = started(PLAN.replace('"env:STRIPE"', '"env:STRIPE", check: "test -f key.txt"'))
    ctx, one = host.context(), committed(host).resources[0]
    spec = check_spec(ctx, one, check_key(committed(host), one, Poll()), Sha("b" * 40))
    assert (spec.kind, spec.program.argv[-1], dict(spec.program.secrets)) == (
        JobKind.CHECK,
        "test -f key.txt",
        {"STRIPE_KEY": "env:STRIPE"},
    )
    go_on(host)
    assert statuses(host) == ["requested", "pending", "done"]
    assert resources_of(host.context(), "m").resources[0].problem == snapshot("its command ended with 1")
    ready = started(PLAN.replace('"env:STRIPE"', '"env:STRIPE", check: "true"'))
    go_on(ready)
    assert statuses(ready) == ["available", "done", "done"]
    assert check_resources(ready.context(), "m").words == "Stripe key: it is there"


def test_plans_say_what_features_need() -> None:
    read = read_plan(
        PLAN.replace("needs: [stripe-key]", "needs: [other]").replace("env:STRIPE", "sk_live_abcdefghijkl")
    )
    assert [(one.line, one.message) for one in read.problems if one.severity == "error"] == snapshot(
        [
            (5, "resource 1: its reference cannot be read, and may be a value"),
            (10, "1.1 needs `other`, which is not among the `resources`"),
        ]
    )
    host = started(PLAN.replace("resources:\n", "resources:\n  - {name: Domain}\n"))
    text = host.context().state.snapshot().missions["m"].text  # type: ignore[index]  # it is there, or the test fails
    assert text[text.index("## Resources") :].partition("\n## ")[0] == snapshot("""\
## Resources

| Name | Type | Purpose | Status | Reference | Check | Expires | Notes |
|------|------|---------|--------|-----------|-------|---------|-------|
| Domain |  |  | needed |  |  |  |  |
| Stripe key | credential | payments | needed | `env:STRIPE` |  |  |  |
""")
    assert [one.message for one in lint(load(text)) if "resource" in one.message] == snapshot(
        ["no feature needs the resource `Domain`, so it holds the whole mission"]
    )

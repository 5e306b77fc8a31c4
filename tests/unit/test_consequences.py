"""What may surprise a person is said before it is done: what a retry, a skip, a cancel or STOP means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.unit.test_keys_act import go_on, honest, host_of

from mission_cli.app.commands import features, lifecycle
from mission_cli.app.queries.before.consequences import of_cancel, of_retry, of_skip, of_stop

if TYPE_CHECKING:
    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: One
budget: {time_hours: 10}
preferences: {runner: script}
milestones:
  - name: First
    validation: ["file: `1.1.txt`"]
    features: [{title: one, criteria: ["file: `1.1.txt`"]}, {title: two, depends: ["1.1"], criteria: ["file: `1.2.txt`"]}]
  - name: Second
    validation: ["manual: it is good"]
    features: [{title: three, depends: ["1.2", "1.1"], criteria: ["file: `2.1.txt`"]}, {title: four}]
"""


def fails(spec: JobSpec) -> Outcome:
    """A worker that cannot do 1.2."""
    return honest(spec) if spec.program.env["MISSION_FEATURE"] != "1.2" else Outcome(60.0, {})


def test_a_skip_names_what_loses_what_it_depends_on_and_asks_no_script() -> None:
    host = host_of(honest, m=PLAN)
    go_on(host, 1)
    meant = of_skip(host.context(), "m/1.1")
    assert meant is not None
    assert (meant.text, meant.costs) == snapshot(
        ("1.2 and 2.1 depend on 1.1 and start without it; its attempt 1 is stopped, the work is kept", False)
    )
    features.skip(host.context(), "m/1.2", reason="not needed")
    meant = of_skip(host.context(), "m/1.2")
    assert meant is not None
    assert meant.text == snapshot("2.1 depends on 1.2 and starts without it")
    assert of_skip(host.context(), "m/2.2") is None


def test_a_retry_of_what_is_finished_says_what_it_opens_again() -> None:
    host = host_of(honest, m=PLAN)
    go_on(host, 1)
    assert of_retry(host.context(), "m/1.1") is None
    go_on(host, 20)
    meant = of_retry(host.context(), "m/1.1")
    assert meant is not None
    assert (meant.text, meant.costs) == snapshot(
        ("1.1 is done and milestone 1 has passed: both are opened again, and another attempt costs money", True)
    )


def test_a_cancel_says_what_ends_and_a_start_after_it_what_goes_on() -> None:
    host = host_of(fails, m=PLAN)
    go_on(host, 1)
    ctx = host.context()
    assert of_cancel(ctx.state, ctx.executor.running(), "m").text == snapshot(
        "m ends with 0 of 4 features finished, 4 running jobs will be stopped, the work is kept; to continue it later: mission start m"
    )
    go_on(host, 60)
    ctx = host.context()
    assert of_cancel(ctx.state, ctx.executor.running(), "m").text == snapshot(
        "m ends with 1 of 4 features finished, no job is running; to continue it later: mission start m"
    )
    features.cancel(host.context(), "m")
    assert lifecycle.start(host.context(), "m").words == snapshot(
        "m is started: it continues where it ended, with 1 of 4 features finished; 1.2 stays failed until a retry (mission retry m/1.2)"
    )
    features.cancel(host.context(), "m")
    features.retry(host.context(), "m/1.2")
    assert lifecycle.start(host.context(), "m").words == snapshot(
        "m is started: it continues where it ended, with 1 of 4 features finished"
    )
    assert lifecycle.start(host.context(), "m").words == "m is active already"


def test_stop_is_a_question_only_where_several_missions_stop() -> None:
    host = host_of(honest, m=PLAN)
    go_on(host, 1)
    assert of_stop(host.context().state, host.context().executor.running()) is None
    make_mission(host, PLAN, "other")
    assert of_stop(host.context().state, host.context().executor.running()) is None, "it has not been started"
    lifecycle.start(host.context(), "other")
    meant = of_stop(host.context().state, host.context().executor.running())
    assert meant is not None
    assert (meant.text, meant.costs, meant.default) == snapshot(
        (
            "2 missions stop: m and other; 4 running jobs will be stopped, the work is kept, and nothing starts until mission resume --all",
            False,
            True,
        )
    )
    assert of_stop(make_host(honest).context().state, []) is None

"""`why` and `inbox` lead with the one reason, name the worker's real error, and say what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.fakes.others import ADA, NoSchedule

from mission_cli.app.addressing import resolve
from mission_cli.app.commands import features, gates, lifecycle
from mission_cli.app.queries.inbox import everything_waiting
from mission_cli.app.queries.status import status_of
from mission_cli.app.queries.why import explain
from mission_cli.domain.errors import NotFoundError
from mission_cli.engine.loop import pulse
from mission_cli.engine.news.standing import standing
from mission_cli.ports.git.state import Write
from mission_cli.ports.schedule import Installed, Job
from mission_cli.surfaces.views.reasons import reasons, waiting_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.fakes.host import Host

    from mission_cli.engine.context import Context
    from mission_cli.ports.executor import JobSpec
    from mission_cli.surfaces.lines import Span

PLAN = """\
title: Big
budget: {money_usd: 30}
preferences: {runner: script, land: ask, max_parallel_workers: 3}
gates: [{name: legal, kind: approval, after: ["1.1"], blocks: ["1.3", "1.4"]}]
milestones:
  - name: Core
    validation: ["file: `1.2.txt`"]
    features:
      - {title: a, criteria: ["file: `1.1.txt`"]}
      - {title: b, criteria: ["file: `1.2.txt`"]}
      - {title: c, depends: ["1.1", "1.2"], criteria: ["file: `1.3.txt`"]}
      - {title: d, depends: ["1.3"], criteria: ["file: `1.4.txt`"]}
  - name: More
    validation: ["manual: is it beautiful?"]
    features:
      - {title: e}
      - {title: f}
"""


def works(spec: JobSpec) -> Outcome:
    """1.2 cannot be done; everything else is."""
    feature = spec.program.env["MISSION_FEATURE"]
    if feature == "1.2":
        said = ("collecting", "", '{"type": "error"}', "\x1b[31mImportError: No module named pytest")
        return Outcome(30.0, code=1, prints=said)
    return Outcome(30.0, {f"{feature}.txt": "good\n"})


def begun(script: Callable[[JobSpec], Outcome] = works, plan: str = PLAN, pulses: int = 4) -> Host:
    """A mission that was started, and some pulses later."""
    host = make_host(script)
    make_mission(host, plan)
    lifecycle.start(host.context(), "m")
    go_on(host, pulses)
    return host


def go_on(host: Host, pulses: int) -> None:
    for _ in range(pulses):
        assert not pulse(host.context()).bugs
        host.jobs.clock.time.pass_by(timedelta(seconds=20))
        host.jobs.work()
    assert not pulse(host.context()).bugs


def why(host: Host, address: str = "m") -> str:
    ctx = host.context()
    snap = ctx.state.snapshot()
    return lines(list(reasons(explain(ctx, snap, resolve(snap, address)), ctx.clock.now())))


def inbox(host: Host) -> str:
    return lines(list(waiting_lines(everything_waiting(host.context()))))


def lines(found: list[Span]) -> str:
    return "".join(f"{text}\n" for text, _ in found)


def test_the_reason_comes_first_and_what_only_waits_for_it_is_counted() -> None:
    host = begun()
    assert why(host) == snapshot("""\
m/1.2 waits 40 s for its next attempt, at 10:02; 4 features wait for it
  attempt 1: wrong_output: exit 1 without a commit
    collecting
    ImportError: No module named pytest
  → mission logs m/1.2                the whole output
  → mission retry m/1.2               try again now
  → mission open m/1.2                work on it yourself
  → mission skip m/1.2 --reason TEXT  do without it
also m/1.1: attempt 1 has ended and is being judged
no pulse is scheduled on this machine
  → mission cron install, or in the background: mission run --detach m
""")
    assert why(host, "m/1.3") == snapshot("""\
m/1.3: `legal` waits for 1.1; 3 features wait for it
  → mission approve m legal
  → mission reject m legal
also m/1.2 waits 40 s for its next attempt, at 10:02
  then it depends on 1.1, which is review
  then it depends on 1.2, which is pending
no pulse is scheduled on this machine
  → mission cron install, or in the background: mission run --detach m
""")
    assert why(host, "m/1.1") == snapshot("""\
m/1.1: attempt 1 has ended and is being judged; 4 features wait for it
no pulse is scheduled on this machine
  → mission cron install, or in the background: mission run --detach m
""")
    assert why(host, "m/2") == snapshot("""\
m/2.1: milestone 1 comes before milestone 2
also m/1.2 waits 40 s for its next attempt, at 10:02
no pulse is scheduled on this machine
  → mission cron install, or in the background: mission run --detach m
""")


def test_after_the_last_attempt_the_workers_own_words_are_everywhere() -> None:
    host = begun(pulses=30)
    assert why(host) == snapshot("""\
m: `legal` waits for a person; 4 features wait for it
  → mission approve m legal
  → mission reject m legal
also m/1.2: it failed twice in the same way without any new change (wrong_output: exit 1 without a commit)
  → mission why m/1.2
""")
    assert why(host, "m/1.2") == snapshot("""\
m/1.2: it failed twice in the same way without any new change (wrong_output: exit 1 without a commit); 4 features wait for it
  attempt 1: wrong_output: exit 1 without a commit
  attempt 2: wrong_output: exit 1 without a commit
    collecting
    ImportError: No module named pytest
  → mission logs m/1.2                the whole output
  → mission retry m/1.2               try again now
  → mission open m/1.2                work on it yourself
  → mission skip m/1.2 --reason TEXT  do without it
""")
    assert inbox(host) == snapshot("""\
m: `legal` waits for a person
  → mission approve m legal
m: 1.2: it failed twice in the same way without any new change (wrong_output: exit 1 without a commit): ImportError: No module named pytest
  → mission retry m/1.2, or mission why m/1.2 for its output and other choices
""")
    ctx = host.context()
    snap = ctx.state.snapshot()
    view = status_of(ctx, snap, resolve(snap, "m"))
    assert view.milestones[0].features[1].finding == snapshot(
        "wrong_output: exit 1 without a commit: ImportError: No module named pytest"
    )
    case = pulse(host.context()).cases
    assert [standing(one)["failed"] for one in case.values()] == snapshot(
        ["1.2 b: wrong_output: exit 1 without a commit: ImportError: No module named pytest"]
    )
    gates.decide_gate(host.context(), "m", "legal", approved=True)
    snap = host.context().state.snapshot()
    view = status_of(host.context(), snap, resolve(snap, "m"))
    shown = [
        (f.number, f.shown_as, [(str(b.kind), b.detail) for b in f.blocked_by]) for f in view.milestones[0].features
    ]
    assert (view.shown_as, shown[2:]) == snapshot(
        (
            "waiting",
            [
                ("1.3", "blocked", [("dependency", "it depends on 1.2, which is failed")]),
                ("1.4", "pending", [("dependency", "it depends on 1.3, which is pending")]),
            ],
        )
    )


@pytest.mark.parametrize("address", ["m/9.9", "m/9"])
def test_an_address_that_does_not_exist_is_an_error(address: str) -> None:
    with pytest.raises(NotFoundError, match="has no"):
        why(begun(), address)


def test_before_the_start_and_at_the_end_there_is_one_line() -> None:
    host = make_host(works)
    make_mission(host, PLAN)
    assert why(host) == snapshot("""\
m: the mission has not been started; 6 features wait for it
  → mission start m
""")
    assert why(host, "m/2.1") == snapshot("""\
m/2.1: the mission has not been started
  → mission start m
  then milestone 1 comes before milestone 2
""")


def test_a_file_that_lost_its_first_line_names_only_what_can_be_done() -> None:
    host = begun(pulses=1)
    ctx = host.context()
    snap = ctx.state.snapshot()
    stored = resolve(snap, "m").stored
    write = Write(stored.path, stored.text.partition("\n")[2], stored.text)
    ctx.state.commit([write], message="by hand\n", expect=snap.head, author=ADA)
    assert why(host) == snapshot("""\
m: the mission file cannot be read: state/tree/m/mission.md:13:1: error: the key `managed` is outside of the front matter (write `---` into the first line of the file and below the last key, only there)
  → mission edit m
also m: line 13: the key `managed` is outside of the front matter
  → mission edit m
""")
    assert why(host, "m/1.1") == snapshot("""\
m/1.1: the mission file cannot be read: state/tree/m/mission.md:13:1: error: the key `managed` is outside of the front matter (write `---` into the first line of the file and below the last key, only there)
  → mission edit m
""")


def test_a_gate_is_listed_once_and_a_question_has_no_answer_filled_in() -> None:
    host = begun(lambda spec: Outcome(30.0, {f"{spec.program.env['MISSION_FEATURE']}.txt": "good\n"}), pulses=12)
    assert inbox(host) == snapshot("""\
m: `legal` waits for a person
  → mission approve m legal
""")
    assert why(host) == snapshot("""\
m: `legal` waits for a person; 4 features wait for it
  → mission approve m legal
  → mission reject m legal
""")
    gates.decide_gate(host.context(), "m", "legal", approved=True)
    go_on(host, 40)
    assert inbox(host) == snapshot("""\
m: manual: is it beautiful?
  → mission answer m 1 ANSWER (pass or fail)
""")
    assert why(host) == snapshot("""\
m/2: a person has to judge a criterion
  → mission answer m 1 ANSWER (pass or fail)
also m/2: 0 of 1 criterion judged so far
""")


def test_a_mission_that_a_person_paused_says_so_once() -> None:
    host = begun()
    features.pause(host.context(), "m", reason="lunch")
    assert why(host) == snapshot("""\
m is paused: lunch (by Ada); 5 features wait for it
  → mission resume m
also m/1.1: attempt 1 has ended and is being judged
""")
    assert inbox(host) == snapshot("""\
m is paused: lunch (by Ada)
  → mission resume m
""")


@dataclass
class Scheduled(NoSchedule):
    """A schedule that another person installed; it counts how often it is asked for."""

    asked: int = 0
    there: bool = True

    def installed(self) -> Installed | None:
        """It costs a process."""
        self.asked += 1
        return Installed("cron", Job(()), "* * * * *") if self.there else None


def test_no_pulse_is_named_only_where_one_is_waited_for_and_none_comes() -> None:
    host = begun()
    said = "no pulse is scheduled on this machine\n  → mission cron install, or in the background: mission run --detach m\n"
    assert why(host).endswith(said)
    assert inbox(host).endswith(f"m: {said}")
    ctx = host.context()
    with ctx.runtime.following():
        assert "no pulse" not in pulses_of(ctx)
    schedule = Scheduled()
    assert pulses_of(replaced(ctx, schedule)) == ""
    assert schedule.asked == 1
    features.pause(host.context(), "m")
    paused = Scheduled(there=False)
    assert (pulses_of(replaced(host.context(), paused)), paused.asked) == ("", 0)


def replaced(ctx: Context, schedule: NoSchedule) -> Context:
    return replace(ctx, schedule=schedule)


def pulses_of(ctx: Context) -> str:
    snap = ctx.state.snapshot()
    return "".join(found.words for found in explain(ctx, snap, resolve(snap, "m")).pulse)

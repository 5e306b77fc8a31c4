"""Phases: each is entered once in a pass, its gate counts what people saw, and a rejection goes back with its comment."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.code import REFS
from tests.kit.fakes.host import base_of
from tests.kit.fakes.objects import Commit
from tests.kit.fakes.others import ADA
from tests.unit.test_keys_act import committed, go_on, honest, host_of

from mission_cli._support.dataclass import replace
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import gates
from mission_cli.app.commands.phases import moves
from mission_cli.app.commands.phases.decide import at_gate
from mission_cli.app.queries.listing import lines_of
from mission_cli.app.queries.status import status_of
from mission_cli.app.results.views import PhaseRow, PhaseView
from mission_cli.domain.errors import BlockedError, ConflictError, MissionError, NotFoundError, UsageError
from mission_cli.domain.events import EventKind
from mission_cli.domain.host import Person
from mission_cli.domain.ids import MissionId, Sha
from mission_cli.domain.news.rules import ERROR, WARNING, severity_of
from mission_cli.domain.phases.table import PhaseStatus, named
from mission_cli.domain.status import HoldKind, MissionStatus
from mission_cli.engine.loop import pulse
from mission_cli.engine.news.outbox import at_gates
from mission_cli.engine.news.tell import notified
from mission_cli.surfaces.lines import plain
from mission_cli.surfaces.views.listing import list_lines
from mission_cli.surfaces.views.status import head_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.fakes.host import Host

    from mission_cli.app.transaction import Done

PLAN = """\
title: One
budget: {time_hours: 10}
preferences: {runner: script}
phases:
  - {name: building, worker: milestone 1}
  - {name: checking, worker: "run: `test -f 1.1.txt`", on_reject: building}
  - {name: looking, gate: code_review, on_reject: building}
  - {name: merging, worker: landing}
  - {name: completed}
milestones: [{name: Only, validation: ["file: `x`"], features: [{title: one, criteria: ["file: `1.1.txt`"]}]}]
"""


def table(host: Host) -> list[tuple[str, str, str]]:
    """Name, status and result of each phase."""
    return [(p.name, str(p.status), p.result) for p in committed(host).phases]


def events(host: Host, *parts: str) -> list[tuple[str, str]]:
    """The rows of the progress log about these parts."""
    return [(row.event, row.details) for row in committed(host).progress if row.event.partition(".")[0] in parts]


def test_a_mission_goes_through_its_phases() -> None:
    host = host_of(honest, m=PLAN)
    go_on(host, 9)
    work = committed(host).milestones[0].passed_at[:7]
    assert table(host) == [
        ("building", "done", "milestone 1 passed"),
        ("checking", "done", f"`test -f 1.1.txt` passed on {work}"),
        ("looking", "waiting", ""),
        ("merging", "pending", ""),
        ("completed", "pending", ""),
    ]
    assert sorted(base_of(host)) == ["notes.txt"], "nothing lands before its phase"
    gates.decide_gate(host.context(), "m", "code_review", approved=True, comment="nice")
    go_on(host, 4)
    assert committed(host).status is MissionStatus.COMPLETED
    assert sorted(base_of(host)) == ["1.1.txt", "notes.txt", "x"]
    assert table(host)[2:] == [
        ("looking", "done", "approved by Ada"),
        ("merging", "done", f"{work} is on main"),
        ("completed", "done", ""),
    ]
    assert events(host, "phase", "approval", "gate") == [
        ("phase.entered", "the phase building is entered (1 of 5)"),
        ("phase.done", "the phase building is done after 12 min: milestone 1 passed"),
        ("phase.entered", "the phase checking is entered (2 of 5)"),
        ("phase.done", f"the phase checking is done after 4 min: `test -f 1.1.txt` passed on {work}"),
        ("phase.entered", "the phase looking is entered (3 of 5)"),
        ("approval.required", "the gate code_review of the phase looking waits for 1 approval"),
        ("gate.approved", "gate code_review is approved: nice (by Ada)"),
        ("approval.resolved", "the gate code_review is approved by Ada"),
        ("phase.done", "the phase looking is done after 2 min: approved by Ada"),
        ("phase.entered", "the phase merging is entered (4 of 5)"),
        ("phase.done", f"the phase merging is done after 0 s: {work} is on main"),
        ("phase.entered", "the phase completed is entered (5 of 5)"),
        ("phase.done", "the phase completed is done after 0 s"),
    ]


# Gates


GATED = """\
title: One
budget: {time_hours: 10}
preferences: {runner: script}
gates: [{name: code_review, kind: approval, rule: RULE}]
phases:
  - {name: building, worker: milestone 1}
  - {name: looking, gate: code_review, on_reject: building}
milestones: [{name: Only, validation: ["file: `x`"], features: [{title: one, criteria: ["file: `1.1.txt`"]}]}]
"""


def waiting(rule: str = "", plan: str = GATED, ticks: int = 8) -> Host:
    """A host on which the gate of a phase waits for people."""
    host = host_of(honest, m=plan.replace("RULE", f'"{rule}"'))
    go_on(host, ticks)
    assert named(committed(host).phases, "looking").status is PhaseStatus.WAITING  # type: ignore[union-attr]  # it is there
    return host


def decide_as(host: Host, person: str, word: str, saw: str = "", comment: str = "") -> Done:
    """What a person decides about the gate."""
    ctx = host.context().acting_as(Person(person, f"{person}@example.org"))
    return gates.decide_gate(ctx, "m", "code_review", approved=word == "approved", saw=saw, comment=comment)


def move_work(host: Host, **files: str) -> str:
    """Commit files on the work branch, as a person does; return the commit."""
    branch = f"{REFS}/heads/mission/m/work"
    before = Sha(str(host.jobs.disk.read(branch, str)))
    commit = Commit(
        {**host.jobs.objects.get(before).files, **files}, (before,), "By hand\n", ADA, host.jobs.clock.now()
    )
    after = host.jobs.objects.add(commit)
    host.jobs.disk.write(branch, after)
    return after


def test_a_gate_waits_for_as_many_people_as_its_rule_says_and_for_those_that_it_names() -> None:
    host = waiting("2 approvals; by Ada, Grace")
    with pytest.raises(BlockedError, match="Eve may not decide the gate `code_review`"):
        decide_as(host, "Eve", "approved")
    assert decide_as(host, "Ada", "approved").words == "gate code_review is approved (1 of 2)"
    assert decide_as(host, "Ada", "approved").words == "Ada has approved the gate code_review already (1 of 2)"
    go_on(host, 1)
    assert table(host)[1][1] == "waiting"
    held = [hold for hold in pulse(host.context()).cases[MissionId("m")].plan.holds if hold.kind is HoldKind.APPROVAL]
    assert [(hold.detail.partition(" of ")[0], str(hold.unblock)) for hold in held] == [
        ("the gate `code_review` waits for 1 more approval by Ada or Grace", "mission approve m code_review")
    ]
    decide_as(host, "grace", "approved")
    go_on(host, 1)
    assert table(host)[1] == ("looking", "done", "approved by Ada, grace")


@pytest.mark.parametrize("change", ["another change", "the same change"])
def test_an_approval_counts_only_for_what_it_saw(change: str) -> None:
    host = waiting("2 approvals")
    decide_as(host, "Ada", "approved")
    saw = str(host.context().code.heads(MissionId("m"), "main").work)
    work = move_work(host, **({} if change == "the same change" else {"y": "more"}))
    assert work != saw
    with pytest.raises(ConflictError) if change == "another change" else nullcontext():
        decide_as(host, "Bob", "rejected" if change == "another change" else "approved", saw=saw)
    if change == "another change":
        decide_as(host, "Grace", "approved", saw=work)
    go_on(host, 3)
    kept = change == "the same change"
    assert table(host)[1] == ("looking", *(("done", "approved by Ada, Bob") if kept else ("waiting", "")))
    void = [row for row in events(host, "approval") if row[0] == "approval.void"]
    said = f"Ada approved the gate code_review, which does not count: it is about {saw[:7]}, and the work is {work[:7]} now"
    assert void == ([] if kept else [("approval.void", said)]), "it is said once"


def test_a_person_names_what_was_looked_at_by_its_first_digits() -> None:
    host = waiting()
    work = str(host.context().code.heads(MissionId("m"), "main").work)
    other = work[:6] + ("0" if work[6] != "0" else "1")
    with pytest.raises(ConflictError, match=f"^the gate `code_review` shows {work[:7]} by now, and not {other}$"):
        decide_as(host, "Ada", "approved", saw=other)
    for wrong in (work[:6], work + "0" * 30, "main..work", "-" * 7):
        with pytest.raises(UsageError, match=f"^`{wrong}` "):
            decide_as(host, "Ada", "approved", saw=wrong)
    assert committed(host).approvals == ()
    assert decide_as(host, "Ada", "approved", saw=f" {work[:7].upper()}").words == "gate code_review is approved"


def test_a_gate_of_features_is_decided_for_what_was_looked_at_too() -> None:
    plan = """\
title: One
budget: {time_hours: 10}
preferences: {runner: script}
gates: [{name: look, kind: checkpoint, after: ["1.1"], blocks: ["1.2"]}]
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{title: one, criteria: ["file: `1.1.txt`"]}, {title: two, criteria: ["file: `1.2.txt`"]}]
"""
    host = host_of(honest, m=plan)
    go_on(host, 4)
    work = str(host.context().code.heads(MissionId("m"), "main").work)
    with pytest.raises(ConflictError, match=f"^the gate `look` shows {work[:7]} by now, and not 0123456$"):
        gates.decide_gate(host.context(), "m", "look", approved=True, saw="0123456789")
    gates.decide_gate(host.context(), "m", "look", approved=True, saw=work[:9])
    assert [(row.gate, row.commit) for row in committed(host).approvals] == [("look", work)]


def test_each_gate_is_named_once() -> None:
    host = waiting()
    with pytest.raises(NotFoundError) as raised:
        gates.decide_gate(host.context(), "m", "nope", approved=True)
    assert str(raised.value.hint) == "its gates: code_review"


def test_a_decision_made_before_the_phase_was_entered_again_does_not_count() -> None:
    host = waiting()
    decide_as(host, "Ada", "rejected", comment="use tabs")
    decide_as(host, "Grace", "approved")
    go_on(host, 8)
    assert table(host)[1][1] == "waiting", "it is asked again"
    assert [(row.sender, row.text) for row in committed(host).messages] == [
        ("Ada", "the gate code_review is rejected by Ada: use tabs")
    ]


# By hand, and views


BY_HAND = """\
title: One
budget: {time_hours: 10}
preferences: {runner: script}
phases:
  - {name: building, worker: milestone 1}
  - {name: deploying, worker: preview, gate: merge_approval, on_reject: building}
  - {name: merging, worker: landing}
milestones: [{name: Only, validation: ["file: `x`"], features: [{title: one, criteria: ["file: `1.1.txt`"]}]}]
"""


def refused(command: Callable[[], Done]) -> tuple[int, str, str]:
    """Exit status, message and hint of a command that fails."""
    with pytest.raises(MissionError) as error:
        command()
    return error.value.exit_code, error.value.message, str(error.value.hint)


def test_advance_finishes_the_phase_that_the_person_has_seen() -> None:
    host = host_of(honest, m=BY_HAND)
    go_on(host, 2)

    def advance(expected: str, result: str = "") -> Done:
        return moves.advance(host.context(), "m", expected, result=result)

    assert refused(lambda: advance("building")) == (
        *(3, "the phase `building` has open work: 1.1"),
        "to continue without it: mission skip m --phase building --reason TEXT",
    )
    assert refused(lambda: advance("deploying"))[:2] == (
        4,
        "m is in the phase `building` by now, and not in `deploying`",
    )
    assert refused(lambda: advance("deplyoing")) == (
        *(1, "m has no phase `deplyoing`"),
        "its phases: building, deploying, merging",
    )
    go_on(host, 7)
    advance("deploying", "https://preview.example.org")
    assert table(host)[1] == ("deploying", "waiting", "https://preview.example.org"), "its gate is still asked"
    assert refused(lambda: advance("deploying")) == (
        *(3, "the phase `deploying` is done, and its gate `merge_approval` waits for people"),
        "mission approve m merge_approval",
    )
    gates.decide_gate(host.context(), "m", "merge_approval", approved=True)
    go_on(host, 3)
    assert table(host)[1] == ("deploying", "done", "https://preview.example.org; approved by Ada")
    assert refused(lambda: advance("merging"))[:2] == (3, "m is completed")


def test_retry_begins_the_phase_again_with_fresh_revisions() -> None:
    host = waiting("0 revisions")
    decide_as(host, "Ada", "rejected", comment="no")
    go_on(host, 1)
    why = "the gate code_review is rejected by Ada: no"
    assert table(host)[1] == ("looking", "failed", f"{why}; 0 revisions did not help")
    moves.retry_phase(host.context(), "m", reason="look again")
    go_on(host, 1)
    assert table(host)[1] == ("looking", "waiting", "")
    assert committed(host).noted["phase.returned looking"] == "0"
    decide_as(host, "Ada", "approved")
    go_on(host, 1)
    assert table(host)[1] == ("looking", "done", "approved by Ada")


def test_skip_goes_on_without_a_phase_and_what_is_open_of_it() -> None:
    host = host_of(honest, m=BY_HAND)
    go_on(host, 2)
    assert refused(lambda: moves.skip_phase(host.context(), "m", "deploying", reason=" "))[0] == 2
    moves.skip_phase(host.context(), "m", "deploying", reason="nothing to deploy")
    done = moves.skip_phase(host.context(), "m", "building", reason="not needed")
    assert done.words == "the phase building is skipped, with 1 feature: not needed"
    go_on(host, 4)
    assert table(host) == [
        ("building", "skipped", "skipped: not needed"),
        ("deploying", "skipped", "skipped: nothing to deploy"),
        ("merging", "done", "there was nothing to land"),
    ]
    assert committed(host).status is MissionStatus.COMPLETED
    again = refused(lambda: moves.skip_phase(host.context(), "m", "building", reason="x"))
    assert again == (2, "the phase `building` is skipped", "only unfinished phases can be skipped")


def test_work_is_not_landed_before_its_phase() -> None:
    host = host_of(honest, m=BY_HAND)
    go_on(host, 9)
    assert refused(lambda: gates.land(host.context(), "m")) == (
        *(3, "the work lands in the phase `merging`, and the phase is `deploying` now"),
        "mission why m",
    )


def test_views_say_where_the_mission_is() -> None:
    host = waiting()
    ctx = host.context()
    view = status_of(ctx, ctx.state.snapshot(), resolve(ctx.state.snapshot(), "m"))
    assert view.phase == PhaseView("looking", "waiting", "code_review", 50)
    assert [replace(row, took=None) for row in view.phases] == [
        PhaseRow("building", "done", "milestone 1", "", "milestone 1 passed", None),
        PhaseRow("looking", "waiting", "", "code_review", "", None),
    ]
    assert [(one.kind, str(one.unblock)) for one in view.waiting_for] == [("approval", "mission approve m code_review")]
    assert plain(head_lines(view, 70)).splitlines()[-1] == "phases 50%  ✓ building  ▸ looking waits for code_review"
    listed = [lines_of(ctx), lines_of(ctx)]
    assert [[one.phase for one in lines] for lines in listed] == [[view.phase]] * 2, (
        "also from what is kept of the file"
    )
    assert plain(list_lines(listed[0], 0)).splitlines()[-1].split() == (
        ["m", "active", "(looking)", "██████████", "1/1", "$0", "One"]
    )


def test_who_is_named_at_the_gate_is_told_when_it_waits_and_surfaces_ask_about_what_it_shows() -> None:
    host = waiting(plan=GATED.replace("rule: RULE", 'rule: "1 approval", notify: "ada, ops"'))
    ctx, now = host.context(), committed(host)
    assert notified(now) == ("ada, ops",)
    assert at_gates(now) == ("ada", "ops")
    asked = at_gate(ctx, resolve(ctx.state.snapshot(), "m"), "CODE_REVIEW")
    work = str(ctx.code.heads(MissionId("m"), "main").work)
    assert (asked.name, asked.message, asked.saw, asked.document) == (
        *("code_review", "It ends the phase looking.", work),
        "",
    )
    with pytest.raises(NotFoundError, match="m has no gate `review`"):
        at_gate(ctx, resolve(ctx.state.snapshot(), "m"), "review")
    assert severity_of(EventKind.APPROVAL_REQUIRED) == severity_of(EventKind.PHASE_RETURNED) == WARNING
    assert severity_of(EventKind.PHASE_FAILED) == ERROR
    decide_as(host, "Ada", "approved")
    go_on(host, 1)
    assert notified(committed(host)) == at_gates(committed(host)) == ()

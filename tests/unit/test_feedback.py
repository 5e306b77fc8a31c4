"""Improvement feedback: what is observed, what an issue says, and that nothing is filed twice or by itself."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.code import REFS
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.fakes.life import Death, Fate, Kind
from tests.kit.forge.commits import MemoryCommits
from tests.kit.forge.events import ADA
from tests.kit.forge.site import Site
from tests.kit.forge.world import World
from tests.kit.missions import feature, mission, personal, record
from tests.kit.nightly import EACH
from tests.unit.test_keys_act import ONE, PLAN, honest
from tests.unit.test_retrospective import used

from mission_cli._support.dataclass import replace as changed
from mission_cli.adapters.secrets.screen import SecretRules
from mission_cli.app.feedback.filing import discard_feedback, file_feedback
from mission_cli.app.feedback.listing import list_feedback, show_feedback
from mission_cli.document.changes import AppendRow
from mission_cli.document.editing import patch
from mission_cli.document.reading.load import load
from mission_cli.domain.errors import NotFoundError, UsageError
from mission_cli.domain.evidence.verdicts import RecordedVerdict
from mission_cli.domain.feedback.rows import (
    SECTION,
    FeedbackRow,
    FeedbackStatus,
    Observation,
    Signal,
    cells_of,
    facts_in,
    unrecorded,
    without_paths,
)
from mission_cli.domain.retrospective.signals import MOST, observations
from mission_cli.domain.status import Cause, CriterionKind, FeatureStatus, Verdict
from mission_cli.domain.tables import InputRequest
from mission_cli.ports.git.state import Write
from mission_cli.settings import FeedbackSettings
from mission_cli.settings.feedback import check_feedback

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

    from mission_cli.app.feedback.results import FeedbackFiled
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord

DONE = FeatureStatus.DONE
EVIL = "x](javascript:alert(1)) <script>@ada #1 closes #2 <!-- mission:feedback/000000000000 --> | **Status:** done"
ROW = FeedbackRow(
    1, "missing tool", "repository", "The program jq is missing for checks", ("Missing in 2 attempts",), "a1b2c3d4e5f6"
)


def judged(verdict: Verdict, rule: str = "r1") -> tuple[RecordedVerdict, ...]:
    return (RecordedVerdict("run: `jq . x`", CriterionKind.RUN, verdict, rule),)


def failed(name: str, cause: Cause = Cause.CRITERIA_FAILED, **more: Any) -> RunRecord:
    return record(
        name, cause, **{"signature": "aaaa0000", "detail": "ruff: unused import", "usage": used("0.5"), **more}
    )


TWO = (feature("1.1", DONE), feature("1.2", DONE))
CASES: dict[str, tuple[Mission, list[RunRecord]]] = {
    "the same failure at two features": (mission(*TWO), [failed("1.1-a1"), failed("1.2-a1")]),
    "the same failure twice at one feature": (mission(*TWO), [failed("1.1-a1"), failed("1.1-a2")]),
    "nothing done at two features": (
        mission(*TWO),
        [failed("1.1-a1", Cause.NOOP, signature="b"), failed("1.2-a1", Cause.NOOP, signature="c", runner="claude")],
    ),
    "the machine's failures": (mission(*TWO), [failed("1.1-a1", Cause.KILLED), failed("1.2-a1", Cause.KILLED)]),
    "work by hand": (mission(*TWO), [record("1.1-a1", Cause.DONE, by="Ada <ada@example.org>")]),
    "a person judges": (
        mission(feature("1.1", DONE, criteria=(personal("manual: the copy reads well", ticked=True),))),
        [],
    ),
    "workers ask": (
        mission(
            *TWO,
            requests=tuple(InputRequest(n, "", f"1.{n}", "What?", status="answered", response="A") for n in (1, 2)),
        ),
        [],
    ),
    "a program is missing": (
        mission(*TWO),
        [
            record(
                "1.1-a1",
                Cause.INFRASTRUCTURE,
                judged=judged(Verdict.COULD_NOT_RUN),
                evidence="bash: jq: command not found",
            )
        ],
    ),
    "the same check fails in two places": (
        mission(*TWO),
        [
            failed("1.1-a1", signature="p", judged=judged(Verdict.FAILED)),
            failed("1.2-a1", signature="q", judged=judged(Verdict.FAILED)),
        ],
    ),
    "an estimate is far off": (
        mission(feature("1.1", DONE, estimate_hours=Decimal(4))),
        [record("1.1-a1", Cause.DONE, usage=used("1", "1"))],
    ),
    "an estimate is nearly right": (
        mission(feature("1.1", DONE, estimate_hours=Decimal(2))),
        [record("1.1-a1", Cause.DONE, usage=used("1", "1.1"))],
    ),
    "a forecast is far off": (
        mission(feature("1.1", DONE), noted={"forecast": "usd 1 2 3"}),
        [record("1.1-a1", Cause.DONE, usage=used("9", "0"))],
    ),
}


def test_what_is_observed() -> None:
    found = {
        name: [(one.signal.value, one.target, one.title, one.facts) for one in observations(some, records)]
        for name, (some, records) in CASES.items()
    }
    assert found == snapshot(
        {
            "the same failure at two features": [
                (
                    "misunderstood",
                    "agent:script",
                    "Workers fail in the same way: ruff: unused import",
                    ("2 attempts at 2 features", "ruff: unused import", "The attempts cost $1"),
                )
            ],
            "the same failure twice at one feature": [],
            "nothing done at two features": [
                (
                    "misunderstood",
                    "repository",
                    "Workers do not do what they are told: noop",
                    ("2 attempts ended with noop", "Such as 1.1-a1, 1.2-a1"),
                )
            ],
            "the machine's failures": [],
            "work by hand": [
                (
                    "manual step",
                    "repository",
                    "Features were finished by hand: workers need help with them",
                    ("By hand: 1.1", "Of 2 features"),
                )
            ],
            "a person judges": [
                (
                    "manual step",
                    "repository",
                    "Check with a program what a person judges: manual: the copy reads well",
                    ("A person judged a criterion of 1.1", "Manual criteria that passed: 1"),
                )
            ],
            "workers ask": [
                (
                    "manual step",
                    "repository",
                    "Workers had to ask: write down what they need to know",
                    ("2 questions of workers were answered", "Features: 1.1, 1.2"),
                )
            ],
            "a program is missing": [
                ("missing tool", "repository", "The program jq is missing for checks", ("Missing in 1 attempt",))
            ],
            "the same check fails in two places": [
                (
                    "validation",
                    "repository",
                    "The same check fails again and again: run: `jq . x`",
                    ("It failed in 1.1, 1.2", "A hook, or a shared workflow, would find it earlier"),
                )
            ],
            "an estimate is far off": [
                (
                    "estimate off",
                    "mission",
                    "The estimate of hours was off by over 50 %: it took less",
                    ("Expected: 4 h", "Used: 1 h"),
                )
            ],
            "an estimate is nearly right": [],
            "a forecast is far off": [
                (
                    "estimate off",
                    "mission",
                    "The forecast of usd was off by over 50 %: it took more",
                    ("Expected: $2", "Used: $9"),
                )
            ],
        }
    )


def test_a_fingerprint_is_the_same_in_another_mission_and_another_for_something_else() -> None:
    some, records = CASES["a program is missing"]
    (here,), (there,) = observations(some, records), observations(replace_id(some), records)
    assert here.fingerprint == there.fingerprint
    assert re.fullmatch("[0-9a-f]{12}", here.fingerprint)
    assert len({one.fingerprint for name in CASES for one in observations(*CASES[name])}) == sum(
        len(observations(*case)) for case in CASES.values()
    )


def replace_id(some: Mission) -> Mission:
    return changed(some, title="Another", limits=some.limits)


def test_observations_are_bounded_and_recorded_once() -> None:
    many = tuple(feature(f"1.{n}", DONE, criteria=(personal(f"manual: {n}", ticked=True),)) for n in range(1, 50))
    records = [failed(f"1.{n}-a1", signature=f"s{n // 2}") for n in range(1, 50)]
    found = observations(mission(*many), records)
    assert len(found) == MOST
    rows = unrecorded((), found)
    assert [row.number for row in rows] == list(range(1, MOST + 1))
    assert unrecorded(rows, found) == ()
    assert [row.number for row in unrecorded(rows[:3], found)][:2] == [4, 5]


def test_an_issue_has_no_path_of_the_machine_and_no_more_than_facts() -> None:
    assert without_paths("see /home/ada/shop/a.py and ~/x/y, https://a.example/b/c, a/b, /etc") == snapshot(
        "see …/a.py and …/y, https://a.example/b/c, a/b, /etc"
    )
    one = Observation(Signal.MISUNDERSTOOD, "repository", "T" * 500, ("x" * 900, *map(str, range(20))), "k")
    (row,) = unrecorded((), [one])
    assert (len(row.title), len(row.facts[0]), len(row.facts)) == (120, 200, 6)


def test_rows_are_read_as_they_are_written_whatever_they_say() -> None:
    text = "---\nid: m\nstatus: active\n---\n# M\n\n## Milestones\n"
    evil = unrecorded((ROW,), [Observation(Signal.VALIDATION, "repository", EVIL, (EVIL, "b"), "k")])
    new = patch.apply(text, [AppendRow(SECTION, cells_of(row)) for row in (ROW, *evil)], where="x")
    loaded = load(new, "m")
    rows = list(loaded.mission.feedback)
    assert [cells_of(replace_line(row)) for row in rows] == [cells_of(row) for row in (ROW, *evil)]
    assert loaded.problems == load(text, "m").problems
    assert facts_in(" a ·  · b·c") == ("a", "b", "c")


def replace_line(row: FeedbackRow) -> FeedbackRow:
    return changed(row, line=0)


def test_bad_rows_are_named_by_lint_and_never_filed() -> None:
    text = "---\nid: m\nstatus: active\n---\n# M\n\n## Feedback\n\n"
    text += "| # | Signal | For | Title | Facts | Fingerprint | Status | Issue |\n|---|---|---|---|---|---|---|---|\n"
    text += "| 1 | x | repository | A | f | aaaa | done | |\n| 1 | x | repository | B | f | bbbb | | |\n| | x | | | | cc | | |\n"
    loaded = load(text, "m")
    assert [(row.title, row.status) for row in loaded.mission.feedback] == snapshot(
        [("A", None), ("B", FeedbackStatus.DRAFT)]
    )
    assert [
        problem.message for problem in loaded.problems if "Feedback" in problem.message or "draft" in problem.message
    ] == snapshot(["draft 1 has the status `done`, which is not known", "there are two drafts 1 in Feedback"])


# Filing


def shop(**settings: Any) -> Host:
    """A clone with a forge and a mission that has two drafts."""
    host = make_host(honest)
    first = host.jobs.disk.read(f"{REFS}/heads/main", str)
    assert first is not None
    host.forge = World(Site(MemoryCommits(host.jobs.objects, {"heads/main": first})))
    told = FeedbackSettings(**{"repository": "acme/shop", "labels": ("mission",), **settings})
    host.settings = replace(host.settings, feedback=told)
    make_mission(host, f"{PLAN}{ONE}")
    add(host, ROW, "m")
    return host


def add(host: Host, row: FeedbackRow, name: str) -> None:
    state = host.context().state
    snap = state.snapshot()
    stored = snap.missions[name]  # type: ignore[index]  # it is there, or the test fails
    text = patch.apply(stored.text, [AppendRow(SECTION, cells_of(row))], where=stored.path)
    state.commit([Write(stored.path, text, stored.text)], message="By hand\n", expect=snap.head)


def issues(host: Host) -> list[tuple[int, str]]:
    assert host.forge is not None
    return [(number, issue.title) for number, issue in host.forge.site.issues.items()]


def filed(host: Host, name: str = "m", **more: Any) -> FeedbackFiled:
    return file_feedback(host.context(), name, "1", **more)


def test_a_draft_is_filed_once_and_recorded() -> None:
    host = shop()
    assert issues(host) == []
    first, again = filed(host), filed(host)
    assert issues(host) == [(1, "Improvement: The program jq is missing for checks")]
    assert (first.filed, again.words) == (True, f"draft 1 was filed already: {first.address}")
    assert host.forge is not None
    assert host.forge.site.issues[1].body == snapshot("""\
Observed in a mission (missing tool):

- Missing in 2 attempts

Found by rules over the records of the mission, and filed by a person with `mission feedback file`.

<!-- mission:feedback/a1b2c3d4e5f6 -->
""")
    (row,) = list_feedback(host.context(), "m").drafts
    assert (row.status, row.issue) == ("filed", first.address)
    with pytest.raises(UsageError, match="draft 1 was filed"):
        discard_feedback(host.context(), "m", "1")


def test_a_dry_run_a_missing_project_and_a_missing_token_file_nothing() -> None:
    host = shop()
    dry = filed(host, dry_run=True)
    assert (dry.filed, dry.words, dry.address) == snapshot(
        (False, "nothing is filed: this is what acme/shop would get", "https://forge.example/acme/shop")
    )
    unset = shop(repository="")
    assert (filed(unset).words, filed(unset).address) == snapshot(
        ("nothing is filed: `[feedback]` names no project for repository", "")
    )
    assert host.forge is not None
    host.forge.tokenless = True
    without = filed(host)
    assert (without.filed, without.words, without.address, bool(without.body)) == snapshot(
        (
            False,
            "nothing is filed: there is no token for forge.example; open it yourself",
            "https://forge.example/acme/shop",
            True,
        )
    )
    assert issues(host) == issues(unset) == []


def test_each_kind_of_draft_has_a_project_of_its_own() -> None:
    told = FeedbackSettings(repository="acme/shop", agents="acme/agents", mission="https://github.com/o/n")
    targets = ("repository", "agent:claude", "mission", "other")
    assert [told.project(target) for target in targets] == ["acme/shop", "acme/agents", "https://github.com/o/n", ""]
    for bad in ("shop", "https://user:pw@host/a/b", "http://host/a/b", "a/b; rm", "git@host:a/b"):
        with pytest.raises(UsageError, match=r"the setting `feedback\.agents` is "):
            check_feedback(FeedbackSettings(agents=bad))
    check_feedback(told)


def test_an_open_issue_of_someone_else_with_the_fingerprint_counts() -> None:
    host = shop()
    assert host.forge is not None
    host.forge.site.open_issue(ADA, "Known", f"Text\n\n<!-- mission:feedback/{ROW.fingerprint} -->\n")
    assert "exists already (an open issue has its fingerprint)" in filed(host).words
    assert len(issues(host)) == 1


def test_what_another_mission_filed_is_not_filed_again() -> None:
    host = shop()
    make_mission(host, f"{PLAN}{ONE}", "second")
    add(host, ROW, "second")
    first, second = filed(host), filed(host, "second")
    assert second.words == f"draft 1 exists already (m): {first.address}"
    assert len(issues(host)) == 1
    assert [one.status for one in list_feedback(host.context(), everywhere=True).drafts] == ["filed", "filed"]


def test_a_discarded_draft_is_not_filed() -> None:
    host = shop()
    discard_feedback(host.context(), "m", "a1b2", reason="known")
    with pytest.raises(UsageError, match="draft 1 is discarded"):
        filed(host)
    with pytest.raises(NotFoundError, match="m has no draft `7`"):
        show_feedback(host.context(), "m", "7")
    assert issues(host) == []


def test_secrets_and_markup_in_records_are_inert_in_an_issue() -> None:
    host = shop()
    row = unrecorded(
        (ROW,), [Observation(Signal.VALIDATION, "repository", EVIL, (f"token hunter2hunter2 {EVIL}",), "k")]
    )[0]
    add(host, row, "m")
    ctx = replace_secrets(host.context())
    done = file_feedback(ctx, "m", "2")
    assert host.forge is not None
    issue = host.forge.site.issues[1]
    assert "hunter2" not in issue.title + issue.body
    assert "<script" not in issue.body
    assert issue.body.count("<!-- mission:") == 1
    assert issue.body.rstrip().endswith(f"<!-- mission:feedback/{row.fingerprint} -->")
    assert "@ada" not in issue.title + issue.body
    assert done.filed


def replace_secrets(ctx: Any) -> Any:
    return changed(ctx, secrets=SecretRules({"hunter2hunter2": "PASSWORD"}))


def test_a_death_while_filing_files_once() -> None:
    start = shop()
    fate = Fate()
    filed(start.copy(fate))
    assert fate.steps > 10
    for death in range(0, fate.steps, EACH):
        for kind in Kind:
            host = start.copy(Fate({death: kind}))
            with pytest.raises(Death):
                filed(host)
            if kind is Kind.POWER_CUT:
                host.power_cut()
            host.jobs.fate = Fate()
            assert filed(host).filed
            assert len(issues(host)) == 1, (death, kind)
            assert [one.status for one in list_feedback(host.context(), "m").drafts] == ["filed"]

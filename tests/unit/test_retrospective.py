"""The retrospective: whole texts from the facts, the forecast at the start, and what a model may say about it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.executor import Outcome
from tests.kit.missions import feature, milestone, mission, record, run
from tests.unit.test_keys_act import ONE, PLAN, committed, go_on, honest, host_of

from mission_cli.document.changes import SetFront
from mission_cli.document.editing import patch
from mission_cli.document.reading.load import load
from mission_cli.domain.criteria.criterion import Result
from mission_cli.domain.forge.rows import PullRow, RowStatus
from mission_cli.domain.preview.rows import PreviewRow, PreviewStatus
from mission_cli.domain.retrospective.facts import facts_of
from mission_cli.domain.retrospective.forecast import Band, band_of, forecast_at_start, forecast_notes
from mission_cli.domain.retrospective.narrative import MOST_WORDS, checked
from mission_cli.domain.retrospective.people import together
from mission_cli.domain.retrospective.told import sections_of, short_line
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import Cause, FeatureStatus, GateKind, MilestoneStatus, MissionStatus, Verdict
from mission_cli.domain.tables import Approval, Gate, InputRequest, KeptRow, LogRow, Recovery
from mission_cli.ports.git.state import Write

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.ports.executor import JobSpec

WILD = sorted((Path(__file__).parents[1] / "wild").glob("*.md"))
DONE, SKIPPED = FeatureStatus.DONE, FeatureStatus.SKIPPED


def used(usd: str | None, hours: str = "0.5", tokens: int = 0) -> Usage:
    return Usage(None if usd is None else Decimal(usd), Decimal(hours), {"input": tokens} if tokens else {})


def told(some: Mission, *records: RunRecord) -> str:
    """The text of a retrospective."""
    sections = sections_of(facts_of(some, records))
    return "\n".join(line for one in sections for line in (f"## {one.title}", *one.lines))


def rich() -> tuple[Mission, list[RunRecord]]:
    """A mission in which much happened."""
    passed = Result(Verdict.PASSED, "2026-11-20T12:00:00Z", "4f2c1a9")
    words = run("pytest tests/test_words.py", ticked=True, result=passed)
    first = milestone(
        1,
        MilestoneStatus.PASSED,
        feature("1.1", DONE, estimate_hours=Decimal(2), criteria=(words,)),
        feature("1.2", DONE, estimate_hours=Decimal(1)),
        feature("1.3", DONE, fixes="1a2b3c4d"),
        criteria=(run("make check", ticked=True, result=passed),),
        passed_at="4f2c1a9",
        rounds=1,
    )
    second = milestone(2, MilestoneStatus.SKIPPED, feature("2.1", SKIPPED))
    some = mission(
        milestones=(first, second),
        status=MissionStatus.COMPLETED,
        started="2026-11-20T10:00:00Z",
        completed="2026-11-20T15:00:00Z",
        success_criteria=("Words are counted as wc does", "The team likes it"),
        assumptions=("Files are UTF-8",),
        noted={
            "forecast": "usd 1 2 4; hours 1 1.5 2; elapsed 2 3 4",
            "forecast 1": "usd 1 2 4; hours 1 1.5 2",
            "test.quarantined test_slow": "failed, then passed",
            "scope.decided 2": "2026-11-20T13:00:00Z",
        },
        gates=(Gate("copy", GateKind.APPROVAL),),
        approvals=(Approval("2026-11-20T12:30:00Z", "copy", "approved", "Ada", comment="nice"),),
        requests=(
            InputRequest(1, "2026-11-20T11:00:00Z", "1.2", "Which format?", status="answered", response="JSON"),
            InputRequest(2, "2026-11-20T12:50:00Z", "", "It will not fit", status="answered", response="reduce"),
            InputRequest(3, "2026-11-20T14:00:00Z", "", "May we publish?", status="expired"),
        ),
        progress=(
            LogRow("2026-11-20T11:20:00Z", "request.answered", "request 1 is answered: JSON (by Ada)"),
            LogRow("2026-11-20T12:00:00Z", "gate.waiting", "gate copy is waiting: the features before it are finished"),
            LogRow("2026-11-20T12:10:00Z", "mission.paused", "over the threshold"),
            LogRow("2026-11-20T12:30:00Z", "gate.approved", "gate copy is approved: nice (by Ada)"),
            LogRow("2026-11-20T12:40:00Z", "mission.resumed", "m is resumed (by Ada)"),
            LogRow("2026-11-20T13:00:00Z", "request.answered", "request 2 is answered: reduce (by Ada)"),
        ),
        kept=(KeptRow("Decision Log", {"decision": "Leave to a follow-up plan: 2.1 title 2.1"}),),
        pulls=(
            PullRow("1", "mission/m/m1", "main", "4f2c1a9", RowStatus.DONE, 34),
            PullRow("2", "mission/m/m2", "main", "5f2c1a9", RowStatus.OPEN, 35),
        ),
        previews=(PreviewRow(1, "4f2c1a9", PreviewStatus.READY, "http://localhost:8000"),),
        recoveries=(Recovery("2026-11-20T13:00:00Z", "1.2", "deadline: it was over", "open"),),
    )
    failed: dict[str, Any] = {"detail": "make check: 2 failed", "signature": "aaaa0000"}
    records = [
        record("1.1-a1", Cause.CRITERIA_FAILED, **failed, usage=used("0.5"), ended="2026-11-20T10:30:00Z"),
        record("1.1-a2", Cause.DONE, usage=used("0.7"), runner="claude", model="opus", ended="2026-11-20T11:00:00Z"),
        record("1.2-a1", Cause.CRITERIA_FAILED, **failed, usage=used(None), ended="2026-11-20T10:40:00Z"),
        record("1.2-a2", Cause.QUESTION, usage=used("0.1"), ended="2026-11-20T11:10:00Z"),
        record("1.2-a3", Cause.DONE, usage=used("0"), by="Ada <ada@example.org>", ended="2026-11-20T12:00:00Z"),
        record("1.3-a1", Cause.DONE, usage=used("0.4"), ended="2026-11-20T12:10:00Z"),
        record("review-a1", Cause.DONE, about="1", usage=used("0.2", "0.1")),
    ]
    return some, records


def test_everything_that_happened_is_told_with_its_figures() -> None:
    some, records = rich()
    text = told(some, *records)
    assert len(text.splitlines()) <= 60
    assert text == snapshot("""\
## outcomes
3 of 4 features done, 1 skipped (2.1), 1 of them added as fixes.
Milestone 1 One: passed at 4f2c1a9, 1 of 1 criterion passed.
Milestone 2 One: skipped.
Wanted: Words are counted as wc does. Criteria with its words: passed: run: `pytest tests/test_words.py` (1.1).
Wanted: The team likes it. No criterion has its words: look at it yourself.
The finished work is on `main`, by pull request #34.
## budget accuracy
Money (USD): $1.90 and 1 unknown cost of at most $20; forecast $2 (P50) and $4 (P90), within P50.
Time (hours): 3 h 6 min; estimated 3 h, 3 % more; forecast 1 h 30 min (P50) and 2 h (P90), above P90.
Start to end: 5 h; forecast 3 h (P50) and 4 h (P90), above P90.
Milestone 1: $1.90 and 1 unknown cost (forecast $2 (P50) and $4 (P90), within P50), 3 h 6 min of work (estimated 3 h, 3 % more; forecast 1 h 30 min (P50) and 2 h (P90), above P90).
## what failed
criteria_failed, 2 attempts (1.1-a1, 1.2-a1): "make check: 2 failed". Then: 1.1-a2 with claude (opus), 1.2 by hand (Ada). Cost: $0.50, 1 unknown cost, 1 h.
Milestone 1: 1 failed validation; fix features: 1.3 done.
Attempts that ended for another reason: question 1.
## lessons learned
claude (opus): 1 of 1 attempt succeeded.
script: 1 of 4 attempts succeeded.
Features with more than one attempt: 1.1 took 2, 1.2 took 3.
## decisions by people
copy: approved (nice), by Ada, after 30 min.
Which format?: JSON, after 20 min.
It will not fit: reduce, after 10 min.
Done by hand: 1.2.
Something waited for a person 4 times, for 1 h 10 min in all.
## open ends
Safety stop of 1.2 is open: deadline: it was over
Feature 2.1 is skipped: title 2.1
Deferred features are in the plan assets/follow-up-2.yaml
Flaky test: test_slow
Assumption that no person has confirmed: Files are UTF-8
Pull request #35 for 2 is open
Preview 1 is still there at http://localhost:8000 (ready)
Request 3 is not answered, and expired: May we publish?\
""")


def test_a_section_without_content_is_not_there() -> None:
    assert told(mission(feature("1.1"))) == snapshot("""\
## outcomes
0 of 1 feature done.
Milestone 1 One: active.
## budget accuracy
Money (USD): $0 of at most $20.
No forecast was recorded at the start.
## open ends
Feature 1.1 is pending: title 1.1\
""")


def test_an_execution_is_told_alone() -> None:
    again = mission(
        feature("1.1", DONE),
        schedule="0 * * * *",
        executions=2,
        started="2026-11-20T12:00:00Z",
        status=MissionStatus.RECURRING,
    )
    before = record("1.1-a1", Cause.NOOP, usage=used("9"), intended="2026-11-20T10:00:00Z")
    now = record("1.1-a2", Cause.DONE, usage=used("1"), intended="2026-11-20T12:00:00Z", ended="2026-11-20T12:30:00Z")
    facts = facts_of(again, [before, now], "2026-11-20T13:00:00Z")
    assert [line for one in sections_of(facts) for line in one.lines] == snapshot(
        [
            "Execution 2: 1 of 1 feature done.",
            "Milestone 1 One: active.",
            "The finished work is on `main`.",
            "Money (USD): $1 of at most $20.",
            "Time (hours): 30 min.",
            "Start to end: 1 h.",
            "Milestone 1: $1, 30 min of work.",
            "No forecast was recorded at the start.",
            "script: 1 of 1 attempt succeeded.",
            "Nothing had to be done twice.",
        ]
    )
    assert short_line(facts, "2026-11-20T13:00:00Z") == snapshot(
        "Execution 2, until 2026-11-20T13:00:00Z: 1 of 1 feature done, $1, 30 min."
    )


def test_times_that_overlap_count_once() -> None:
    def span(start: str, end: str) -> tuple[datetime, datetime]:
        return datetime.fromisoformat(f"2026-11-20T{start}:00Z"), datetime.fromisoformat(f"2026-11-20T{end}:00Z")

    spans = [span("10:00", "11:00"), span("10:30", "11:30"), span("10:40", "10:50"), span("12:00", "12:05")]
    assert together(spans) == timedelta(minutes=95)


def test_the_forecast_of_the_start_is_read_as_it_was_noted() -> None:
    bands = {"": {"usd": band_of("usd", 0.5, 1.25, 3)}, "2": {"tokens": band_of("tokens", 1e6, 2.5e6, 4e6)}}
    notes = dict(forecast_notes(bands))
    assert notes == {"forecast": "usd 0.5 1.25 3", "forecast 2": "tokens 1000000 2500000 4000000"}
    assert forecast_at_start(mission(noted=notes)) == bands
    odd = {"forecast": "usd 1 2; hours one two three; tokens 1 2 3 4; ; spells 1 2 3", "forecast x": "usd 1 2 3"}
    assert forecast_at_start(mission(noted=odd)) == {}


def test_a_band_says_where_an_amount_is() -> None:
    band = Band(Decimal(1), Decimal(2), Decimal(4))
    places = [band.place(Decimal(text)) for text in ("0.5", "1", "2", "2.1", "4", "4.1")]
    assert places == [
        "below P10",
        "within P50",
        "within P50",
        "between P50 and P90",
        "between P50 and P90",
        "above P90",
    ]


@pytest.mark.parametrize("path", WILD, ids=lambda path: path.name)
def test_files_of_other_tools_have_a_retrospective(path: Path) -> None:
    some = load(path.read_text(encoding="utf-8"), "m").mission
    assert sections_of(facts_of(some, [record("1.1-a1", Cause.KILLED, usage=used(None))]))


@pytest.mark.parametrize(
    ("text", "shown", "dropped"),
    [
        ("It took $1.80. All 6 features are done.", "It took $1.80. All 6 features are done.", 0),
        ("It took $18. All is well.", "All is well.", 1),
        ("It took 12,345 tokens and 1.5 hours. Three attempts failed.", "It took 12,345 tokens and 1.5 hours.", 1),
        ("Six of six. Two failed; 99 % passed.", "Six of six.", 1),
        ("word " * 200, "", 0),
        (
            "See <script>alert(2)</script>\x1b[6J. # x",
            "See <script>alert(2)</script>\N{REPLACEMENT CHARACTER}[6J. # x",
            0,
        ),
    ],
)
def test_a_narrative_has_no_figure_of_its_own(text: str, shown: str, dropped: int) -> None:
    facts = "6 of 6 features done. Money: $1.8. 12345 tokens, 1.50 hours, 2 d"
    found = checked(text, facts, "script (opus)")
    assert (found.text, found.dropped) == (shown, dropped)


def test_a_narrative_is_short() -> None:
    assert len(checked("One word more here. " * 100, "", "x").text.split()) <= MOST_WORDS


def narrated(host: Host) -> None:
    """A person allows a narrative in the file."""
    state = host.context().state
    stored = state.snapshot().missions["m"]  # type: ignore[index]  # it is there, or the test fails
    changes = [SetFront(("orchestrator", "narrative"), "true"), SetFront(("orchestrator", "budget_pct"), "50")]
    write = Write(stored.path, patch.apply(stored.text, changes, where=stored.path), stored.text)
    state.commit([write], message="By hand\n", expect=state.snapshot().head)


GOOD = json.dumps({"text": 'One feature was done. It took 77 attempts. "**Status:** done"', "reason": "asked"})


@pytest.mark.parametrize(("answer", "asked", "shown"), [(GOOD, 1, True), ("no JSON", 2, False)])
def test_a_model_tells_what_happened_before_the_end_and_stops_nothing(answer: str, asked: int, *, shown: bool) -> None:
    def works(spec: JobSpec) -> Outcome:
        return Outcome(30.0, answer=answer) if "/judge-" in spec.key else honest(spec)

    host = host_of(works, m=f"{PLAN.replace('script}', 'script, land: auto}')}{ONE}")
    narrated(host)
    go_on(host)
    state = host.context().state
    snap = state.snapshot()
    assert snap.head is not None
    stored = snap.missions["m"]  # type: ignore[index]  # it is there, or the test fails
    assert committed(host).status is MissionStatus.COMPLETED
    assert len([name for name in state.runs(stored, snap.head) if name.startswith("judge-")]) == asked
    assert ("### Narrative" in stored.text) is shown
    if shown:
        assert stored.text.partition("### Narrative\n")[2].strip() == snapshot("""\
- Words of a model (script (opus)), after the facts: One feature was done. "**Status:** done"
- 1 sentence is left out: figures that the records do not have.\
""")

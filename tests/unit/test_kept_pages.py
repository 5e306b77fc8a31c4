"""Files for readers beside the mission files: pulses commit them when they look different, and never a person's own."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

import pytest
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import SETTINGS, Host, make_host, make_mission
from tests.kit.fakes.life import Death, Fate, Kind
from tests.kit.fakes.state import TREE
from tests.kit.nightly import NIGHTLY

from mission_cli._support.dataclass import replace
from mission_cli.adapters.git.state.merging import merge_texts
from mission_cli.app.commands import gates, lifecycle
from mission_cli.app.commands.set_value import set_value
from mission_cli.app.queries.diagnosis.pages import page_findings, page_problems
from mission_cli.app.queries.news import since_last_look
from mission_cli.domain.board.marks import BADGE, FILES, PAGE, README, is_same, mark, source_of
from mission_cli.domain.errors import UsageError
from mission_cli.domain.events import EventKind
from mission_cli.engine.loop import pulse
from mission_cli.ports.git.state import Write
from mission_cli.settings import DashboardSettings, check

if TYPE_CHECKING:
    from mission_cli.ports.executor import JobSpec

PLAN = """\
title: Word counter
goal: Count words
budget: {money_usd: 20}
preferences: {runner: script}
milestones:
  - name: Core
    validation: ["file: `1.1.txt`"]
    features:
      - {title: Count the words, criteria: ["file: `1.1.txt`"]}
      - {title: Read a file, depends: ["1.1"], criteria: ["file: `9.txt`"]}
  - name: Command line
    features:
      - {title: Print the count, criteria: ["file: `2.1.txt`"]}
"""
ALL = DashboardSettings(commit=True, files=FILES)


def works(spec: JobSpec) -> Outcome:
    """Make the file of the feature; 1.2 asks for another one, and fails."""
    feature = spec.program.env["MISSION_FEATURE"]
    return Outcome(30.0, {f"{feature}.txt": "good\n"}, costs=(Decimal("0.3"), Decimal("0.2")))


def shown(told: DashboardSettings, plan: str = PLAN) -> Host:
    """A started mission on a host with these settings."""
    host = make_host(works)
    host.settings = replace(SETTINGS, notify="", dashboard=told)
    make_mission(host, plan)
    lifecycle.start(host.context(), "m")
    return host


def go_on(host: Host, ticks: int = 20) -> None:
    """Let pulses and jobs go on."""
    for _ in range(ticks):
        report = pulse(host.context())
        assert not report.bugs
        assert not report.troubles
        host.jobs.clock.time.pass_by(timedelta(minutes=2))
        host.jobs.work()


@cache
def _stuck(told: DashboardSettings) -> Host:
    host = shown(told)
    go_on(host, 14)
    return host


def stuck(told: DashboardSettings = ALL) -> Host:
    """The mission when 1.2 has failed, and nothing else is left to do."""
    return _stuck(told).copy(Fate())


def there(host: Host) -> dict[str, str]:
    """The files for readers as they are committed."""
    ctx = host.context()
    head = ctx.state.head()
    assert head is not None
    return {name: text for name in FILES if (text := ctx.state.file(name, head)) is not None}


def commits(host: Host) -> list[str]:
    """The subjects of the commits that wrote them, newest first."""
    return [e.subject for e in host.context().state.history(limit=1000) if e.events == (EventKind.STATE_SHOWN,)]


def put(host: Host, name: str, text: str) -> None:
    """What a person, or another version of the program, commits."""
    ctx = host.context()
    head = ctx.state.head()
    assert head is not None
    ctx.state.commit([Write(name, text, ctx.state.file(name, head))], message="Mine\n", expect=head)


@pytest.mark.parametrize(
    ("told", "files"),
    [
        (DashboardSettings(), []),
        (DashboardSettings(commit=True), [README, BADGE]),
        (DashboardSettings(files=FILES), []),
        (DashboardSettings(commit=True, files=(PAGE,)), [PAGE]),
        (ALL, [README, BADGE, PAGE]),
    ],
)
def test_the_settings_say_whether_and_which_files_are_committed(told: DashboardSettings, files: list[str]) -> None:
    host = shown(told)
    go_on(host, 2)
    assert list(there(host)) == files
    assert (README in files and BADGE in there(host)[README]) is (README in files and BADGE in files)


def test_the_summary_is_what_the_mission_file_says() -> None:
    text = there(stuck())[README]
    assert text == (
        f"{mark(source_of(text))}\n"
        """# Missions

![mission: 1 of 3 features done, 1 thing waits for people](mission-badge.svg)

1 mission, 1 of 3 features done, $1.50 spent, 1 thing waits for people (as of 2026-11-20 10:24 UTC). [Dashboard](dashboard.html)

## Needs you

- **Word counter**: 1.2-a2 ended with criteria\\_failed; 1.2 is failed: file: `9.txt`: 9.txt does not exist → `mission retry m/1.2`

## Word counter

**waiting** · 1 of 3 features done · $1.50 of $20 · 6 min · [mission file](m/mission.md)

- ▸ **1 Core**: active, 1 of 2
  - ✓ 1.1 Count the words: done
  - ✗ 1.2 Read a file: failed (1.2-a2 ended with criteria\\_failed; 1.2 is failed: file: `9.txt`: 9.txt does not exist)
- ○ **2 Command line**: pending, 0 of 1
  - ○ 2.1 Print the count: pending

Newest first:

- 2026-11-20 10:24 UTC 1.2-a2 ended with criteria\\_failed; 1.2 is failed: file: `9.txt`: 9.txt does not exist
- 2026-11-20 10:20 UTC 1.2-a1 ended with criteria\\_failed; 1.2 is pending: file: `9.txt`: 9.txt does not exist
- 2026-11-20 10:08 UTC 1.1-a1 is done
"""
    )


def test_the_badge_says_it_to_eyes_and_ears() -> None:
    text = there(stuck())[BADGE]
    assert text == (
        f"{mark(source_of(text))}\n"
        '<svg xmlns="http://www.w3.org/2000/svg" width="132" height="20" role="img"'
        ' aria-label="mission: 1 of 3 features done, 1 thing waits for people">'
        "<title>mission: 1 of 3 features done, 1 thing waits for people</title>"
        '<rect width="132" height="20" rx="3" fill="#3a3a40"/>'
        '<path d="M60 0h69a3 3 0 0 1 3 3v14a3 3 0 0 1 -3 3h-69z" fill="#8a5300"/>'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        '<text x="30" y="14">mission</text><text x="96.0" y="14">1/3 done</text></g></svg>\n'
    )


def test_a_pulse_without_a_change_commits_nothing_and_one_with_a_change_once() -> None:
    host = stuck()
    head, before = host.context().state.head(), commits(host)
    go_on(host, 2)
    assert host.context().state.head() == head
    set_value(host.context(), "m", "budget.money_usd", "30")
    assert commits(host) == before, "a command commits no page"
    go_on(host, 2)
    assert "$1.50 of $30" in there(host)[README]
    assert len(commits(host)) == len(before) + 1


def test_what_no_reader_sees_makes_no_commit() -> None:
    host = stuck()
    before = there(host)
    set_value(host.context(), "m", "check_every", "7m")
    head = host.context().state.head()
    assert head is not None
    text = host.context().state.snapshot().missions[next(iter(host.context().state.snapshot().missions))].text
    changed = text.replace("## Retrospective", "<!-- a note -->\n\n## Retrospective")
    put(host, "m/mission.md", changed)
    count = len(commits(host))
    go_on(host, 2)
    after = there(host)
    assert "check_every" not in after[README]
    assert len(commits(host)) <= count + 1, "the row in the log about the command is news; the comment is none"
    put(host, "m/mission.md", changed.replace("a note", "another"))
    head = host.context().state.head()
    go_on(host, 2)
    assert host.context().state.head() == head
    assert set(before) == set(after)


@pytest.mark.parametrize("name", FILES)
def test_a_persons_own_file_is_never_overwritten_and_it_is_said(name: str) -> None:
    host = stuck(DashboardSettings())
    put(host, name, "This is mine.\n")
    host.settings = replace(host.settings, dashboard=ALL)
    go_on(host, 2)
    assert there(host)[name] == "This is mine.\n"
    assert set(there(host)) == set(FILES), "the others are written"
    [found] = page_findings(host.context())
    assert (found.level, found.subject) == ("warning", "dashboard")
    assert found.words == f"{TREE}/{name}: [dashboard] asks for this file, and it is your own: pulses leave it as it is"
    [(path, problem)] = page_problems(host.context())
    assert (path, problem.severity) == (f"{TREE}/{name}", "warning")
    host.settings = replace(host.settings, dashboard=DashboardSettings())
    assert page_findings(host.context()) == []


def test_a_persons_file_that_is_not_committed_stays_too() -> None:
    host = stuck(DashboardSettings())
    host.jobs.disk.write(f"{TREE}/{README}", "A draft of mine.\n")
    host.settings = replace(host.settings, dashboard=ALL)
    go_on(host, 2)
    assert README not in there(host)
    assert host.jobs.disk.read(f"{TREE}/{README}", str) == "A draft of mine.\n"
    assert [finding.words.partition(":")[0] for finding in page_findings(host.context())] == [f"{TREE}/{README}"]


def test_a_file_without_its_mark_becomes_a_persons_own() -> None:
    host = stuck()
    put(host, README, there(host)[README].partition("\n")[2])
    set_value(host.context(), "m", "budget.money_usd", "30")
    go_on(host, 2)
    assert "of $20" in there(host)[README]
    assert "of $30" in there(host)[PAGE]


def test_another_version_of_the_program_is_not_fought() -> None:
    host = stuck()
    other = f"{mark(source_of(there(host)[README]))}\nAnother version says it in other words.\n"
    put(host, README, other)
    go_on(host, 2)
    assert there(host)[README] == other, "it was made from the same mission files"
    set_value(host.context(), "m", "budget.money_usd", "30")
    go_on(host, 2)
    assert "of $30" in there(host)[README]


def test_the_files_of_two_clones_are_merged_to_one_of_them() -> None:
    one, two = f"{mark('0' * 16)}\nA\n", f"{mark('1' * 16)}\nB\n"
    assert [merge_texts("", *pair, path=README).text for pair in ((one, two), (two, one))] == [two, two]
    assert merge_texts("", one, two, path=f"missions/{README}").conflicts == 0
    for path, ours in ((f"m/research/{README}", one), (README, "Mine.\n")):
        assert merge_texts("", ours, two, path=path).conflicts, "a person decides"


def test_a_pulse_that_dies_leaves_the_files_to_the_next_one() -> None:
    steps: list[str] = []
    host = stuck()
    set_value(host.context(), "m", "budget.money_usd", "30")
    fresh = host.copy(Fate(watch=steps.append))
    pulse(fresh.context())
    fresh.jobs.fate.watch = None
    wanted, wrote = there(fresh), len(commits(fresh))
    assert "of $30" in wanted[README]
    for step in range(0, len(steps), 1 if NIGHTLY else 6):
        once = host.copy(Fate({step: Kind.KILL}))
        with pytest.raises(Death):
            pulse(once.context())
        once.jobs.fate.deaths = {}
        pulse(once.context())
        assert there(once) == wanted, steps[step]
        assert len(commits(once)) == wrote, steps[step]


def test_the_commits_are_no_news_and_decide_nothing() -> None:
    host = stuck()
    assert commits(host)
    assert not any(EventKind.STATE_SHOWN in event.events for event in since_last_look(host.context()).events)


def test_a_question_is_shown_with_its_command_until_it_is_decided() -> None:
    plan = PLAN.replace("milestones:", 'gates: [{name: design, kind: checkpoint, blocks: ["1.1"]}]\nmilestones:', 1)
    host = shown(DashboardSettings(commit=True), plan)
    go_on(host, 2)
    assert "`mission approve m design`" in there(host)[README]
    gates.decide_gate(host.context(), "m", "design", approved=True)
    go_on(host, 2)
    assert "`mission approve m design`" not in there(host)[README]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (DashboardSettings(files=("READ.md",)), "`dashboard.files` has 'READ.md'"),
        (DashboardSettings(commit=True, files=()), "`dashboard.commit` is true, and `dashboard.files` is empty"),
    ],
)
def test_settings_that_make_no_file_are_errors(told: DashboardSettings, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(replace(SETTINGS, dashboard=told))
    assert caught.value.message == words


def test_files_are_equal_to_a_reader_whatever_they_were_made_from() -> None:
    assert is_same(f"{mark('0' * 16)}\nA\n", f"{mark('1' * 16)}\nA\n")
    assert not is_same(f"{mark('0' * 16)}\nA\n", f"{mark('0' * 16)}\nB\n")

"""Budgets across missions: per month, repository, runner and machine, with sliding windows and headroom."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.clock import Time
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission

from mission_cli.adapters.money.purse import FilePurse
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import features, lifecycle
from mission_cli.app.forecasting.limits import budget_findings, limits_shown
from mission_cli.app.queries.status import status_of
from mission_cli.domain.budget.across import Budget, Row, left_of, parked, rows_of, too_much
from mission_cli.domain.budget.ledger import Account, Refusal, account
from mission_cli.domain.errors import MissionError
from mission_cli.domain.mission import Limits
from mission_cli.domain.status import HoldKind
from mission_cli.domain.tables import Spend
from mission_cli.domain.timing.spans import begins
from mission_cli.engine.loop import pulse
from mission_cli.engine.money.purse import within_shared
from mission_cli.settings import BudgetSettings, Settings, check, parse
from mission_cli.settings.money import budgets_of
from mission_cli.surfaces.reporting.limits import limits_csv, limits_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.kit.fakes.host import Host

    from mission_cli.ports.executor import JobSpec
    from mission_cli.ports.money import Parts

NOW = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)
ROME = ZoneInfo("Europe/Rome")
PLAN = """\
title: Words
budget: {money_usd: 100}
preferences: {runner: script, land: auto, max_parallel_workers: 1}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{title: one, criteria: ["file: `1.1.txt`"]}, {title: two, criteria: ["file: `1.2.txt`"]}]
"""


def works(spec: JobSpec) -> Outcome:
    """Take half an hour and $4 for each feature."""
    name = spec.program.env["MISSION_FEATURE"]
    return Outcome(1800.0, {f"{name}.txt": spec.key}, costs=(Decimal("0.5"),) * 8, completes=name)


def row(hours_ago: float | None, usd: str, runner: str = "claude") -> Row:
    ended = "" if hours_ago is None else (NOW - timedelta(hours=hours_ago)).isoformat()
    return Row("m/1.1-a1", runner, ended, usd=Decimal(usd))


# What counts, and until when


@pytest.mark.parametrize(
    ("every", "began"),
    [
        ("day", "2026-11-18T00:00:00+01:00"),
        ("week", "2026-11-16T00:00:00+01:00"),
        ("month", "2026-11-01T00:00:00+01:00"),
        ("5h", "2026-11-18T10:00:00+00:00"),
        ("7d", "2026-11-11T15:00:00+00:00"),
    ],
)
def test_a_budget_begins_with_the_calendar_or_as_long_ago_as_it_lasts(every: str, began: str) -> None:
    assert begins(every, NOW, ROME) == datetime.fromisoformat(began)


def test_midnight_is_that_of_the_local_day_when_clocks_change() -> None:
    after = datetime(2026, 10, 25, 12, tzinfo=UTC)  # summer time ended at 01:00 UTC
    assert begins("day", after, ROME) == datetime.fromisoformat("2026-10-25T00:00:00+02:00")
    assert begins("month", after, ROME) == datetime.fromisoformat("2026-10-01T00:00:00+02:00")
    (left,) = left_of(
        Budget("m", {"usd": Decimal(1)}, "day"), [Row("r", ended=after.isoformat(), usd=Decimal(2))], after, ROME
    )
    assert left.until == datetime.fromisoformat("2026-10-26T00:00:00+01:00")


def test_costs_count_when_they_ended_and_reserves_while_they_are_held() -> None:
    budget = Budget("m", {"usd": Decimal(100), "hours": Decimal(5)}, "month")
    rows = [row(1, "10"), row(24 * 16, "20"), row(24 * 18, "30"), row(None, "40")]
    usd, hours = left_of(budget, rows, NOW, ROME)
    assert (usd.spent, usd.held, usd.left) == (Decimal(30), Decimal(40), Decimal(30))
    assert (hours.spent + hours.held, hours.left, hours.until) == (Decimal(0), Decimal(5), None)
    assert usd.until == datetime.fromisoformat("2026-12-01T00:00:00+01:00")


def test_a_sliding_window_opens_when_enough_has_left_it() -> None:
    budget = Budget("w", {"usd": Decimal(10)}, "5h")
    rows = [row(4, "1"), row(3, "6"), row(1, "9"), row(6, "50")]
    (left,) = left_of(budget, rows, NOW, ROME)
    assert (left.spent, left.left) == (Decimal(16), Decimal(-6))
    assert left.until == NOW + timedelta(hours=2, seconds=1)
    (held,) = left_of(budget, [row(None, "11"), row(1, "2")], NOW, ROME)
    assert (held.left, held.until) == (Decimal(-3), None)


def test_what_was_spent_by_hand_today_counts_in_a_window_of_hours_and_in_no_other_month() -> None:
    def spent(every: str, spend: Spend, now: datetime) -> Decimal:
        rows = rows_of([], [spend], {}, now - timedelta(days=63))
        return left_of(Budget("b", {"usd": Decimal(10)}, every), rows, now, ROME)[0].spent

    row = Spend("2026-11-30", "usd", Decimal(4), "a domain", "")
    evening = datetime(2026, 11, 30, 19, tzinfo=UTC)
    assert [spent("5h", row, evening + timedelta(hours=n)) for n in (0, 9, 11)] == [4, 4, 0]
    assert [spent("month", row, evening + timedelta(hours=n)) for n in (0, 9)] == [4, 0]


def test_headroom_is_left_and_only_named_runners_count() -> None:
    budget = Budget("w", {"usd": Decimal(10)}, "5h", runners=("claude*",), headroom_pct=25)
    (left,) = left_of(budget, [row(1, "3", "claude-max"), row(1, "4", "codex"), row(1, "2", "")], NOW, ROME)
    assert (left.cap, left.spent, left.left) == (Decimal("7.5"), Decimal(3), Decimal("4.5"))


def test_what_does_not_fit_is_said_and_what_takes_nothing_fits() -> None:
    budgets = [Budget("m", {"usd": Decimal(10)}, machine=True), Budget("w", {"hours": Decimal(1)}, runners=("codex",))]
    new = row(None, "4")
    assert not too_much(budgets, [new], [row(1, "6")], [new], NOW, ROME)
    assert too_much(budgets, [new], [row(1, "7")], [new], NOW, ROME) == snapshot(
        "the budget `m` (this machine, each month) is used or reserved by others meanwhile"
    )
    free = row(None, "0")
    assert not too_much(budgets, [free], [row(1, "70")], [free], NOW, ROME)


def test_a_runner_is_parked_by_its_newest_attempt() -> None:
    limit = replace(row(1, "0"), reset_at="2026-11-18T17:00:00Z")
    assert parked([limit, row(2, "1")], "claude") == NOW + timedelta(hours=2)
    assert parked([limit, row(0.5, "1")], "claude") is None
    assert parked([limit], "codex") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[budgets.m]\nevery = 'month'", "`budgets.m` limits nothing"),
        ("[budgets.m]\nusd = 1\nevery = 'year'", "the setting `budgets.m.every` is 'year'"),
        ("[budgets.m]\nusd = 1\nevery = '30m'", "the setting `budgets.m.every` is '30m'"),
        ("[budgets.m]\nusd = 1\nevery = '90d'", "the setting `budgets.m.every` is '90d'"),
        ("[budgets.m]\nusd = 1\nacross = 'team'", "the setting `budgets.m.across` is 'team'"),
        ("[budgets.m]\nusd = 1\nheadroom_pct = 100", "the setting `budgets.m.headroom_pct` is 100"),
        ("[budgets.m]\nusd = 0", "`budgets.m.usd` is 0, not an amount above 0"),
        ("[budgets.'a b']\nusd = 1", "'budgets.a b' is not a valid name of a budget"),
    ],
)
def test_a_budget_that_limits_nothing_is_refused(text: str, words: str) -> None:
    with pytest.raises(MissionError) as caught:
        check(parse(text, "x.toml"))
    assert words in str(caught.value)


def test_a_repository_adds_a_budget_and_changes_none_of_yours() -> None:
    own = parse("[budgets.month]\nusd = 20\nacross = 'machine'", "config.toml")
    both = parse("[budgets.month]\nusd = 500", ".mission.toml", own)
    check(both)
    assert [(one.name, one.caps["usd"], one.machine) for one in budgets_of(both.budgets)] == [
        ("month", Decimal(20), True),
        ("month (repository)", Decimal(500), False),
    ]


def test_hours_and_tokens_are_limited_as_money_is() -> None:
    budget = Budget("w", {"hours": Decimal(2), "tokens": Decimal(1000)}, "7d")
    ended = replace(row(1, "3"), hours=Decimal("1.5"), tokens=Decimal(1200))
    hours, tokens = left_of(budget, [ended, replace(row(None, "0"), hours=Decimal("0.25"))], NOW, ROME)
    assert (hours.left, tokens.left) == (Decimal("0.25"), Decimal(-200))
    new = replace(row(None, "0"), hours=Decimal("0.4"))
    assert too_much([budget], [replace(ended, tokens=Decimal(0)), new], [], [new], NOW, ROME) == ""
    assert too_much(
        [budget], [ended, replace(new, tokens=Decimal(1))], [], [replace(new, tokens=Decimal(1))], NOW, ROME
    )


# Pulses


def host_with(tmp_path: Path, budgets: str, *, name: str = "here:000001", time: Time | None = None) -> Host:
    """A repository with these budgets, which shares its costs with others of the folder."""
    host = make_host(works, name=name, time=time)
    host.settings = parse(budgets, "config.toml", host.settings)
    check(host.settings)
    host.purse = FilePurse(tmp_path / "budgets")
    return host


def begin(host: Host, *missions: str) -> None:
    for name in missions:
        make_mission(host, PLAN, name)
        lifecycle.start(host.context(), name)


def serve(host: Host, rounds: int = 30, minutes: int = 16) -> None:
    """Let pulses and jobs go on until nothing happens any more."""
    for _ in range(rounds):
        report = pulse(host.context())
        assert not report.bugs
        assert not report.troubles
        if not (report.lines or host.jobs.supervisors):
            return
        host.jobs.clock.time.pass_by(timedelta(minutes=minutes))
        host.jobs.work()


def started(host: Host) -> list[str]:
    return [key for key in host.jobs.truth.starts if "/1." in key]


def holds(host: Host, name: str) -> list[tuple[str, str, datetime | None, bool]]:
    """What `status` and `why` say about its budget."""
    ctx = host.context()
    files = ctx.state.snapshot()
    view = status_of(ctx, files, resolve(files, name))
    return [(h.subject, h.detail, h.until, h.person) for h in view.holds if h.kind == HoldKind.BUDGET]


def counted(tmp_path: Path) -> Decimal:
    """What all repositories have spent and reserved."""
    parts = FilePurse(tmp_path / "budgets").parts()
    assert not parts.problem
    return sum((one.usd for part in parts.known.values() for one in part.rows()), Decimal(0))


def test_missions_of_a_repository_share_a_budget_and_wait_for_its_next_month(tmp_path: Path) -> None:
    host = host_with(tmp_path, "[budgets.month]\nusd = 5\n")
    begin(host, "a", "b")
    serve(host, 2)
    assert started(host) == ["a/1.1-a1"]
    assert holds(host, "b")[0] == snapshot(
        ("1.1", "the budget `month` (this repository, each month): $0 spent and $5 reserved of $5", None, False)
    )
    serve(host, 4)
    assert holds(host, "b")[0] == snapshot(
        (
            "1.2",
            "the budget `month` (this repository, each month): $4 spent and $1 reserved of $5",
            datetime(2026, 12, 1, tzinfo=UTC),
            False,
        )
    )
    assert limits_text(limits_shown(host.context()), host.jobs.clock.now(), UTC) == snapshot("""\
budget  for                     spent  reserved  left  of  more is free
month   this repository, month  $4     $1        $0    $5  2026-12-01 00:00, in 10 d 12 h\
""")
    host.jobs.clock.time.pass_by(timedelta(days=31))
    before = len(started(host))
    serve(host, 3)
    assert len(started(host)) > before


def test_a_machine_wide_budget_holds_another_repository(tmp_path: Path) -> None:
    time = Time()
    budgets = "[budgets.all]\nusd = 9\nacross = 'machine'\n"
    one = host_with(tmp_path, budgets, time=time)
    two = host_with(tmp_path, budgets, name="here:000002", time=time)
    begin(one, "a")
    begin(two, "a")
    serve(one, 2)
    serve(two, 2)
    assert (started(one), started(two)) == (["a/1.1-a1"], [])
    assert holds(two, "a")[0] == snapshot(
        ("1.1", "the budget `all` (this machine, each month): $0 spent and $9 reserved of $9", None, False)
    )
    features.pause(one.context(), "a")
    serve(one, 6)  # its attempt ends, and the rest of its reserve is free
    assert counted(tmp_path) == 4
    serve(two, 1)
    assert counted(tmp_path) == 9
    two.jobs.work()
    assert started(two) == ["a/1.1-a1"]
    assert limits_csv(limits_shown(two.context())) == snapshot("""\
budget,across,every,runners,category,cap,headroom,spent,reserved,left,since,until
all,machine,month,,usd,9,0,4,5,0,2026-11-01T00:00:00Z,2026-12-01T00:00:00Z
""")


class Interrupted(FilePurse):
    """Lets others work right after what they have noted was read."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.meanwhile: Callable[[], None] | None = None
        self._busy = False

    def parts(self) -> Parts:
        """What is noted now; others note more before it is used."""
        found, then = super().parts(), self.meanwhile
        if then is not None and not self._busy:
            self.meanwhile = None
            then()
        return found

    @contextmanager
    def locked(self) -> Iterator[None]:
        """No other process gets it meanwhile."""
        with super().locked():
            self._busy = True
            try:
                yield
            finally:
                self._busy = False


def test_a_pulse_that_was_overtaken_decides_again(tmp_path: Path) -> None:
    time = Time()
    budgets = "[budgets.all]\nusd = 5\nacross = 'machine'\n"
    hosts = [host_with(tmp_path, budgets, name=f"here:00000{n}", time=time) for n in range(1, 5)]
    for host in hosts:
        begin(host, "a")
        serve(host, 1)  # checks of the criteria before any work
    purses = [Interrupted(tmp_path / "budgets") for _ in hosts]
    for host, purse in zip(hosts, purses, strict=True):
        host.purse = purse

    def go(number: int) -> None:
        if number < len(hosts):
            purses[number].meanwhile = lambda: go(number + 1)
            assert not pulse(hosts[number].context()).bugs

    for _ in range(3):
        go(0)
        time.pass_by(timedelta(seconds=20))
        for host in hosts:
            host.jobs.work()
        rows = [one for part in FilePurse(tmp_path / "budgets").parts().known.values() for one in part.rows()]
        assert sum(one.usd for one in rows) <= 5
    assert sum(len(started(host)) for host in hosts) == 1


def test_a_part_that_cannot_be_read_lets_nothing_start(tmp_path: Path) -> None:
    host = host_with(tmp_path, "[budgets.all]\nusd = 50\nacross = 'machine'\n")
    begin(host, "a")
    (tmp_path / "budgets").mkdir(exist_ok=True)
    (tmp_path / "budgets" / "other.json").write_text("{")
    serve(host)
    assert started(host) == []
    assert [words.partition(" cannot")[0] for _, words, _, _ in holds(host, "a")] == [
        str(tmp_path / "budgets" / "other.json")
    ] * 2
    (tmp_path / "budgets" / "other.json").unlink()
    serve(host, 4)
    assert started(host) == ["a/1.1-a1"]


def test_a_plan_costs_no_more_than_a_shared_budget_leaves(tmp_path: Path) -> None:
    host = host_with(tmp_path, "[budgets.all]\nusd = 5\n")
    alone = account(Limits(usd=Decimal(8)), [], [])
    left = within_shared(host.context(), alone, "script")
    assert isinstance(left, Account)
    assert left.left("usd") == 5
    begin(host, "a")
    serve(host, 2)
    assert within_shared(host.context(), alone, "script") == Refusal(
        "usd", "the budget `all` (this repository, each month) is used up"
    )
    assert within_shared(make_host(works).context(), alone, "script") is alone


def test_without_budgets_nothing_is_noted(tmp_path: Path) -> None:
    host = host_with(tmp_path, "")
    begin(host, "a")
    serve(host, 3)
    assert started(host)
    assert list(tmp_path.iterdir()) == []


def test_budgets_of_settings_are_those_of_the_planner() -> None:
    named = {"m": BudgetSettings(usd=Decimal(3), tokens=Decimal(9), every="5h", across="machine", headroom_pct=5)}
    assert budgets_of(named) == (
        Budget("m", {"usd": Decimal(3), "tokens": Decimal(9)}, "5h", machine=True, headroom_pct=5),
    )
    assert budgets_of(Settings().budgets) == ()


def test_a_budget_for_a_runner_that_does_not_exist_is_named(tmp_path: Path) -> None:
    host = host_with(tmp_path, '[budgets.x]\nusd = 5\nrunners = ["claud", "scr*"]\n')
    words = "the budget `x` counts the runner `claud`, which does not exist, so it holds nothing"
    assert [finding.words for finding in budget_findings(host.context())] == [words]
    assert [notice.text for notice in limits_shown(host.context()).notices] == [words]
    assert budget_findings(make_host(works).context()) == []
    assert limits_text(limits_shown(make_host(works).context())) == snapshot(
        "no budgets across missions: add [budgets.NAME] to the settings (mission help settings)"
    )

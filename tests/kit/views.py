"""A mission with 7 × 5 features in all states, with wide titles, and every view of it at four widths.

`python -m tests.kit.views` writes the pictures in tests/unit/views anew.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host, make_mission

from mission_cli._support.dataclass import replace
from mission_cli.app.addressing import resolve
from mission_cli.app.commands import lifecycle
from mission_cli.app.queries.outlook import outlook
from mission_cli.app.queries.why import explain
from mission_cli.app.results.pulls import ForgeView, MissionPulls, PullChecks, PullReviews, PullView
from mission_cli.app.results.views import (
    Blocker,
    CriterionView,
    FeatureView,
    Line,
    MilestoneView,
    MissionView,
    Money,
    Running,
)
from mission_cli.app.results.waiting import Waiting
from mission_cli.document.plans.plan import read_plan
from mission_cli.domain.ids import MissionId
from mission_cli.domain.notice import Remedy, advise
from mission_cli.domain.runs.usage import Tally
from mission_cli.engine.loop import pulse
from mission_cli.surfaces.lines import Size, painted, plain, reflow
from mission_cli.surfaces.views.consent import consent_lines
from mission_cli.surfaces.views.landing.pulls import pull_lines
from mission_cli.surfaces.views.listing import list_lines
from mission_cli.surfaces.views.page import frame, status_lines
from mission_cli.surfaces.views.panes import MISSION_KEYS, PANE_KEYS, feature_lines, keys_of, pane, text_lines, title_of
from mission_cli.surfaces.views.planning.plan import plan_lines
from mission_cli.surfaces.views.reasons import reasons, waiting_lines

if TYPE_CHECKING:
    from mission_cli.ports.executor import JobSpec
    from mission_cli.surfaces import lines

PICTURES = Path(__file__).resolve().parents[1] / "unit" / "views"
SIZES = (Size(50, 24), Size(80, 24), Size(120, 40), Size(200, 50))
_FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
_TITLES = (
    "Render a page",
    "日本語のとても長い機能の名前です、幅の広い文字がたくさん並んでいます",
    f"{_FAMILY} Family accounts \U0001f469\U0001f3fd\u200d\U0001f4bb with roles",
    "Add a command-line option --recursive/--no-recursive that walks folders",
    "Write the manual page",
)
_NAMES = (
    "Core",
    "日本語の段階",
    "Command line",
    "API",
    "\U0001f680 Release",
    "Documentation and examples for every command",
    "Polish",
)
_BUSY = 3
"""The milestone that is under way."""


def _feature(number: str, title: str, status: str = "pending", **more: Any) -> FeatureView:
    facts: dict[str, Any] = {
        "depends": (),
        "attempts": 0,
        "worker": "",
        "pr": "",
        "run": "",
        "cause": "",
        "detail": "",
        "finding": "",
        "running_for": "",
        "tally": None,
        "blocked_by": (),
    }
    return FeatureView(
        number=number, title=title, status=status, raw_status=status, **{"shown_as": status, **facts, **more}
    )


def _busy() -> tuple[FeatureView, ...]:
    one, two, three, four, five = _TITLES
    edits = Tally(Decimal("0.4213"), {"input": 90_000}, 12, action="edit src/report/cli.py")
    tests = Tally(Decimal("0.08"), {"input": 9_000}, 3, action="bash pytest -q tests/accounts")
    return (
        _feature("3.1", one, "done", attempts=2),
        _feature("3.2", two, "dispatched", attempts=1, worker="opencode a1", running_for="12 min", tally=edits),
        _feature(
            "3.3",
            three,
            "dispatched",
            attempts=2,
            worker="claude a2",
            run="pdf-export/3.3-a2",
            running_for="27 s",
            tally=tests,
            finding="attempt 1: wrong_output: exit 1 without a commit",
        ),
        _feature("3.4", four, attempts=1, blocked_by=(Blocker("backoff", "the next attempt comes in 43 s"),)),
        _feature("3.5", five, blocked_by=(Blocker("dependency", "it depends on 3.4, which is pending"),)),
    )


def _milestone(number: int) -> MilestoneView:
    before, now = number < _BUSY, number == _BUSY
    held = (Blocker("milestone", f"milestone {_BUSY} comes before milestone {number}"),)
    features = tuple(
        _feature(f"{number}.{at}", title, "done", attempts=1)
        if before
        else _feature(f"{number}.{at}", title, blocked_by=held)
        for at, title in enumerate(_TITLES, 1)
    )
    return MilestoneView(
        number,
        _NAMES[number - 1],
        "passed" if before else "active" if now else "pending",
        int(number == _BUSY - 1),
        (CriterionView("file: `a`", "file", "passed" if before else ""),) * 2,
        _busy() if now else features,
        done=len(_TITLES) if before else int(now),
        planned=len(_TITLES),
        usd=Decimal("2.10") if before else Decimal("0.62") if now else None,
        took=timedelta(minutes=41 * number) if before or now else None,
    )


def mission() -> MissionView:
    """A mission in its third of seven milestones."""
    return MissionView(
        id="pdf-export",
        title="Export reports as PDF, 報告書 \U0001f4c4",
        status="active",
        mode="full",
        path="missions/pdf-export/mission.md",
        shown_as="active",
        progress=11 / 35,
        base="main",
        host="here",
        runner="opencode",
        milestones=tuple(map(_milestone, range(1, len(_NAMES) + 1))),
        budget={
            "usd": Money(Decimal(50), Decimal("4.82"), Decimal("3.3333333"), 1),
            "hours": Money(Decimal(20), Decimal("2.5"), Decimal(6)),
            "tokens": Money(Decimal(0), Decimal(1_200_000), Decimal(0)),
        },
        waiting_for=(
            Waiting(
                "approval",
                "checkpoint `design` is reached: look at the mock-ups in docs/",
                "",
                advise(Remedy("approve", ("pdf-export", "design"))),
            ),
            Waiting(
                "request",
                "Which database shall it use?",
                "",
                advise(Remedy("answer", ("pdf-export", "1", "sqlite|postgres"))),
            ),
        ),
        problems=(),
        done=11,
        planned=35,
        elapsed=timedelta(hours=2, minutes=3),
        left=timedelta(hours=4),
        sandbox="off (bwrap is not installed): workers can do what you can do on this machine",
    )


def listed() -> list[Line]:
    """Some missions."""
    tally = Tally(Decimal("0.42"), {"input": 90_000}, 12, action="edit src/report/cli.py")
    return [
        Line("pdf-export", mission().title, "active", 11 / 35, "a.md", done=11, planned=35, usd=Decimal("5.24"),
             running=(Running("pdf-export/3.2-a1", tally), Running("pdf-export/3.3-a2", None))),
        Line("word-counter", _TITLES[1], "completed", 1.0, "b.md", done=4, planned=4, usd=Decimal("1.02")),
        Line("odd", _TITLES[2], "planning", 0.0, "c.md", problems=2, planned=3,
             error="the file cannot be read: line 7: the indent of this line is less than that of the line above"),
        Line("free", _TITLES[3], "paused", 0.5, "d.md", done=1, planned=2, tokens=1_200_000),
    ]  # fmt: skip


def pulls() -> list[MissionPulls]:
    """The pull requests of two missions."""
    now, url = "2026-11-20T09:12:00Z", "https://forge.example/acme/shop/pull"
    retry = advise(Remedy("retry", ("pdf-export/3.3",)), f" tries once more; or fix it at the forge: {url}/36")
    failed = "check `test (3.13, macos-latest)` failed; 3 failed checks did not lead to green ones"
    held = "2 review threads are not resolved (a reviewer, who resolves them)"
    forge = ForgeView("origin", "acme/shop", "2026-11-20T09:59:40Z", "2026-11-20T10:00:20Z")
    down = ForgeView(
        "origin",
        "acme/報告書",
        "2026-11-20T08:00:00Z",
        "2026-11-20T10:10:00Z",
        trouble="github.com does not accept the token (HTTP 401 for GET /repos/acme/shop): Bad credentials",
        unblock=advise("it may have expired: make a new one"),
        person=True,
    )
    first = PullView("3.1", _TITLES[0], 34, f"{url}/34", "done", "b", "main", "4817c5a", now, None, None)
    checks = PullChecks(11, 12, failed=("test (3.13, macos-latest)",))
    second = replace(
        first,
        subject="3.3",
        title=_TITLES[2],
        number=36,
        url=f"{url}/36",
        state="open",
        checks=checks,
        reviews=PullReviews(1, 2, ("alice", "日本語"), 2),
        reason=failed,
        unblock=retry,
        person=True,
    )
    third = replace(second, subject="3.4", title=_TITLES[1], number=0, url="", state="planned", checks=None)
    third = replace(third, reviews=PullReviews(0, 0, (), 2), reason=held, unblock=advise(), person=False)
    waits = replace(second, subject="mission", title=_NAMES[5], number=9, reason=f"#9 waits: {down.trouble}")
    return [
        MissionPulls(MissionId("pdf-export"), mission().title, "feature", forge, [first, second, third]),
        MissionPulls(MissionId("words"), _TITLES[1], "mission", down, [waits]),
    ]


def _plan_text() -> str:
    rows = ["title: Export reports as PDF, 報告書", "goal: Reports as PDF", "budget: {money_usd: 50, time_hours: 20}"]
    rows += ["preferences: {runner: script}", "non_goals: [a window]", "milestones:"]
    for number, name in enumerate(_NAMES, 1):
        rows += [f"  - name: {name}", f'    validation: ["file: `{number}.txt`"]', "    features:"]
        for at, title in enumerate(_TITLES, 1):
            rows.append(f'      - {{title: "{title}", estimate: 30m, criteria: ["file: `{number}.{at}.txt`"]}}')
    rows[-1] = rows[-1].replace("estimate", f'description: "{_TITLES[3]}, and {_TITLES[1]}", estimate')
    return "\n".join(rows) + "\n"


def _nothing(_spec: JobSpec) -> Outcome:
    return Outcome(1.0)


def _consent(width: int) -> list[lines.Line]:
    host = make_host(_nothing)
    make_mission(host, _plan_text(), "pdf-export")
    ctx = host.context()
    loaded = resolve(ctx.state.snapshot(), "pdf-export").loaded
    return consent_lines(ctx, loaded, outlook(ctx, loaded.mission), width)


def _why(width: int) -> list[lines.Line]:
    host = make_host(_nothing)
    make_mission(host, _plan_text(), "pdf-export")
    lifecycle.start(host.context(), "pdf-export")
    for _ in range(2):
        pulse(host.context())
        host.jobs.clock.time.pass_by(timedelta(seconds=5))
        host.jobs.work()
        pulse(host.context())
    ctx = host.context()
    snapshot = ctx.state.snapshot()
    return reflow(reasons(explain(ctx, snapshot, resolve(snapshot, "pdf-export")), ctx.clock.now()), width)


def views(size: Size) -> dict[str, list[lines.Line]]:
    """Every view at a size, by name."""
    view, keys, inside = mission(), keys_of(MISSION_KEYS, size.width), keys_of(PANE_KEYS, size.width)
    third = view.milestones[_BUSY - 1].features[2]
    plan = read_plan(_plan_text()).plan
    assert plan is not None
    log = "I look at the tests first.\n\n  日本語 output\tof a tool\n"
    return {
        "status": status_lines(view, size),
        "status-all": status_lines(view, size, everything=True),
        "run": frame(view, size, chosen="3.3", news=["14:03:01 2.5-a1 is done"], keys=keys),
        "feature": pane(
            title_of(view, third),
            feature_lines(third, text_lines(log, size.width), size.width),
            size,
            above=0,
            keys=inside,
        ),
        "list": list_lines(listed(), size.width),
        "pr": pull_lines(pulls(), size.width, datetime(2026, 11, 20, 10, tzinfo=UTC)),
        "plan": plan_lines(plan, size.width),
        "consent": _consent(size.width),
        "inbox": reflow(waiting_lines([(view.id, waiting) for waiting in view.waiting_for]), size.width),
        "why": _why(size.width),
    }


def pictures() -> dict[str, str]:
    """Every picture by the name of its file: at each width without color, at 80 columns with color, too."""
    found = {}
    for size in SIZES:
        for name, view in views(size).items():
            found[f"{name}-{size.width}.txt"] = plain(view)
            if size.width == 80:
                found[f"{name}-{size.width}.ansi"] = painted(view)
    return found


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for file, text in pictures().items():
        (PICTURES / file).write_text(text, encoding="utf-8")

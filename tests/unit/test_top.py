"""`mission top`: what is to be seen, and that each key does what the command of the command line does."""

from __future__ import annotations

import asyncio
import re
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.executor import JOBS, Outcome
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.fakes.life import Fate
from tests.kit.nightly import NIGHTLY, by_day
from tests.kit.pipeline import Workers, begin
from tests.kit.pulls import PLAN as FORGE
from tests.kit.pulls import Followed
from tests.kit.served import go_on, works
from tests.kit.topped import OnHost, Opened, text_of, topped
from tests.unit.test_pipeline import at

import mission_cli
from mission_cli._support.dataclass import dataclass
from mission_cli.app import optional
from mission_cli.app.commands import features, gates, lifecycle
from mission_cli.app.commands.phases.documents import Given as Chosen
from mission_cli.app.commands.steer.ask import Given, ask
from mission_cli.app.commands.steer.pulls import approve_pulls
from mission_cli.app.queries.needs.actions import actions_of
from mission_cli.app.results.waiting import Waiting
from mission_cli.domain.errors import ToolError
from mission_cli.domain.forge.facts import Rules
from mission_cli.domain.notice import do
from mission_cli.engine.loop import pulse
from mission_cli.surfaces.cli.app import run
from mission_cli.surfaces.http.api import acting, keeping, moving
from mission_cli.surfaces.top.acting import ACTIONS
from mission_cli.surfaces.top.pages import mission as mission_pages
from mission_cli.surfaces.top.sheet import Sheet
from mission_cli.surfaces.top.target import Target
from mission_cli.wiring import compose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.fakes.host import Host

    from mission_cli.app.transaction import Done

EVERY = (*acting.operations(), *moving.operations(), *keeping.operations())
SOURCES = Path(mission_cli.__file__).parent
PLAN = """\
title: On one screen
budget: {money_usd: 3}
preferences: {runner: script, land: ask}
gates: [{name: look, kind: checkpoint, after: ["1.1"], blocks: ["1.2"]}]
milestones:
  - name: First
    validation: ["file: `1.2.txt`"]
    features:
      - {title: a, criteria: ["file: `1.1.txt`"]}
      - {title: b, criteria: ["file: `1.2.txt`"]}
      - {title: c, depends: ["1.2"], criteria: ["file: `1.3.txt`"]}
  - name: Second
    validation: ["manual: Is it pretty?"]
    features:
      - {title: d, criteria: ["file: `2.1.txt`"]}
"""


@pytest.fixture(scope="module")
def planned() -> Host:
    """A host with a mission that has not been started."""
    host = make_host(works)
    make_mission(host, PLAN)
    pulse(host.context())
    return host


@pytest.fixture(scope="module")
def waiting(planned: Host) -> Host:
    """A host whose mission waits at a gate."""
    host = planned.copy(Fate())
    lifecycle.start(host.context(), "m")
    go_on(host)
    return host


@pytest.fixture(scope="module")
def asked(waiting: Host) -> Host:
    """A host whose mission waits for two answers, too."""
    host = waiting.copy(Fate())
    ask(host.context(), "m", Given("Which color?", ("red=like fire", "blue"), free_text=True))
    ask(host.context(), "m/1.2", Given("How deep?"))
    return host


@pytest.fixture(scope="module")
def landable(waiting: Host) -> Host:
    """A host whose first milestone has passed."""
    host = waiting.copy(Fate())
    gates.decide_gate(host.context(), "m", "look", approved=True)
    go_on(host, 12)
    return host


@dataclass(frozen=True, slots=True)
class Case:
    """Keys, and the command that does the same."""

    host: str
    keys: str
    command: str

    @property
    def name(self) -> str:
        """For the report of the test."""
        return f"{self.host}: {self.keys}"


CASES = [
    Case("waiting", "a o k enter", "approve m look --comment ok"),
    Case("waiting", "x n o enter", "reject m look --comment no"),
    Case("asked", "i down enter", "answer m 1 blue"),
    Case("asked", "i p i n k enter", "answer m 1 pink"),
    Case("asked", "down i 7 enter", "answer m 2 7"),
    Case("planned", "S enter", "start m --yes"),
    Case("landable", "p enter", "pause m"),
    Case("landable", "p o k down enter", "pause m --reason ok --now"),
    Case("waiting", "down u enter", "resume m"),
    Case("waiting", "down C o k enter y", "cancel m --reason ok --yes"),
    Case("waiting", "enter down t enter y", "retry m/1.1 --yes"),
    Case("waiting", "enter down down s o k enter y", "skip m/1.2 --reason ok --yes"),
    Case("waiting", "enter down down m o k enter", "tell m/1.2 ok"),
    Case("landable", "enter L down enter", "land m --yes"),
    Case("planned", "S n", "list"),
    Case("waiting", "down C o k enter n", "list"),
    Case("landable", "enter L enter", "list"),
]


def state_of(host: Host) -> tuple[str, list[str]]:
    """The mission file, and what was recorded."""
    ctx = host.context()
    stored = ctx.state.snapshot().missions
    texts = [one.text for one in stored.values()]
    return "\n".join(texts), [f"{one.author.name}: {one.subject}" for one in ctx.state.history()]


@contextmanager
def opening(host: Host, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the command line open a host."""

    def opened(*_: object, **__: object) -> Opened:
        return Opened(host.context())

    with monkeypatch.context() as patched:
        for name in ("open_repository", "open_at_any_rate"):
            patched.setattr(compose, name, opened)
        yield


@pytest.mark.parametrize("case", by_day(CASES, 4), ids=lambda case: case.name)
def test_a_key_changes_what_the_command_changes(
    case: Case, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    start: Host = request.getfixturevalue(case.host)
    mine, theirs = start.copy(Fate()), start.copy(Fate())

    async def walk() -> str:
        async with topped(mine) as person:
            return await person.press(*case.keys.split())

    seen = asyncio.run(walk())
    with opening(theirs, monkeypatch):
        assert run(case.command.split()) in {0, 3}
    assert state_of(mine) == state_of(theirs), seen
    assert (state_of(mine) == state_of(start)) is (case.command == "list")


def screen_of(*hosts: Host, keys: str = "", size: tuple[int, int] = (80, 24)) -> str:
    """What is to be seen after some keys."""

    async def walk() -> str:
        async with topped(*hosts, size=size) as person:
            return await person.press(*keys.split())

    return asyncio.run(walk())


def test_what_waits_comes_first_then_the_missions(asked: Host) -> None:
    assert screen_of(asked) == snapshot("""\
mission top  missions
  Waiting for you
> m: Which color?
    red: like fire
    → mission answer m 1 ANSWER (red or blue or any text)
  m: How deep?
    → mission answer m 2 TEXT
  m: checkpoint `look` is reached
    → mission approve m look

  MISSION  STATUS  PROGRESS        SPENT  TITLE
  m        paused  ██░░░░░░░░ 1/4  $0     On one screen










enter open  i answer  u resume  C cancel  X stop all  l logs  w why  h history
y copy  / filter  ? help  q quit\
""")


def test_a_mission_on_a_small_screen(asked: Host) -> None:
    assert screen_of(asked, keys="enter end", size=(40, 12)) == snapshot("""\
mission top  missions > m
    1.1  a  done
    1.2  b  pending
    1.3  c  pending

  · 2 Second  pending  0/1
>   2.1  d  pending                    ▃

  money   ░░░░░░░░░░ $0 of $3
  time               1 min
enter open  u resume  C cancel  s skip
m tell  X stop all  ? help  q quit\
""")


def test_a_question_on_a_small_screen(asked: Host) -> None:
    assert screen_of(asked, keys="i", size=(40, 12)) == snapshot("""\
mission top  missions
  Waiting for you
> m: Which color?
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
  Question 1 of m
  Which color?

> red: like fire
  blue
  other answer
  ↑↓ choose  enter continue  esc leave
  the other answer may be empty\
""")


def test_a_mission_in_full(landable: Host) -> None:
    shown = screen_of(landable, keys="enter", size=(100, 30))
    assert shown.startswith(
        "mission top  missions > m\n  On one screen  m\n  ███████████████░░░░░ 75%  3 of 4 features"
    )
    below = shown.partition("full mode, base main\n")[2]  # the forecast, which is above, has tests of its own
    assert below.partition("\n  money ")[0] == snapshot("""\

  m/2.1: attempt 1 has ended and is being judged

  ✓ 1 First  passed  3/3  18 min  1 of 1 criterion passed
>   1.1  a  done
    1.2  b  done
    1.3  c  done

  ▸ 2 Second  active  0/1
    2.1  d  dispatched  1 attempt  attempt 1 has ended and is being judged
""")
    assert shown.partition("sandbox: off")[2].strip() == snapshot("""\
enter open  L land  p pause  C cancel  t retry  X stop all  l logs  w why  h history  esc back
/ filter  ? help  q quit\
""")


def test_why_and_history(waiting: Host) -> None:
    assert screen_of(waiting, keys="w") == snapshot("""\
mission top  missions > why m
  m: checkpoint `look` is reached: mission approve m look; 3 features wait
    for it
    → mission approve m look


















l logs  a approve  x reject  u resume  C cancel  X stop all  h history  esc back
y copy  / filter  ? help  q quit\
""")
    assert screen_of(waiting, keys="h") == snapshot("""\
mission top  missions > history of m
  10:04  1.1-a1 is done; gate look is waiting: the features before it are
         finished; checkpoint `look` is reached: mission approve m look
  10:00  milestone 1 starts at 16f9ad2
  10:00  m is planned: On one screen (by Ada); m is started (by Ada)

















l logs  a approve  x reject  u resume  C cancel  X stop all  w why  esc back
y copy  / filter  ? help  q quit\
""")


def test_what_lands_is_shown_before_it_lands(landable: Host) -> None:
    assert screen_of(landable, keys="enter L", size=(80, 32)) == snapshot("""\
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
  3 features of m would land on main. Land?
  On one screen  m
  3 features, 3 commits, 3 files, +3 -0: with a merge commit to main

  Features
    1.1  a  script (sonnet)
    1.2  b  script (sonnet)
    1.3  c  script (sonnet)

  Commits
    e5c6978  c (1.3)
    c44d511  b (1.2)
    a7928ac  a (1.1)

  Files
    1.1.txt  +1  -0
    1.2.txt  +1  -0
    1.3.txt  +1  -0

  Criteria
    1    passed  file: `1.2.txt`
    1.1  passed  file: `1.1.txt`
    1.2  passed  file: `1.2.txt`
    1.3  passed  file: `1.3.txt`

  Left out
    2.1  d  dispatched                                                         ▇
> no
  merge: with a merge commit
  squash: everything as one commit
  ↑↓ choose  enter continue  esc leave\
""")


def test_the_help_names_every_key(waiting: Host) -> None:
    shown = screen_of(waiting, keys="question_mark", size=(100, 40))
    assert [action.key for action in ACTIONS if f"\n  {action.key:<8}{action.about[:20]}" not in shown] == []
    assert shown == snapshot("""\
mission top  missions
  Waiting for you
> m: checkpoint `look` is reached
    → mission approve m look

  MISSION  STATUS  PROGRESS        SPENT  TITLE
  m        paused  ██░░░░░░░░ 1/4  $0     On one screen






━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
  Keys
  ↑↓ j k  choose, or scroll
  enter   open what is chosen
  esc     go back
  l       what the worker of a feature says and does, live
  w       why something does not advance, and what helps
  h       what happened to the mission
  [ ]     the attempt before, the attempt after
  y       copy the command that helps
  /       show only lines with some text
  q       leave
  a       Approve a gate, with a comment if you like.
  x       Reject a gate; the comment goes to the workers.
  i       Answer a question.
  L       Bring the finished work to the base branch, after showing what it is.
  d       Do what else helps with what waits, such as raising a cap.
  S       Start a mission, after showing what it will do.
  p       Pause a mission: start nothing new.
  u       Continue a mission that is paused, or that stopped itself.
  C       End a mission; the work is kept.
  t       Retry a feature with a fresh set of attempts, or retry a phase.
  s       Continue without a feature; the reason is recorded.
  m       Tell the worker of a feature something.
  X       Stop everything in the repository: nothing new starts.
  U       Let everything in the repository continue.
  ↑↓ scroll  esc leave\
""")


def test_a_worker_is_followed(planned: Host) -> None:
    host = planned.copy(Fate())
    said = [f"step {number}" for number in range(40)]
    host.jobs.script = lambda spec: replace(works(spec), seconds=300.0, prints=tuple(said))

    async def walk() -> list[str]:
        async with topped(host) as person:
            lifecycle.start(host.context(), "m")
            pulse(host.context())
            host.jobs.clock.time.pass_by(timedelta(seconds=10))
            host.jobs.work()
            await person.refresh()
            seen = [await person.press("l")]
            log = f"{JOBS}/m/1.1-a1/log"
            host.jobs.disk.write(log, (host.jobs.disk.read(log, str) or "") + "one more line\n", sync=False)
            seen.append(await person.look_again())
            await person.press("home")
            host.jobs.disk.write(log, (host.jobs.disk.read(log, str) or "") + "the last line\n", sync=False)
            return [*seen, await person.look_again()]

    first, second, third = asyncio.run(walk())
    assert first == snapshot("""\
mission top  missions > m/1.1
  step 12
  step 13
  step 14
  step 15
  step 16
  step 17
  step 18
  step 19
  step 20
  step 21
  step 22
  step 23
  step 24
  step 25
  step 26
  step 27
  step 28
  step 29
  step 30
  step 31
  step 32
  step 33
  step 34
  step 35
  step 36
  step 37
  step 38
  step 39
w why  p pause  C cancel  s skip  m tell  X stop all  h history  esc back  / filter  ? help  q quit\
""")
    assert "one more line" in second
    assert "step 3" not in second.split("step 39")[0].splitlines()[1], "the end of the log is to be seen"
    assert "the last line" not in third, "what was scrolled stays where it is"


def test_hostile_texts_stay_texts() -> None:
    host = make_host(works)
    bad = "[red]x[/] [@click=app.leave(7)]y[/] \\e[2J\\e]0;z\\a \u202eevil [b"
    make_mission(host, PLAN.replace("On one screen", f'"{bad}"').replace("title: d", f'title: "{bad}"'))
    lifecycle.start(host.context(), "m")
    ask(host.context(), "m", Given("[link=file:///etc]what[/link]\x1b[31m?", ("[red]", "[/]=[b]bold")))
    for keys in ("", "enter", "i"):
        shown = screen_of(host, keys=keys, size=(140, 40))
        assert not set(shown) & {"\x1b", "\x07", "\u202e"}, keys
        if keys in {"", "enter"}:
            assert "[red]x[/] [@click=app.leave(7)]y[/] \ufffd[2J\ufffd]0;z\ufffd \ufffdevil [b" in shown, shown
        assert "[link=file:///etc]what[/link]\ufffd[31m?" in shown, shown


def test_wide_characters_and_a_window_that_changes_its_size() -> None:
    host = make_host(works)
    make_mission(
        host, PLAN.replace("title: a,", "title: 日本語のとても長い機能の名前です、幅の広い文字がたくさん並んでいます,")
    )

    async def walk() -> list[str]:
        async with topped(host, size=(60, 16)) as person:
            await person.press("enter", "down", "down")
            return [await person.resize(*size) for size in ((60, 16), (33, 9), (20, 5), (90, 30))]

    middle, small, tiny, large = asyncio.run(walk())
    assert middle == snapshot("""\
mission top  missions > m
  On one screen  m
  ░░░░░░░░░░░░░░░░░░░░ 0%  0 of 4 features  planning
  full mode, base main

  m: the mission has not been started; 4 features wait
    for it
    → mission start m

  · 1 First  pending  0/3
    1.1  日本語のとても長い機能の名前です、幅の広…  pending
    1.2  b                                          pending
>   1.3  c                                          pending

enter open  S start  s skip  m tell  X stop all  l logs
w why  h history  esc back  / filter  ? help  q quit\
""")
    assert small == snapshot("""\
mission top  missions > m
    → mission start m

  · 1 First  pending  0/3       ▇
    1.1  日本語のとても長い機能
    1.2  b                      ▂
>   1.3  c

enter open  ? help  q quit\
""")
    assert tiny.startswith("mission top")
    assert ">   1.3  c" in large


def test_a_filter_keeps_the_lines_with_a_text(asked: Host) -> None:
    filtered = screen_of(asked, keys="slash c o l o r enter")
    assert "Which color?" in filtered
    assert "How deep?" not in filtered
    assert "/color" in filtered
    assert "How deep?" in screen_of(asked, keys="slash c o l o r enter escape")


def test_stop_is_set_and_lifted(waiting: Host) -> None:
    host = waiting.copy(Fate())

    async def walk() -> list[str]:
        async with topped(host) as person:
            seen = [await person.press("X"), await person.press("enter")]
            assert host.context().runtime.stopped() is not None
            await person.press("U", "enter")
            return seen

    question, stopped = asyncio.run(walk())
    assert "everything in here:000001 stops." in question
    assert stopped.splitlines()[1].strip().startswith("STOPPED since ")
    assert host.context().runtime.stopped() is None


def test_several_repositories_are_named(waiting: Host, planned: Host) -> None:
    other = planned.copy(Fate())
    other.jobs.name = "there:000002"
    assert screen_of(waiting, other) == snapshot("""\
mission top  missions
  Waiting for you
  here:000001
> m: checkpoint `look` is reached
    → mission approve m look

  here:000001
  MISSION  STATUS  PROGRESS        SPENT  TITLE
  m        paused  ██░░░░░░░░ 1/4  $0     On one screen

  there:000002
  MISSION  STATUS    PROGRESS        SPENT  TITLE
  m        planning  ░░░░░░░░░░ 0/4  $0     On one screen









enter open  a approve  x reject  u resume  C cancel  X stop all  l logs  w why
h history  y copy  / filter  ? help  q quit\
""")


def test_the_mouse_chooses_opens_and_presses_keys(asked: Host) -> None:
    async def walk() -> list[str]:
        async with topped(asked, size=(80, 24)) as person:
            await person.pilot.click(Sheet, offset=(5, 4))
            seen = [await person.look()]
            await person.pilot.click(Sheet, offset=(5, 4))
            seen.append(await person.look())
            row = next(at for at, text in enumerate(seen[1].splitlines()) if "esc back" in text)
            await person.pilot.click(offset=(seen[1].splitlines()[row].index("esc back"), row))
            return [*seen, await person.look()]

    chosen, opened, back = asyncio.run(walk())
    assert "> m: How deep?" in chosen
    assert "missions > m/1.2" in opened.splitlines()[0]
    assert back == chosen


def test_nothing_is_read_while_nothing_changes(waiting: Host) -> None:
    host = waiting.copy(Fate())

    async def walk() -> tuple[list[int], str]:
        async with topped(host) as person:
            await person.look_again()
            counts = [person.app.reader.reads]
            for _ in range(5):
                await person.look_again()
                counts.append(person.app.reader.reads)
            features.cancel(host.context(), "m")
            seen = await person.look_again()
            return [*counts, person.app.reader.reads], seen

    counts, seen = asyncio.run(walk())
    assert len(set(counts[:-1])) == 1
    assert counts[-1] == counts[0] + 1
    assert "cancelled" in seen


def test_what_was_decided_meanwhile_is_refused(waiting: Host) -> None:
    host = waiting.copy(Fate())

    async def walk() -> str:
        async with topped(host) as person:
            await person.press("down", "C", "x", "enter")
            features.cancel(host.context(), "m")
            return await person.press("y")

    assert "m is cancelled already" in asyncio.run(walk())


def test_an_error_of_a_command_is_shown_with_its_hint(landable: Host) -> None:
    host = landable.copy(Fate())

    async def walk() -> str:
        async with topped(host) as person:
            await person.press("enter", "L", "down")
            features.pause(host.context(), "m")
            return await person.press("enter")

    assert "error: m is paused\nhint: mission resume m" in asyncio.run(walk())


def test_a_bug_in_a_view_or_a_command_leaves_the_screen_alive(waiting: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("[red]broken[/]")

    async def walk() -> list[str]:
        async with topped(waiting) as person:
            with monkeypatch.context() as patched:
                patched.setattr(features, "resume", broken)
                seen = [await person.press("u", "enter")]
            with monkeypatch.context() as patched:
                patched.setattr(mission_pages, "status_of", broken)
                seen.append(await person.press("enter"))
            return [*seen, await person.press("escape")]

    told, failed, after = asyncio.run(walk())
    assert "this is a bug in mission: RuntimeError: [red]broken[/]" in told
    assert "this is a bug in mission: RuntimeError: [red]broken[/]" in failed
    assert "> m: checkpoint `look` is reached" in after


def test_another_operation_that_helps_is_offered(waiting: Host) -> None:
    host = waiting.copy(Fate())
    host.jobs.script = lambda spec: replace(works(spec), costs=(Decimal("1.4"),))
    gates.decide_gate(host.context(), "m", "look", approved=True)
    go_on(host, 12)

    async def walk() -> list[str]:
        async with topped(host) as person:
            return [await person.press("d"), await person.press("y"), await person.press("y")]

    offered, wider, done = asyncio.run(walk())
    assert offered.splitlines()[-4:] == snapshot(
        [
            "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
            "  Set budget.money_usd to 6?",
            "  1.3: the remaining $1.60 does not pay for the next step (a step has cost $1.40)",
            "  y yes  n no  enter yes",
        ]
    )
    assert wider.splitlines()[-4:] == snapshot(
        [
            "",
            "",
            "m: budget.money_usd: 3 → 6",
            "enter open  p pause  C cancel  X stop all  l logs  w why  h history  / filter  ? help  q quit",
        ]
    )
    assert "budget.money_usd: 3 → 6" in done
    assert "money_usd: 6" in state_of(host)[0]


def test_the_package_is_imported_by_this_command_alone_and_named_where_it_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_once = re.compile(r"^(?:import|from) (?:textual|mission_cli\.surfaces\.top)\b", re.MULTILINE)
    sources = [path for path in SOURCES.rglob("*.py") if at_once.search(path.read_text("utf-8"))]
    assert {path.relative_to(SOURCES).parts[:2] for path in sources} == {("surfaces", "top")}
    optional.require_tui()
    monkeypatch.setattr(optional, "find_spec", lambda _: None)
    with pytest.raises(ToolError, match=r"^the Python package textual is not installed \(extra tui\)$") as refused:
        optional.require_tui()
    package = str(refused.value.hint).removeprefix("pip install ").strip("'")
    assert f'tui = [\n    "{package}",\n]' in (SOURCES.parents[1] / "pyproject.toml").read_text("utf-8")


def test_one_of_several_is_chosen_first_and_one_command_runs_at_a_time(
    asked: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = asked.copy(Fate())
    goes_on = threading.Event()
    real = features.answer

    def slow(*given: Any) -> Done:
        assert goes_on.wait(10)
        return real(*given)

    async def walk() -> list[str]:
        async with topped(host) as person:
            await person.press("end")
            seen = [await person.press("i"), await person.press("down", "enter")]
            with monkeypatch.context() as patched:
                patched.setattr(features, "answer", slow)
                person.app.simulate_key("7")
                await person.look()
                person.app.simulate_key("enter")
                while "answer m …" not in text_of(person.app):
                    await person.pilot.pause(0)
                person.app.simulate_key("C")
                person.app.simulate_key("down")
                await person.pilot.pause()
                seen.append(text_of(person.app))
                goes_on.set()
                return [*seen, await person.look()]

    which, question, meanwhile, after = asyncio.run(walk())
    assert which.splitlines()[-4:] == snapshot(
        ["  answer: which one?", "> 1: Which color?", "  2: How deep?", "  ↑↓ choose  enter continue  esc leave"]
    )
    assert question.splitlines()[-4:] == snapshot(
        ["  Question 2 of m", "  How deep?", "  answer", "  enter continue  esc leave"]
    )
    assert "answer m …" in meanwhile
    assert "End m" not in meanwhile
    assert "request 2 is answered: 7" in after


def test_a_suggestion_is_chosen_with_the_approval() -> None:
    mine = begin(Workers())
    assert at(mine) == "awaiting_feature_approval waiting"
    theirs = mine.copy(Fate())

    async def walk() -> list[str]:
        async with topped(mine, size=(80, 32)) as person:
            return [await person.press("a"), await person.press("down", "enter")]

    shown, _ = asyncio.run(walk())
    assert shown == snapshot("""\
mission top  missions
  Waiting for you
> m: the gate `feature_selection` waits for 1 approval of
    `research/suggestions.json`
    → mission show m --suggestions, then mission approve m feature_selection
    --choose N

  MISSION  STATUS                              PROGRESS  SPENT
  m        active (awaiting_feature_approval)  1/2       $0
    Edit texts



━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
  Approve the gate feature_selection of m
  It ends the phase awaiting_feature_approval.
  the document research/suggestions.json is at 8ed5c91

  m: research/suggestions.json (8ed5c91)

  1  Count lines
      asked

  2  Undo

  stack
    make

> 1: Count lines
  2: Undo
  comment
  ↑↓ choose  enter continue  esc leave  the comment may be empty\
""")
    ctx = theirs.context()
    gates.decide_gate(ctx, "m", "feature_selection", approved=True, given=Chosen(2))
    pulse(theirs.context())
    assert state_of(mine) == state_of(theirs)


def test_earlier_attempts_can_be_seen() -> None:
    host = make_host(lambda _: Outcome(30.0, prints=("I give up",)))
    make_mission(host, PLAN)
    lifecycle.start(host.context(), "m")
    go_on(host, 6)

    async def walk() -> list[str]:
        async with topped(host) as person:
            await person.press("enter", "home", "enter")
            return [await person.press(key) for key in ("l", "left_square_bracket", "right_square_bracket")]

    last, first, again = asyncio.run(walk())
    assert "m/1.1-a1  script" in first
    assert "m/1.1-a1  script" not in last
    assert again == last


@pytest.mark.nightly
@pytest.mark.skipif(not NIGHTLY, reason="needs a forge and two seconds: run `make nightly`")
def test_the_forge_is_told_to_merge_what_was_shown() -> None:
    followed = Followed.begin(FORGE.replace("land: auto", "land: ask"))
    followed.world.site.set_rules("main", Rules())
    followed.until(lambda f: f.opened())
    followed.pulses(4)
    theirs = followed.host.copy(Fate())

    async def walk() -> list[str]:
        async with topped(followed.host, size=(90, 24)) as person:
            return [await person.press("L"), await person.press("y")]

    asked_first, done = asyncio.run(walk())
    assert asked_first.splitlines()[-6:] == snapshot(
        [
            "    nothing blocks it, and it waits for you to land it",
            "    → mission land m, or approve or merge it at the forge: https://forge.example/acme/shop",
            "  1.2  #2  open                    4 min  two",
            "    nothing blocks it, and it waits for you to land it",
            "    → mission land m, or approve or merge it at the forge: https://forge.example/acme/shop",
            "  y yes  n no  enter no",
        ]
    )
    assert "merging is approved: pull request #1" in done
    approve_pulls(theirs.context(), "m")
    pulse(theirs.context())
    assert state_of(followed.host)[0] == state_of(theirs)[0]


def test_every_operation_that_helps_is_found_and_asks_one_thing(waiting: Host) -> None:
    commands = (
        ("set", "m", "budget.money_usd", "USD"),
        ("mail", "m", "1", "--approve"),
        ("mail", "m", "1", "--sent"),
        ("signal", "m/1.2"),
        ("preview", "m"),
        ("archive", "m"),
        ("archive", "m", "--restore"),
        ("note", "m", "still wanted"),
        ("advance", "m", "--expected-phase", "x"),
        ("add", "m", "TITLE"),
        ("skip", "m", "--phase", "x", "--reason", "TEXT"),
    )
    [keyed] = [action for action in ACTIONS if action.name == "do"]
    for command, *args in commands:
        helps = actions_of(do(command, *args))
        assert helps
        one = Waiting("x", "it waits", unblock=do(command, *args), actions=helps)
        for choice in keyed.choose(Target(OnHost(waiting), "m", waiting=(one,))):
            question = keyed.ask(OnHost(waiting).open("set"), choice)
            [helping] = choice.waiting[0].actions
            operation = next(one for one in EVERY if one.name == helping.operation)
            assert operation.act is not None
            known = {field.name for field in operation.body} | set(re.findall(r"{(\w+)}", operation.path))
            assert {*helping.parameters, *helping.asks} <= known
            assert [question.text] == [*helping.asks] or (not helping.asks and question.yes)

"""What people see of pull requests: `pr`, `status`, `why` and `inbox` say what blocks each and who can clear it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.code import REFS
from tests.kit.forge.trouble import Fault
from tests.kit.pulls import PLAN, Followed

from mission_cli.app.addressing import resolve
from mission_cli.app.commands import features
from mission_cli.app.commands.set_value import set_value
from mission_cli.app.queries.before.consequences import of_cancel, of_skip
from mission_cli.app.queries.inbox import everything_waiting
from mission_cli.app.queries.pulls import pull_requests
from mission_cli.app.queries.status import status_of
from mission_cli.app.queries.why import explain
from mission_cli.app.results.pulls import PullBlock, PullChecks, PullRequests, PullReviews
from mission_cli.domain.forge.facts import Rules
from mission_cli.surfaces.as_json import json_line
from mission_cli.surfaces.lines import Size, as_text, line, linked, painted, plain, reflow, unlinked
from mission_cli.surfaces.views.landing.pulls import pull_lines
from mission_cli.surfaces.views.page import status_lines
from mission_cli.surfaces.views.reasons import reasons, waiting_lines

if TYPE_CHECKING:
    from mission_cli.app.results.views import FeatureView

RULES = Rules(required=("test", "lint"), approvals=1, conversations=True)
ONE = PLAN.replace("pull_requests: feature", "pull_requests: mission")


@pytest.fixture
def followed() -> Followed:
    """Two pull requests are open, and the base has rules."""
    found = Followed.begin()
    found.world.site.set_rules("main", RULES)
    found.until(lambda f: len(f.opened()) == 2)
    return found


def table(followed: Followed, width: int = 0, name: str = "m") -> str:
    """What `mission pr` shows."""
    ctx = followed.host.context()
    return plain(pull_lines(pull_requests(ctx, name), width, ctx.clock.now()))


def why(followed: Followed, name: str) -> str:
    """What `mission why` shows, without what it says of the schedule."""
    ctx = followed.host.context()
    snapshot_ = ctx.state.snapshot()
    found = explain(ctx, snapshot_, resolve(snapshot_, name))
    return plain(reflow(reasons(found, ctx.clock.now()), 0)).partition("no pulse is scheduled")[0]


def inbox(followed: Followed) -> str:
    """What `mission inbox` shows, without what it says of the schedule."""
    shown = [(name, one) for name, one in everything_waiting(followed.host.context()) if one.kind != "pulse"]
    return plain(reflow(waiting_lines(shown), 0))


def feature(followed: Followed, number: str) -> FeatureView:
    """A feature of `mission status --json`."""
    ctx = followed.host.context()
    snapshot_ = ctx.state.snapshot()
    view = status_of(ctx, snapshot_, resolve(snapshot_, "m"))
    return next(f for m in view.milestones for f in m.features if f.number == number)


def status(followed: Followed, width: int = 0) -> str:
    """The milestones of `mission status`."""
    ctx = followed.host.context()
    snapshot_ = ctx.state.snapshot()
    shown = status_lines(status_of(ctx, snapshot_, resolve(snapshot_, "m")), Size(width, 0))
    return plain(shown).partition("\nmoney")[0]


def test_before_the_first_pulse_it_says_that_the_forge_was_not_asked() -> None:
    followed = Followed.begin()
    assert table(followed, name="") == snapshot("""\
Three files  m
the forge (origin): not asked yet; the next pulse asks again
no pull request yet: each feature gets one after its criteria have passed
""")
    assert why(followed, "m") == snapshot("m: the next pulse fetches `main` from the forge; 3 features wait for it\n")
    assert inbox(followed) == ""


def test_each_row_names_one_reason_and_who_can_clear_it(followed: Followed) -> None:
    first, second = (followed.pull_of(subject).number for subject in ("1.1", "1.2"))
    followed.world.people.check(first, "test")
    followed.world.people.check(first, "lint", "in_progress")
    for name in RULES.required:
        followed.world.people.check(second, name)
    followed.pulses(3)
    assert table(followed) == snapshot("""\
Three files  m
acme/shop (origin): last answer 10:08, 0 s ago; asked next at 10:08, in 30 s

FOR  PR  STATE  CHECKS         REVIEWS          SINCE  TITLE
1.1  #1  open   1 of 2 passed  0 of 1 approved  3 min  one
  check `lint` is running (the forge)
1.2  #2  open   2 of 2 passed  0 of 1 approved  3 min  two
  1 approving review of this commit is missing (a reviewer with write access)
""")
    assert status(followed) == snapshot("""\
Three files  m
░░░░░░░░░░░░░░░░░░░░ 0%  0 of 3 features  waiting  8 min elapsed  full mode, base main

▸ 1 First  active  0/2  5 min
  1.1  one    review   1 attempt  #1 · 1 of 2 checks · 0 of 1 approved  check `lint` is running (the forge)
  1.2  two    review   1 attempt  #2 · 2 of 2 checks · 0 of 1 approved  1 approving review of this commit is missing (a reviewer with write access)

· 2 Second  pending  0/1
  2.1  three  pending
""")
    assert why(followed, "m/1.2") == snapshot("""\
m/1.2: pull request #2: 1 approving review of this commit is missing (a reviewer with write access); the forge is asked again at 10:08, in 30 s; 1 feature waits for it
  attempt 1: done: 1 criterion passed on its merge with the base, and it waits for its pull request
""")
    assert inbox(followed) == ""


def test_a_person_of_the_mission_finds_a_pull_request_in_the_inbox(followed: Followed) -> None:
    row = next(row for row in followed.mission.pulls if row.subject == "1.1")
    followed.world.people.commit(row.branch, theirs_txt="mine\n")
    followed.pulses(3)
    assert inbox(followed) == snapshot("""\
m: 1.1: pull request #1: someone pushed to `mission/m/1.1`, so nothing is done with it until it is merged or closed
  → mission handback m/1.1 judges what they pushed
""")
    assert table(followed, name="m/1.1") == snapshot("""\
Three files  m
acme/shop (origin): last answer 10:08, 0 s ago; asked next at 10:08, in 30 s

FOR  PR  STATE   CHECKS         REVIEWS          SINCE  TITLE
1.1  #1  theirs  0 of 2 passed  0 of 1 approved  3 min  one
  someone pushed to `mission/m/1.1`, so nothing is done with it until it is merged or closed
  → mission handback m/1.1 judges what they pushed
""")


def test_trouble_with_the_forge_is_said_once_with_its_remedy(followed: Followed) -> None:
    followed.world.troubles.plan("pulls", *[Fault.UNAUTHORIZED] * 9)
    followed.pulses(3)
    assert table(followed) == snapshot("""\
Three files  m
the scripted forge: Bad credentials
  → mission doctor
acme/shop (origin): last answer 10:05, 3 min ago; asked next at 10:16, in 8 min

FOR  PR  STATE  CHECKS         REVIEWS          SINCE  TITLE
1.1  #1  open   0 of 2 passed  0 of 1 approved  3 min  one
1.2  #2  open   0 of 2 passed  0 of 1 approved  3 min  two
""")
    assert inbox(followed) == snapshot("""\
m: pull requests wait: the scripted forge: Bad credentials
  → mission doctor
""")


def test_without_the_base_of_the_forge_nothing_starts_and_the_trouble_is_named() -> None:
    followed = Followed.begin()
    followed.world.troubles.plan("fetch", *[Fault.REFUSED] * 2)
    followed.pulses(2)
    assert why(followed, "m") == snapshot(
        "m: it waits for the forge: cannot fetch from the remote `origin`; the forge is asked again at 10:04, in 2 min; 3 features wait for it\n"
    )
    assert table(followed) == snapshot("""\
Three files  m
cannot fetch from the remote `origin`
the forge (origin): not asked yet; asked next at 10:04, in 2 min
no pull request yet: each feature gets one after its criteria have passed
""")
    followed.until(lambda f: f.mission.pulls)


def test_a_base_that_only_this_clone_has_is_to_be_pushed() -> None:
    followed = Followed.begin()
    disk = followed.host.jobs.disk
    disk.write(f"{REFS}/heads/dev", disk.read(f"{REFS}/heads/main", str))
    set_value(followed.host.context(), "m", "base", "dev")
    followed.pulses(3)
    assert why(followed, "m") == snapshot("""\
m: the forge has no branch `dev`; 3 features wait for it
  → push it there, or name another one: mission set m base BRANCH
""")


def test_views_never_contact_the_forge(followed: Followed) -> None:
    followed.world.troubles.standing = Fault.REFUSED
    for look in (table, inbox, status):
        look(followed)
    why(followed, "m")
    assert followed.world.troubles.met == 0


def test_status_has_the_promised_object(followed: Followed) -> None:
    followed.world.people.fail(followed.pull_of("1.1").number, "test")
    followed.world.people.check(followed.pull_of("1.1").number, "lint")
    followed.pulse()
    found = feature(followed, "1.1")
    assert found.pr == "#1"
    assert found.pull is not None
    assert (found.pull.number, found.pull.url, found.pull.state) == (
        1,
        snapshot("https://forge.example/acme/shop/pull/1"),
        "open",
    )
    assert found.pull.checks == PullChecks(1, 2, failed=("test",))
    assert found.pull.reviews == PullReviews(0, 1)
    assert found.pull.blocked_by == (
        PullBlock("check failed", "check `test` failed", "a worker"),
        PullBlock("approvals", "1 approving review of this commit is missing", "a reviewer with write access"),
    )
    assert found.pull.who_can == "a worker"
    assert feature(followed, "2.1").pull is None


def test_one_pull_request_for_the_mission_stands_beside_the_mission() -> None:
    followed = Followed.begin(ONE)
    followed.until(lambda f: f.opened())
    followed.pulse()
    assert table(followed) == snapshot("""\
Three files  m
acme/shop (origin): last answer 10:08, 0 s ago; asked next at 10:08, in 30 s

FOR      PR  STATE  CHECKS  REVIEWS  SINCE  TITLE
mission  #1  draft                   1 min  Three files
  it stays a draft until every milestone has passed
""")
    assert status(followed).splitlines()[1] == snapshot(
        "█████████████░░░░░░░ 67%  2 of 3 features  active  8 min elapsed  about 7 min left  #1 · draft  full mode, base main"
    )


def test_a_merged_one_keeps_its_row_without_a_reason() -> None:
    followed = Followed.begin()
    followed.until(lambda f: f.status_of("1.1") == "done" and f.status_of("1.2") == "done")
    followed.pulses(2)
    assert table(followed, name="m/1") == snapshot("""\
Three files  m
acme/shop (origin): last answer 10:05, 2 min ago; the next pulse asks again

FOR  PR  STATE  CHECKS  REVIEWS  SINCE  TITLE
1.1  #1  done                    2 min  one
1.2  #2  done                    2 min  two
""")


def test_a_mission_without_pull_requests_says_how_to_get_one() -> None:
    followed = Followed.begin(PLAN.replace("pull_requests: feature", "pull_requests: none"))
    assert pull_requests(followed.host.context()) == []
    assert table(followed, name="") == snapshot(
        "no mission opens pull requests; mission set ID preferences.pull_requests feature turns them on\n"
    )
    assert table(followed) == snapshot("""\
Three files  m
it opens no pull requests; mission land m --pr opens one for everything that has passed
""")


def test_in_a_narrow_window_nothing_is_cut(followed: Followed) -> None:
    followed.pulses(3)
    wide, narrow = table(followed), table(followed, 40)
    assert all(len(row) <= 40 for row in narrow.splitlines())
    assert set(narrow.split()) >= set(wide.split()) - {"FOR", "PR", "STATE", "CHECKS", "REVIEWS", "SINCE", "TITLE"} - {
        "one",
        "two",
    }


def test_what_strangers_named_is_shown_without_control_characters(followed: Followed) -> None:
    number = followed.pull_of("1.1").number
    followed.world.site.set_rules("main", Rules(required=("\x1b[31mred\n",)))
    followed.world.site.join("e\x1bve")
    followed.world.people.demand(number, "e\x1bve", text="")
    followed.host.jobs.clock.time.pass_by(followed.host.settings.forge.poll * 40)
    followed.pulses(3)
    ctx = followed.host.context()
    found = pull_requests(ctx, "m")
    shown = painted(pull_lines(found, 100, ctx.clock.now()))
    assert "\x1b[31mred" not in shown
    assert "e\x1bve" not in shown + status(followed) + why(followed, "m") + inbox(followed)
    assert "\x1b" not in json_line(PullRequests(found), {}, ascii_only=False)


def test_a_number_is_a_link_to_a_web_address_and_to_nothing_else() -> None:
    good = line(linked("#1", "https://forge.example/acme/shop/pull/1", "cyan"))
    assert painted([good]) == "\x1b]8;;https://forge.example/acme/shop/pull/1\x1b\\\x1b[36m#1\x1b[0m\x1b]8;;\x1b\\\n"
    assert plain([good]) == "#1\n"
    assert painted([unlinked(good)]) == "\x1b[36m#1\x1b[0m\n"
    assert [str(span.style) for span in as_text([good]).spans] == ["cyan link https://forge.example/acme/shop/pull/1"]
    for url in ("javascript:alert(1)", "https://x.example/\x1b]8;;", "file:///etc/passwd", "https://a b", ""):
        assert linked("#1", url, "cyan") == ("#1", "cyan")


def test_skip_closes_a_pull_request_and_cancel_leaves_it_open(followed: Followed) -> None:
    ctx = followed.host.context()
    asked = of_skip(ctx, "m/1.1")
    assert asked is not None
    assert asked.text == "pull request #1 of 1.1 is closed without a merge"
    words = features.skip(ctx, "m/1.1", reason="not needed").words
    assert words == "1.1 is skipped: not needed; its pull request #1 is closed without a merge"
    followed.until(lambda f: len(f.opened()) == 1)
    assert of_cancel(ctx.state, [], "m").text == snapshot(
        "m ends with 1 of 3 features finished, no job is running; pull request #2 stays open at the forge; to continue it later: mission start m"
    )
    assert features.cancel(ctx, "m").words == "m is cancelled; pull request #2 stays open at the forge"
    followed.pulses(3)
    assert [pull.number for pull in followed.opened()] == [2]

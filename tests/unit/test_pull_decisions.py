"""What people decide about pull requests: at the start, by `set`, `land`, `land --pr` and `handback`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.code import REFS
from tests.kit.fakes.host import make_host, make_mission
from tests.kit.fakes.life import Death, Kind
from tests.kit.forge.world import memory_world
from tests.kit.pulls import PLAN, Followed, good_work

from mission_cli.app.addressing import resolve
from mission_cli.app.commands import features, lifecycle, manual
from mission_cli.app.commands.set_value import set_value
from mission_cli.app.commands.steer.pulls import approve_pulls, open_for_the_rest
from mission_cli.app.commands.undo import undo
from mission_cli.app.pull_requests import forge_problems
from mission_cli.app.queries.outlook import outlook
from mission_cli.document.checking.lint import lint
from mission_cli.domain.errors import BlockedError, NotFoundError, UsageError
from mission_cli.domain.forge.facts import Rules
from mission_cli.domain.forge.rows import Proposing, RowStatus
from mission_cli.surfaces.lines import plain
from mission_cli.surfaces.views.consent import consent_lines

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

SILENT = PLAN.replace(", pull_requests: feature", "")
ASKED = PLAN.replace("land: auto", "land: ask")
NEVER = ASKED.replace("pull_requests: feature", "pull_requests: none")
POC = SILENT.replace("title: Three files", "title: Three files\nmode: poc")


class _Before(dict[int, Kind]):
    """Death at the first step with a name."""

    def __init__(self, name: str, steps: list[str]) -> None:
        super().__init__()
        self._name, self._steps = name, steps

    def get(self, key: int, default: object = None) -> Any:
        """Whether this step is the last one."""
        del key, default
        return Kind.KILL if self._steps[-1].startswith(self._name) else None


def ready_host(plan: str = SILENT, *, forge: bool = True, token: bool = True) -> Host:
    """A host with the mission `m`, which is not started."""
    host = make_host(good_work)
    if forge:
        first = host.jobs.disk.read(f"{REFS}/heads/main", str)
        assert first is not None
        host.forge = memory_world(host.jobs.objects, {"heads/main": first})
        host.forge.tokenless = not token
    make_mission(host, plan)
    return host


def key_of(host: Host) -> Proposing | None:
    """What the committed file says."""
    return resolve(host.context().state.snapshot(), "m").mission.preferences.pull_requests


def consent(host: Host) -> list[str]:
    """What `start` shows of pull requests before it asks."""
    ctx = host.context()
    loaded = resolve(ctx.state.snapshot(), "m").loaded
    shown = plain(consent_lines(ctx, loaded, outlook(ctx, loaded.mission), 0)).splitlines()
    return [row.strip() for row in shown if row.split()[0] in {"proposes", "pushes", "branches"} or "pull req" in row]


def test_a_start_with_forge_and_token_turns_pull_requests_on_and_says_so_before() -> None:
    host = ready_host()
    assert consent(host) == snapshot(
        [
            "branches  mission/m/work and one per attempt; main moves when the forge merges a pull request",
            "proposes  opens a pull request for each feature at acme/shop; `mission set m preferences.pull_requests none` turns that off",
            "pushes  judged work, to branches mission/m/… of origin",
        ]
    )
    done = lifecycle.start(host.context(), "m")
    assert done.words == snapshot(
        "m is started; it opens a pull request for each feature at acme/shop; `mission set m preferences.pull_requests none` turns that off"
    )
    assert key_of(host) is Proposing.FEATURE


@pytest.mark.parametrize(
    ("plan", "forge", "token", "expected"),
    [
        (SILENT, False, True, None),
        (SILENT, True, False, None),
        (POC, True, True, None),
        (PLAN.replace("pull_requests: feature", "pull_requests: none"), True, True, Proposing.NONE),
        (PLAN.replace("pull_requests: feature", "pull_requests: mission"), True, True, Proposing.MISSION),
    ],
)
def test_otherwise_a_start_writes_nothing(plan: str, expected: Proposing | None, *, forge: bool, token: bool) -> None:
    host = ready_host(plan, forge=forge, token=token)
    before = consent(host)
    assert "pull request" not in lifecycle.start(host.context(), "m").words
    assert key_of(host) is expected
    assert any("pull request" in row for row in before) is (expected is Proposing.MISSION)


def test_a_mission_that_has_begun_keeps_landing_as_it_did() -> None:
    followed = Followed.begin(NEVER)
    followed.until(lambda f: f.status_of("1.1") == "done")
    ctx = followed.host.context()
    set_value(ctx, "m", "preferences.pull_requests", "")
    features.cancel(ctx, "m")
    lifecycle.start(followed.host.context(), "m")
    assert followed.mission.preferences.pull_requests is None


def test_set_turns_them_on_and_off_and_says_what_speaks_against_it() -> None:
    host = ready_host(forge=False)
    with pytest.raises(BlockedError) as none:
        set_value(host.context(), "m", "preferences.pull_requests", "feature")
    assert f"{none.value.message} ({none.value.hint})" == snapshot(
        "no pull request can be opened: there is no forge (mission doctor)"
    )
    host = ready_host()
    done = set_value(host.context(), "m", "preferences.pull_requests", "milestone")
    assert done.words == "m: preferences.pull_requests: not set → milestone"
    set_value(host.context(), "m", "pull_requests", "none")
    assert key_of(host) is Proposing.NONE
    with pytest.raises(UsageError) as wrong:
        set_value(host.context(), "m", "pull_requests", "features")
    assert f"{wrong.value.message} ({wrong.value.hint})" == snapshot(
        "`preferences.pull_requests` is `features`, which is not known (use one of none, feature, milestone, mission)"
    )
    with pytest.raises(UsageError) as poc:
        set_value(ready_host(POC).context(), "m", "pull_requests", "feature")
    assert f"{poc.value.message} ({poc.value.hint})" == snapshot(
        "m is a POC, which opens no pull requests (mission land m)"
    )


def test_lint_warns_of_a_key_that_has_no_effect_or_no_forge() -> None:
    host = ready_host(POC.replace("runner: script", "runner: script, pull_requests: feature"))
    loaded = resolve(host.context().state.snapshot(), "m").loaded
    assert [p.message for p in lint(loaded) if "pull_requests" in p.message] == snapshot(
        ["`preferences.pull_requests` is kept but has no effect yet"]
    )
    for forge, token in ((False, True), (True, False), (True, True)):
        host = ready_host(PLAN, forge=forge, token=token)
        loaded = resolve(host.context().state.snapshot(), "m").loaded
        found = [p.at("f") for p in forge_problems(host.context(), loaded)]
        assert bool(found) is not (forge and token)
    assert found == []


def test_land_in_a_mission_with_pull_requests_lets_the_forge_merge_exactly_these_commits() -> None:
    followed = Followed.begin(ASKED)
    followed.world.site.set_rules("main", Rules())
    followed.until(lambda f: len(f.opened()) == 2)
    followed.pulses(4)
    assert [pull.number for pull in followed.opened()] == [1, 2]
    done = approve_pulls(followed.host.context(), "m/1.1")
    assert done.words == snapshot(
        "merging is approved: pull request #1 (1.1); the forge merges by its rules, and mission pr m shows what blocks it"
    )
    followed.until(lambda f: f.status_of("1.1") == "done")
    assert followed.status_of("1.2") == "review"
    assert approve_pulls(followed.host.context(), "m").words == snapshot(
        "merging is approved: pull request #2 (1.2); the forge merges by its rules, and mission pr m shows what blocks it"
    )
    followed.until(lambda f: f.status_of("1.2") == "done")


def test_land_without_a_pull_request_that_waits_is_refused() -> None:
    followed = Followed.begin(ASKED)
    with pytest.raises(BlockedError) as nothing:
        approve_pulls(followed.host.context(), "m")
    assert f"{nothing.value.message} ({nothing.value.hint})" == snapshot(
        "no pull request of m waits to be merged (mission pr m shows its pull requests)"
    )


def test_land_pr_opens_one_pull_request_for_everything_that_has_passed() -> None:
    followed = Followed.begin(NEVER)
    with pytest.raises(BlockedError, match="no milestone has passed yet"):
        open_for_the_rest(followed.host.context(), "m")
    followed.until(lambda f: f.mission.milestones[0].status == "passed")
    done = open_for_the_rest(followed.host.context(), "m")
    assert done.words == snapshot(
        "m opens one pull request at acme/shop for everything that has passed; the forge merges it as soon as its rules allow, after mission land m or an approving review"
    )
    with pytest.raises(UsageError, match="opens pull requests already"):
        open_for_the_rest(followed.host.context(), "m")
    followed.until(lambda f: f.opened())
    followed.until(lambda f: f.mission.milestones[1].status == "passed")
    followed.pulses(3)
    approve_pulls(followed.host.context(), "m")
    followed.until(lambda f: str(f.mission.status) == "completed")
    assert {"1.1.txt", "1.2.txt", "2.1.txt"} <= set(followed.base())


def test_a_feature_that_is_done_without_one_would_be_part_of_the_next() -> None:
    followed = Followed.begin(NEVER)
    followed.until(lambda f: f.status_of("1.1") == "done")
    with pytest.raises(UsageError) as refused:
        set_value(followed.host.context(), "m", "preferences.pull_requests", "feature")
    assert f"{refused.value.message} ({refused.value.hint})" == snapshot(
        "1.1, 1.2 are done but not on main, so the pull requests of later features would contain that, too (mission set m preferences.pull_requests mission)"
    )
    set_value(followed.host.context(), "m", "preferences.pull_requests", "mission")


def test_handback_takes_over_what_a_person_pushed_and_judges_it() -> None:
    followed = Followed.begin(ASKED)
    followed.until(lambda f: len(f.opened()) == 2)
    row = next(row for row in followed.mission.pulls if row.subject == "1.1")
    theirs = followed.world.people.commit(row.branch, theirs_txt="mine, and good\n")
    followed.until(lambda f: next(r for r in f.mission.pulls if r.subject == "1.1").status is RowStatus.THEIRS)
    done = manual.hand_back(followed.host.context(), "m/1.1")
    assert done.words == snapshot(
        "pull request #1 is ours again, with 4817c5a of someone else; its criteria are run before it is merged"
    )
    row = next(row for row in followed.mission.pulls if row.subject == "1.1")
    assert (row.head, row.status) == (theirs, RowStatus.OPEN)
    followed.pulses(4)
    row = next(row for row in followed.mission.pulls if row.subject == "1.1")
    assert (row.head, row.status) == (theirs, RowStatus.OPEN)
    approve_pulls(followed.host.context(), "m/1.1")
    followed.until(lambda f: f.status_of("1.1") == "done")
    assert "theirs.txt" in followed.base()
    assert any("criterion" in line or "judg" in line for line in followed.said)


def test_turning_them_off_says_which_are_still_followed() -> None:
    followed = Followed.begin(ASKED)
    followed.until(lambda f: len(f.opened()) == 2)
    done = set_value(followed.host.context(), "m", "pull_requests", "none")
    assert done.words == snapshot(
        "m: preferences.pull_requests: feature → none; followed until merged or closed: pull requests #1, #2"
    )


def test_undo_takes_a_decision_back_and_leaves_what_the_forge_knows() -> None:
    followed = Followed.begin(ASKED)
    set_value(followed.host.context(), "m", "preferences.max_parallel_workers", "1")
    followed.until(lambda f: len(f.opened()) == 2)
    followed.world.people.commit(followed.mission.pulls[0].branch, theirs_txt="mine\n")
    followed.until(lambda f: f.mission.pulls[0].status is RowStatus.THEIRS)
    approve_pulls(followed.host.context(), "m/1.2")
    assert undo(followed.host.context(), "m").subject == "merging is approved: pull request #2 (1.2) (by Ada)"
    assert followed.mission.landings == ()
    manual.hand_back(followed.host.context(), "m/1.1")
    with pytest.raises(BlockedError) as refused:
        undo(followed.host.context(), "m")
    assert f"{refused.value.message} ({refused.value.hint})" == snapshot(
        "its pull request has moved on: pull request #1 is ours again, with 48c9005 of someone else; its criteria are run before it is merg… (see what blocks it: mission pr m)"
    )


def test_handback_of_a_commit_that_fails_its_criteria_is_not_merged() -> None:
    followed = Followed.begin(PLAN)
    followed.world.site.set_rules("main", Rules(required=("test",)))
    followed.until(lambda f: len(f.opened()) == 2)
    row = next(row for row in followed.mission.pulls if row.subject == "1.1")
    followed.world.site.push(
        "ada", row.branch, followed.world.site.commits.commit(row.head, {"1.1.txt": "bad\n"}, "Break")
    )
    followed.until(lambda f: next(r for r in f.mission.pulls if r.subject == "1.1").status is RowStatus.THEIRS)
    manual.hand_back(followed.host.context(), "m/1.1")
    followed.world.people.check(followed.pull_of("1.1").number, "test")
    followed.pulses(6)
    assert "bad" not in followed.base().get("1.1.txt", "")


@pytest.mark.parametrize(("how", "subject", "name"), [("milestone", "1", "m/1"), ("mission", "mission", "m")])
def test_what_was_pushed_to_the_branch_of_a_milestone_is_not_taken_over(how: str, subject: str, name: str) -> None:
    followed = Followed.begin(ASKED.replace("pull_requests: feature", f"pull_requests: {how}"))
    followed.until(lambda f: f.opened())
    followed.world.people.commit(followed.mission.pulls[0].branch, theirs_txt="mine\n")
    followed.until(lambda f: f.mission.pulls[0].status is RowStatus.THEIRS)
    followed.pulse()
    assert "handback" not in str([hold.unblock for hold in followed.holds])
    with pytest.raises(BlockedError) as refused:
        manual.hand_back(followed.host.context(), name)
    assert str(refused.value.hint) == "merge or close it at the forge: https://forge.example/acme/shop/pull/1"
    assert followed.mission.pulls[0].subject == subject


def test_a_death_between_row_and_branch_merges_nothing_and_can_be_repeated() -> None:
    followed = Followed.begin(ASKED)
    followed.until(lambda f: len(f.opened()) == 2)
    row = next(row for row in followed.mission.pulls if row.subject == "1.1")
    theirs = followed.world.people.commit(row.branch, theirs_txt="mine, and good\n")
    followed.until(lambda f: next(r for r in f.mission.pulls if r.subject == "1.1").status is RowStatus.THEIRS)
    fate = followed.host.jobs.fate
    names: list[str] = []
    fate.watch = names.append
    fate.deaths = _Before("upstream.take", names)
    with pytest.raises(Death):
        manual.hand_back(followed.host.context(), "m/1.1")
    fate.deaths, fate.watch = {}, None
    followed.pulses(3)
    row = next(row for row in followed.mission.pulls if row.subject == "1.1")
    assert (row.head, row.status) == (theirs, RowStatus.THEIRS)
    manual.hand_back(followed.host.context(), "m/1.1")
    approve_pulls(followed.host.context(), "m/1.1")
    followed.until(lambda f: f.status_of("1.1") == "done")
    assert followed.base()["theirs.txt"] == "mine, and good\n"


def test_handback_without_anything_to_give_back_is_refused_as_before() -> None:
    followed = Followed.begin(ASKED)
    followed.until(lambda f: len(f.opened()) == 2)
    with pytest.raises(NotFoundError, match=r"1\.1 has no open manual attempt"):
        manual.hand_back(followed.host.context(), "m/1.1")


def test_each_decision_leaves_a_row_in_the_decision_log() -> None:
    followed = Followed.begin(NEVER)
    followed.until(lambda f: f.mission.milestones[0].status == "passed")
    open_for_the_rest(followed.host.context(), "m")
    followed.until(lambda f: f.opened())
    approve_pulls(followed.host.context(), "m")
    head = followed.mission.pulls[0].head
    assert [row.cells["decision"] for row in followed.mission.kept if row.section == "Decision Log"][-2:] == [
        "Open one pull request for m, instead of landing it here",
        f"Let the forge merge {head[:7]} into main",
    ]

"""Whole missions that are merged by pull requests, over HTTP and with real git."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from tests.kit.agents import feature_of, needs_bubblewrap, use_opencode
from tests.kit.forge.commits import BareCommits
from tests.kit.forge.events import ADA
from tests.kit.forge.laws import broken
from tests.kit.forge.records import Did
from tests.kit.forge.site import Site
from tests.kit.forge.state import OURS
from tests.kit.merging import merging
from tests.kit.model_server import ModelServer, Turn
from tests.kit.nightly import NIGHTLY, by_day, only_at_night
from tests.kit.people import HONEST
from tests.kit.prism import github

from mission_cli.domain.forge.facts import Rules

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.forge.records import CheckRecord, PullRecord
    from tests.kit.loopback import Asked
    from tests.kit.merging import Shop
    from tests.kit.people import Person

PLAN = """\
title: Two files
budget: {time_hours: 1}
preferences: {land: auto, pull_requests: feature}
milestones:
  - name: Only
    validation: ["file: `1.1.txt` `1.2.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
      - {title: two, criteria: ["file: `1.2.txt`"]}
"""
THREE = """\
title: Three features
budget: {money_usd: 5}
preferences: {land: auto, max_parallel_workers: 2, pull_requests: HOW}
milestones:
  - name: First
    validation: ["file: `1.1.txt` `1.2.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
      - {title: two, criteria: ["file: `1.2.txt`"]}
  - name: Second
    validation: ["file: `2.1.txt`"]
    features:
      - {title: three, criteria: ["grep: `2.1` in `2.1.txt`"]}
"""


def test_each_feature_is_merged_by_a_pull_request(person: Person, tmp_path: Path) -> None:
    with merging(person, tmp_path) as shop:
        shop.site.ci["build"] = lambda check: setattr(check, "state", "success")
        shop.site.set_rules("main", Rules(required=("build",)))
        person.worker("assert not [name for name in os.environ if 'TOKEN' in name]\n", HONEST)
        person.plan(PLAN)
        person.start()
        person.run()
        assert person.loaded().mission.status == "completed"
        assert {*shop.base()} >= {"1.1.txt", "1.2.txt"}
        assert set(shop.site.commits.branches()) == {"main"}
        assert broken(shop.site.log) == []
        rows = person.loaded().mission.pulls
        assert sorted((row.subject, str(row.status)) for row in rows) == [("1.1", "done"), ("1.2", "done")]
        assert sorted(row.number for row in rows) == [1, 2]


class Reviewed(Site):
    """A repository in which Ada asks twice about the third feature, as soon as it is proposed."""

    def open(self, *args: Any, **values: Any) -> PullRecord:
        """Open it, and ask."""
        made = super().open(*args, **values)
        if made.branch.endswith(("/2.1", "/mission")):
            for line, text in ((1, "Say it twice."), (1, "And say why.")):
                self.start_thread(ADA, made.number, "1.1.txt" if made.draft else "2.1.txt", line, text)
        return made

    def enqueue(self, *args: Any) -> None:
        """Add it to the queue, which takes a step."""
        super().enqueue(*args)
        self.queue_step()


def build(shop: Shop) -> None:
    """Require a check that fails while the second feature is not as it should be."""
    commits = shop.site.commits
    assert isinstance(commits, BareCommits)

    def run(check: CheckRecord) -> None:
        words = ["git", "-C", str(commits.path), "show", f"{check.commit}:1.2.txt"]
        found = subprocess.run(words, capture_output=True, text=True, check=False)
        good = found.returncode != 0 or "fixed" in found.stdout
        check.state, check.log = ("success", "") if good else ("failure", "E   1.2.txt is not fixed\n")

    shop.site.ci["build"] = run


def writes(prompt: str, step: int) -> Turn:
    """A model that writes what it is asked for, and a file that every feature changes."""
    feature = feature_of(prompt)
    word = "fixed" if "is not fixed" in prompt else "twice, twice" if "Say it twice." in prompt else "first"
    names = ["1.2", "shared"] if word == "fixed" else [feature, "shared"]
    both = " && ".join(f"printf '%s\\n' '{feature} {word}' > {name}.txt" for name in names)
    if step == 0:
        return Turn("I will write the files.", (("bash", {"command": both}),), input=100, output=10)
    if step == 1:
        done = f"git add -A && git commit -q -m 'Do {feature}' -m 'Completes-feature: {feature}'"
        return Turn("", (("bash", {"command": done}),), input=100, output=10)
    return Turn(f"{feature} is {word} now.", input=100, output=10)


PROGRAM = """\
prompt = PROMPT
word = "fixed" if "is not fixed" in prompt else "twice, twice" if "Say it twice." in prompt else "first"
for name in ("1.2" if word == "fixed" else FEATURE, "shared"):
    write(f"{name}.txt", f"{FEATURE} {word}\\n")
commit()
"""
HOW = {
    "a pull request for each feature": ("feature", "issues = true\ntodo = true", Rules(required=("build",))),
    "one for the mission, squashed": ("mission", 'merge = "squash"', Rules(required=("build",))),
    "with a merge queue": ("feature", "", Rules(required=("build",), queue=True)),
}


@pytest.mark.timeout(600)
@pytest.mark.skipif(not NIGHTLY, reason="a program does the same each day, in a tenth of the time")
@pytest.mark.parametrize("case", HOW)
def test_opencode_gets_three_features_merged(person: Person, tmp_path: Path, case: str) -> None:
    needs_bubblewrap()
    with ModelServer(writes).running() as server:
        use_opencode(person, server)
        asked = _merge_three(person, tmp_path, case)
    with github(tmp_path) as contract:
        assert contract.check(asked) == []


@only_at_night
@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", by_day(list(HOW), 1))
def test_a_program_gets_three_features_merged(person: Person, tmp_path: Path, case: str) -> None:
    person.worker(PROGRAM)
    _merge_three(person, tmp_path, case)


def _merge_three(person: Person, folder: Path, case: str) -> list[Asked]:
    """One is green at once, one has a failing check, one is asked about; two conflict: each is fixed and merged."""
    how, more, rules = HOW[case]
    with merging(person, folder, more, site=Reviewed) as shop:
        build(shop)
        shop.site.set_rules("main", rules)
        person.plan(THREE.replace("HOW", how))
        person.start()
        person.run()
        assert person.loaded().mission.status == "completed"
        asked = [pull for pull in shop.site.pulls.values() if pull.threads]
        replies = [e for e in shop.site.log if e.what is Did.COMMENTED and e.by == OURS]
        assert (len(asked), len(replies)) == (1, 2)
        assert [len(thread.comments) for thread in asked[0].threads] == [2, 2]
        assert {*shop.base()} >= {"1.1.txt", "1.2.txt", "2.1.txt", "shared.txt"}
        assert "fixed" in shop.base()["1.2.txt"]
        assert set(shop.site.commits.branches()) == {"main"}
        assert broken(shop.site.log) == []
        merges = [e for e in shop.site.log if e.what is Did.MERGED and not e.branch.endswith("/todo")]
        assert len(merges) == (1 if how == "mission" else 3)
        parents = {len(shop.site.commits.parents(pull.merged_as)) for pull in shop.site.pulls.values()}
        assert parents == ({1} if "squash" in more else {2})
        if "todo" in more:
            assert [issue.open for issue in shop.site.issues.values()] == [False] * 3
            ticks = [line[:9] for line in shop.base()["TODO.md"].splitlines() if "#mission:m" in line]
            assert ticks == ["- [x] 1.1", "- [x] 1.2", "- [x] 2.1"]
        return list(shop.server.asked)


@only_at_night
def test_issues_and_the_list_are_written_beside(person: Person, tmp_path: Path) -> None:
    """Over HTTP and with real git: bytes of other lines stay, and everything is merged, closed and ticked at the end."""
    mine = b"\xef\xbb\xbf# Mine \xe9\r\n- [ ] buy milk  \r\nlast"
    (person.repo / "TODO.md").write_bytes(mine)
    person.git("add", "TODO.md")
    person.git("commit", "--quiet", "-m", "Write down what is to do")
    with merging(person, tmp_path, "issues = true\ntodo = true") as shop:
        person.worker(HONEST)
        person.plan(PLAN)
        person.start()
        person.run()
        assert person.loaded().mission.status == "completed"
        assert broken(shop.site.log) == []
        assert [(i.title, i.open) for i in shop.site.issues.values()] == [
            ("[m/1.1] one", False),
            ("[m/1.2] two", False),
        ]
        there = str(tmp_path / "acme" / "shop.git")
        text = subprocess.run(["git", "-C", there, "show", "main:TODO.md"], capture_output=True, check=True).stdout
        lines = text.removeprefix(mine).decode().split("\r\n")
        tasks = [feature.task for feature in person.loaded().mission.features()]
        assert [line.partition(" pr:#")[0] for line in lines[2:]] == [
            f"- [x] 1.1 one #mission:m ref:{tasks[0]}",
            f"- [x] 1.2 two #mission:m ref:{tasks[1]}",
        ]
        assert "Update TODO.md of mission m" in person.git("-C", there, "log", "--format=%s", "main")
        assert set(shop.site.commits.branches()) == {"main"}

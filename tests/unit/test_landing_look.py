"""Before work lands a person sees what it is; afterwards each commit says what it did, by whom, and how to undo it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from inline_snapshot import snapshot
from tests.kit.fakes.code import REFS
from tests.kit.fakes.host import base_of
from tests.unit.test_keys_act import committed, go_on, honest, host_of

from mission_cli.app.commands import features, gates
from mission_cli.app.commands.undo import undo
from mission_cli.app.queries.before.landing import landing_diff, landing_preview
from mission_cli.domain.errors import BlockedError
from mission_cli.domain.ids import Sha
from mission_cli.domain.status import MissionStatus
from mission_cli.surfaces.lines import plain
from mission_cli.surfaces.markup.patches import read_patch
from mission_cli.surfaces.views.landing.preview import landing_lines

if TYPE_CHECKING:
    from tests.kit.fakes.host import Host

PLAN = """\
title: "日本語 | two files, `quoted` \\x1b[31m and a title that goes on for much longer than a subject may"
budget: {time_hours: 10}
preferences: {runner: script}
milestones:
  - name: First
    validation: ["file: `1.1.txt`"]
    features: [{title: one, criteria: ["file: `1.1.txt`"]}, {title: two, criteria: ["file: `1.2.txt`"]}, {title: three}]
"""
MORE = """\
  - name: Second
    validation: ["manual: it is good"]
    features: [{title: four, criteria: ["file: `2.1.txt`"]}]
"""


def finished(plan: str = PLAN) -> Host:
    """A host on which 1.3 was skipped, and everything else was done."""
    host = host_of(honest, m=plan)
    features.skip(host.context(), "m/1.3", reason="not now")
    go_on(host)
    return host


def subjects(host: Host) -> list[tuple[str, str]]:
    """Author and subject of the first-parent line of main, newest first."""
    head = Sha(host.jobs.disk.read(f"{REFS}/heads/main", str) or "")
    commits = [host.jobs.objects.get(name) for name in host.jobs.objects.line(head)]
    return [(one.author.name, one.message.split("\n")[0]) for one in commits]


def newest(host: Host) -> str:
    return host.jobs.objects.get(Sha(host.jobs.disk.read(f"{REFS}/heads/main", str) or "")).message


def test_a_look_says_all_that_lands_and_what_is_left() -> None:
    host = finished(PLAN + MORE)
    go_on(host)
    preview = landing_preview(host.context(), "m")
    assert plain(landing_lines(preview, 80)) == snapshot("""\
日本語 | two files, `quoted` �[31m and a title that goes on for much longer than a subject may  m
2 features, 2 commits, 3 files, +3 -0: with a merge commit to main

Features
  1.1  one  script (sonnet)
  1.2  two  script (sonnet)

Commits
  bf16b8b  two (1.2)
  9ed1938  one (1.1)

Files
  1.1.txt  +1  -0
  1.2.txt  +1  -0
  x        +1  -0

Criteria
  1    passed  file: `1.1.txt`
  1.1  passed  file: `1.1.txt`
  1.2  passed  file: `1.2.txt`

Left out
  1.3  three  skipped
  2.1  four   done, but milestone 2 has not passed
""")
    assert [file.path for file in read_patch(landing_diff(host.context(), "m"))] == ["1.1.txt", "1.2.txt", "x"]
    assert base_of(host).keys() == {"notes.txt"}, "it was only looked at"
    with pytest.raises(BlockedError) as refusal:
        landing_preview(host.context(), "m", squash=True)
    assert f"{refusal.value.message} → {refusal.value.hint}" == snapshot(
        "only the whole work can be squashed, and a milestone is not finished → land it as a merge: mission land m"
    )


def test_a_merge_is_one_commit_on_the_base_that_names_features_and_agents() -> None:
    host = finished()
    done = gates.land(host.context(), "m")
    go_on(host)
    assert committed(host).status is MissionStatus.COMPLETED
    assert subjects(host) == snapshot(
        [("mission", "日本語 | two files, `quoted` �[31m and a title that goes on for much longe…"), ("Ada", "Begin")]
    )
    assert newest(host).replace(done.about, "<work>") == snapshot("""\
日本語 | two files, `quoted` �[31m and a title that goes on for much longe…

- 1.1 one
- 1.2 two

Mission-Id: m
Mission-Landed: <work>
Mission-Agent: script (sonnet)
""")
    landed = gates.landed_as(host.context(), committed(host), done.about)
    assert landed is not None
    assert landed[1] == f"git revert -m 1 {landed[0]}"
    assert base_of(host).keys() == {"notes.txt", "1.1.txt", "1.2.txt", "x"}


def test_a_squash_is_one_commit_without_the_history_and_completes_the_mission() -> None:
    host = finished()
    done = gates.land(host.context(), "m", squash=True)
    assert done.words == f"landing of {done.about[:7]} is approved, squashed"
    go_on(host)
    assert committed(host).status is MissionStatus.COMPLETED
    assert [subject for _, subject in subjects(host)] == snapshot(
        ["日本語 | two files, `quoted` �[31m and a title that goes on for much longe…", "Begin"]
    )
    landed = gates.landed_as(host.context(), committed(host), done.about)
    assert landed is not None
    assert landed[1] == f"git revert {landed[0]}"
    assert base_of(host).keys() == {"notes.txt", "1.1.txt", "1.2.txt", "x"}


def test_an_undo_of_what_has_landed_names_the_command() -> None:
    host = finished()
    done = gates.land(host.context(), "m")
    undo(host.context(), "m")
    assert committed(host).landings == ()
    gates.land(host.context(), "m")
    gates.land(host.context(), "m", squash=True)
    assert gates.land(host.context(), "m", squash=True).commit is None, "it is approved already"
    head = Sha(host.jobs.disk.read(f"{REFS}/heads/main", str) or "")
    look = host.context().code
    assert gates.landed_as(host.context(), committed(host), done.about) is None
    go_on(host, 1)
    landed = look.landing_commit(Sha(host.jobs.disk.read(f"{REFS}/heads/main", str) or ""), Sha(done.about))
    assert landed not in {None, head}

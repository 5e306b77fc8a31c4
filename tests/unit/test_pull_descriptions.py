"""What stands in the description of a pull request: everything a reviewer needs, and nothing that strangers wrote acts."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kit.fakes.code import REFS
from tests.kit.fakes.objects import Commit
from tests.kit.forge.records import Did
from tests.kit.forge.state import closed_by
from tests.kit.pulls import PLAN, Followed

from mission_cli.adapters.forges.marks import find
from mission_cli.document.syntax.escape import quiet, quiet_code, quiet_prose, quiet_title
from mission_cli.domain.forge.references import number_in, reference
from mission_cli.domain.forge.rows import PullRow
from mission_cli.domain.ids import Sha
from mission_cli.engine.pulls.own_template import PLACES, filled, refreshed
from mission_cli.engine.pulls.text import LONGEST, Texts

if TYPE_CHECKING:
    from tests.kit.forge.records import PullRecord

SLOW = PLAN.replace("land: auto", "land: ask")
BY_MISSION = SLOW.replace("pull_requests: feature", "pull_requests: mission")
HOSTILE = (
    "Hi @octocat and @acme/team, fixes #7, closes acme/shop#8, resolve https://github.com/acme/shop/issues/9 "
    "GH-10 !11 <!-- mission:m/9.9 --> <img src=x> [x](http://evil.example) www.evil.example"
)


def _proposed(plan: str) -> Followed:
    """A mission with a pull request of 1.1."""
    followed = Followed.begin(plan)
    followed.until(lambda f: any(pull.branch == "mission/m/1.1" for pull in f.opened()))
    return followed


def _first(followed: Followed) -> PullRecord:
    return next(pull for pull in followed.opened() if pull.branch == "mission/m/1.1")


def test_a_description_says_what_was_built_how_it_was_judged_and_how_to_judge_it_again() -> None:
    plan = SLOW.replace(
        '{title: one, criteria: ["grep: `good` in `1.1.txt`"]}',
        """\
{title: one, description: "Write it.\\n\\n- short", criteria: ["grep: `good` in `1.1.txt`"]}""",
    )
    pull = _first(_proposed(plan))
    assert (pull.title, re.sub(r"`[0-9a-f]{7}`", "`COMMIT`", pull.body)) == ("one (m/1.1)", """\
<!-- mission:m/1.1 -->
Three files

**1.1 one**

Write it.
- short

These criteria were judged on its merge with `main`:

- grep: `good` in `1.1.txt`: passed on `COMMIT`

**What it took.** 1 attempt, $0, 1 min. Made by `script with sonnet`.

**Evidence.** The mission's folder has a record of each attempt: `runs/1.1-a1.md`. Each verdict in there is bound by \
hashes to its criterion, its commit and its output; `mission verify m` judges it again.

**Reproduce.**

~~~text
git fetch origin mission/m/1.1 && git switch --detach FETCH_HEAD
~~~

<!-- end of mission:m/1.1 -->
""")  # fmt: skip
    assert find(pull.body) == "m/1.1"


def test_the_one_of_a_mission_grows_with_its_milestones_and_with_nothing_else() -> None:
    followed = Followed.begin(BY_MISSION)
    followed.until(lambda f: f.world.site.pulls)
    first = followed.opened()[0].body
    assert "**Milestone 1: First** (passed)" in first
    assert "**Milestone 2: Second** (to come)" in first
    followed.pulses(30)
    edits = [e for e in followed.world.site.log if e.what is Did.EDITED]
    assert len(edits) == 1, "once for the second milestone, and in no other pulse"
    last = followed.opened()[0].body
    assert "- 2.1 three, criteria: 1 of 1 passed" in last
    assert "**Milestone 2: Second** (passed)" in last


def test_what_people_write_around_our_part_stays() -> None:
    followed = Followed.begin(BY_MISSION)
    followed.until(lambda f: f.world.site.pulls)
    site = followed.world.site
    written = f"By hand above.\r\n\r\n{site.pulls[1].body}\r\n- [x] ticked"
    site.edit(site.join("ann"), 1, title="My title", body=written)
    followed.pulses(30)
    pull = site.pulls[1]
    assert pull.title == "My title"
    assert pull.body.startswith("By hand above.\n\n<!-- mission:m/mission -->\nThree files\n")
    assert pull.body.endswith("\n- [x] ticked")
    assert "**Milestone 2: Second** (passed)" in pull.body
    assert len([e for e in site.log if e.what is Did.EDITED]) == 2


def test_a_description_without_our_part_is_theirs() -> None:
    followed = Followed.begin(BY_MISSION)
    followed.until(lambda f: f.world.site.pulls)
    site = followed.world.site
    site.edit(site.join("ann"), 1, body="My own words")
    followed.pulses(30)
    assert site.pulls[1].body == "My own words"
    assert len([e for e in site.log if e.what is Did.EDITED]) == 1


def test_an_issue_of_the_table_is_closed_by_the_merge_and_nothing_else_is() -> None:
    plan = SLOW.replace("{title: one,", f'{{title: "one, fixes #3", description: "{HOSTILE}",')
    pull = _first(_proposed(plan))
    assert list(closed_by(pull.body + pull.title)) == []
    assert pull.body.count("<!--") == 2
    assert find(pull.body) == "m/1.1"
    assert not re.search(r"@\w|(?<!&)#\d|://|GH-\d|!\d|www\.", pull.body)
    assert [number_in(text) for text in ("GH#12", " FJ#3 ", "GL#4", "#5", "t012", "GH#0", "GH#12x", "")] == [
        *(12, 3, 4),
        *(0, 0, 0, 0, 0),
    ]
    assert [reference(kind, 1) for kind in ("github", "gitlab", "forgejo", "model")] == ["GH#1", "GL#1", "FJ#1", "GH#1"]


WORDS = st.lists(
    st.sampled_from(
        ["@ann", "#12", "fixes ", "closes: ", "`", "``", "```", "\n", "    ", "- ", "# ", "<!-- ", " -->", "http://",
         "mission:m/1.1", "\\", "x", "a/b", "GH-4", "!5", "&6", "[", "]", "(", ")", "|", "~~~", "===", "\r\n", "é", "\x1b"]
    ),
    max_size=14,
).map("".join)  # fmt: skip


@given(WORDS)
@settings(max_examples=300, deadline=timedelta(seconds=1))
def test_no_text_of_strangers_pings_links_hides_or_closes(text: str) -> None:
    for made in (quiet(text), quiet_prose(text), quiet_title(text, 200)):
        assert list(closed_by(made)) == []
        assert "\x1b" not in made
    for made in (quiet(text), *quiet_prose(text).split("\n")):
        outside = re.sub(r"(?<!\\)(`+)(?!`).*?(?<!`)\1(?!`)", "", made)
        assert "<!--" not in outside
        assert not re.search(r"@\w|(?<![&])#\d|://", outside)
    assert list(closed_by(quiet_code(text.replace("\n", " ")))) == []


def test_a_description_stays_below_what_a_forge_accepts() -> None:
    long = "word " * 3500
    criteria = ", ".join(f'"run: `echo {number} {"x" * 380}`"' for number in range(200))
    plan = SLOW.replace('{title: one, criteria: ["grep: `good` in `1.1.txt`"]}', f"""\
{{title: "{"t" * 290}", description: "{long}", criteria: [{criteria}]}}""").replace(
        "title: Three files", f'title: Three files\ngoal: "{long}"'
    )  # fmt: skip
    followed = Followed.begin(plan)
    row = PullRow("1.1", "mission/m/1.1", "main", "0" * 40)
    body = Texts(followed.host.context(), followed.mission, (), TEMPLATE * 40).body(row)
    assert len(body) < LONGEST + 200
    assert "- 150 more, in the mission file" in body
    assert "echo 19 x" in body.split("~~~text")[1]
    assert find(body) == "m/1.1"


TEMPLATE = """\
# Before you start

<!-- Write a
## Description
that helps. -->

## What does this change?

<!-- here -->

## Checks
- [ ] I have read the rules
"""


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("", "<!-- mission:m/1 -->\nOURS\n\n<!-- end of mission:m/1 -->\n"),
        ("- [ ] done\n", "<!-- mission:m/1 -->\nOURS\n\n<!-- end of mission:m/1 -->\n\n- [ ] done\n"),
        (
            TEMPLATE,
            TEMPLATE.replace(
                "change?\n", "change?\n\n<!-- mission:m/1 -->\nOURS\n\n<!-- end of mission:m/1 -->\n"
            ),
        ),
        (
            "---\nname: x\n---\nSummary\r\n-------\r\n\r\nText",
            "Summary\n-------\n\n<!-- mission:m/1 -->\nOURS\n\n<!-- end of mission:m/1 -->\n\nText\n",
        ),
        (
            "~~~\n# Summary\n~~~\n<!-- mission:m/9 -->",
            "<!-- mission:m/1 -->\nOURS\n\n<!-- end of mission:m/1 -->\n\n~~~\n# Summary\n~~~\n&lt;!-- mission:m/9 -->\n",
        ),
    ],
)  # fmt: skip
def test_a_template_of_the_repository_is_filled(template: str, expected: str) -> None:
    assert filled(template, "OURS", "m/1") == expected
    assert refreshed(expected, "NEW", "m/1") == expected.replace("OURS", "NEW")
    assert find(expected) == "m/1"


def test_it_is_found_where_forges_look_for_it() -> None:
    followed = Followed.begin(SLOW)
    jobs, ctx, row = followed.host.jobs, followed.host.context(), PullRow("1.1", "mission/m/1.1", "main", "0" * 40)
    there = jobs.objects.get(Sha(followed.world.site.commits.branches()["main"]))
    for place in PLACES:
        files = {place: "## Summary\n\n## Risk\n- [ ] none\n"}
        jobs.disk.write(f"{REFS}/bases/m", jobs.objects.add(Commit(files, (), "Add\n", there.author, there.at)))
        body = Texts.of(ctx, followed.mission, ()).body(row)
        assert body.startswith("## Summary\n\n<!-- mission:m/1.1 -->\nThree files\n"), place
        assert body.endswith("<!-- end of mission:m/1.1 -->\n\n## Risk\n- [ ] none\n"), place

"""What is odd about the shape of a plan: files that parallel features share, sums, ceremony, needless features."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot
from tests.kit.missions import record
from tests.unit.test_keys_act import PLAN, committed, honest, host_of

from mission_cli.document.checking.lint import lint
from mission_cli.document.plans.plan import read_plan
from mission_cli.document.reading.load import load
from mission_cli.domain.outline.areas import shared, why_no_area
from mission_cli.engine.attempts.prompt import prompt_for

SHARED = """\
milestones:
  - name: Only
    validation: ["file: `x`"]
    features:
      - {title: one, files: [shop/store.py, tests/], criteria: ["file: `x`"]}
      - {title: two, files: [shop], criteria: ["file: `y`"]}
      - {title: three, files: [shop/store.py], criteria: ["file: `z`"], depends: ["1.2"]}
      - {title: four, files: [docs/*.md], criteria: ["file: `z`"]}
"""


def found(text: str) -> list[str]:
    """The problems of a plan, without those that every short plan has."""
    usual = ("no budget cap",)
    return [p.at("plan.yaml") for p in read_plan(text).problems if not any(word in p.message for word in usual)]


def test_the_area_of_a_feature_is_told_to_its_worker_and_linted() -> None:
    assert found(f"title: T\n{SHARED}") == snapshot(
        [
            'plan.yaml:7:22: warning: 1.2 may run at the same time as 1.1, and both change shop (add `depends: ["1.1"]`, or give them different `files`)',
            'plan.yaml:8:24: warning: 1.3 may run at the same time as 1.1, and both change shop/store.py (add `depends: ["1.1"]`, or give them different `files`)',
        ]
    )
    host = host_of(honest, m=PLAN + SHARED)
    mission = committed(host)
    assert [f.files for f in mission.features()] == [
        ("shop/store.py", "tests/"),
        ("shop",),
        ("shop/store.py",),
        ("docs/*.md",),
    ]
    prompt = prompt_for(host.context(), mission, record("1.1-a1"), ())
    assert prompt[prompt.index("Its files are") : prompt.index("It is done when")] == snapshot("""\
Its files are shop/store.py, tests/. Other features of this milestone work on other files, possibly at
this moment; change one of theirs only if your feature cannot work otherwise:

- 1.2: shop
- 1.3: shop/store.py
- 1.4: docs/*.md

""")
    [stored] = host.context().state.snapshot().missions.values()
    assert [p.at("mission.md") for p in lint(load(stored.text, stored.id)) if "both change" in p.message] == snapshot(
        [
            "mission.md:82:1: warning: 1.2 may run at the same time as 1.1, and both change shop (add `[depends:1.1]`, or give them different `[files:…]`)",
            "mission.md:83:1: warning: 1.3 may run at the same time as 1.1, and both change shop/store.py (add `[depends:1.1]`, or give them different `[files:…]`)",
        ]
    )


def test_one_worker_at_a_time_shares_nothing() -> None:
    assert found(f"title: T\nmode: poc\n{SHARED}") == []
    assert found(f"title: T\npreferences: {{max_parallel_workers: 1}}\n{SHARED}") == []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (["a.py"], ["./a.py"], ("a.py",)),
        (["src/"], ["src/a/b.py"], ("src/",)),
        (["src/a.py"], ["src"], ("src/a.py",)),
        (["src/**"], ["src/a.py", "docs"], ("src/**",)),
        (["src"], ["srcs/a.py"], ()),
        (["docs/*.md"], ["docs/a.md"], ("docs/*.md",)),
        (["docs/*.md"], ["docs/a.py"], ()),
        (["*.md"], ["*.md", "a.py"], ("*.md",)),
        (["."], ["a.py"], (".",)),
        ([], ["a.py"], ()),
    ],
)
def test_areas_meet_if_a_path_is_in_both(one: list[str], other: list[str], expected: tuple[str, ...]) -> None:
    assert shared(one, other) == expected


@pytest.mark.parametrize("path", ["", " ", "/etc/passwd", "~/x", "a/../b", "a b", "a]", "a,b", "a|b", "a`b", "a\x1b"])
def test_what_is_no_path_of_the_repository_is_an_error(path: str) -> None:
    assert why_no_area(path)
    words = found(
        f"title: T\nmilestones: [{{name: A, validation: ['file: `x`'], features: [{{title: o, criteria: ['file: `x`'], files: [{path!r}]}}]}}]"
    )
    assert len(words) == 1
    assert "error" in words[0]


def test_bare_brackets_in_a_title_stay_words() -> None:
    text = (
        "title: T\nbudget: {money_usd: 5}\nmilestones: [{name: A, features: [{title: 'Parse [files] and [files: a]'}]}]"
    )
    assert read_plan(text).plan is not None
    from mission_cli.document.reading.features import read_row

    row = read_row({"feature": "Parse [files] `[files:a.py, b/]`"}, number="1.1", line=1, column=1)  # type: ignore[arg-type]  # a number
    assert (row.feature.title, row.feature.files) == ("Parse [files]", ("a.py", "b/"))


def test_sums_that_contradict_each_other_are_named_with_figures() -> None:
    text = """\
title: T
budget: {time_hours: 8}
milestones:
  - name: Too short
    estimate: 2h
    validation: ["run: `pytest`"]
    features:
      - {title: one, estimate: 2h, criteria: ["file: `x`"]}
      - {title: two, estimate: 1h, criteria: ["file: `y`"], depends: ["1.1"]}
  - name: Too long
    estimate: 9h
    validation: ["run: `pytest`"]
    features:
      - {title: three, estimate: 2h, criteria: ["file: `z`"]}
      - {title: four, estimate: 2h, criteria: ["file: `w`"]}
  - name: As long as its longest
    estimate: 1h
    validation: ["run: `pytest`"]
    features:
      - {title: five, estimate: 1h, criteria: ["file: `v`"]}
      - {title: six, estimate: 30m, criteria: ["file: `u`"]}
"""
    assert found(text) == snapshot(
        [
            "plan.yaml:2:10: warning: the features are estimated at 8 h 30 min, which leaves nothing free of 8 h (a fifth is left for failed attempts and fixes: plan at most 6 h 24 min)",
            "plan.yaml:5:5: warning: milestone 1 is estimated at 2 h, but its features that wait for each other take 3 h (write 3h, or more)",
            "plan.yaml:11:5: warning: milestone 2 is estimated at 9 h, but its features take 4 h together (write 4h)",
        ]
    )


def test_an_hour_of_work_needs_one_milestone() -> None:
    text = """\
title: T
milestones:
  - {name: A, validation: ["run: `pytest`"], features: [{title: one, estimate: 20m, criteria: ["file: `x`"]}]}
  - {name: B, validation: ["run: `pytest`"], features: [{title: two, estimate: 40m, criteria: ["file: `y`"]}]}
"""
    assert found(text) == snapshot(
        ["plan.yaml:2:1: warning: 2 milestones for 1 h of work by estimate (one milestone with one feature is enough)"]
    )
    assert found(text.replace("40m", "41m")) == []


NEEDLESS = """\
title: Shop
goal: Sell items
non_goals: [send e-mail]
milestones:
  - name: Selling
    validation: ["file: `shop/sell.py`"]
    features:
      - {title: Sell, criteria: ["file: `shop/sell.py`"]}
      - {title: Weather forecasts}
      - {title: Send invoices by e-mail, criteria: ["file: `mail.py`"]}
"""


def test_only_what_is_certainly_not_needed_is_named() -> None:
    words = "nothing would notice"
    assert found(NEEDLESS) == snapshot(
        [
            "plan.yaml:9:9: warning: feature 1.2 has no criterion (without `criteria:` any change with which the tests pass is accepted)",
            "plan.yaml:9:9: warning: nothing would notice if 1.2 `Weather forecasts` were not built (it has no criterion, no feature depends on it, and no criterion of its milestone looks at it)",
            "plan.yaml:10:9: warning: 1.3 `Send invoices by e-mail` is what `non_goals` excludes: `send e-mail` (remove one of the two)",
        ]
    )
    for changed in (
        NEEDLESS.replace("validation: [", 'validation: ["run: `pytest`", '),
        NEEDLESS.replace("{title: Weather forecasts}", "{title: Weather forecasts, files: [shop/sell.py]}"),
        NEEDLESS.replace("{title: Weather forecasts}", '{title: Weather forecasts, criteria: ["file: `w.py`"]}'),
        NEEDLESS.replace("{title: Sell,", "{title: Sell, depends: [Weather forecasts],"),
        NEEDLESS.replace("{title: Weather forecasts}", "{title: Weather forecasts, research: true}"),
    ):
        assert not any(words in line for line in found(changed))
    assert not any("non_goals" in line for line in found(NEEDLESS.replace("[send e-mail]", "[send letters]")))

"""What changes from one plan to another, by meaning: no feature is lost, and what only has another number is no change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from mission_cli.document.plans.outlined import outline_of_plan
from mission_cli.document.plans.plan import read_plan
from mission_cli.domain.outline.difference import difference
from mission_cli.domain.outline.model import Outline, OutlinedFeature, OutlinedMilestone
from mission_cli.domain.outline.pairing import paired

if TYPE_CHECKING:
    from mission_cli.domain.outline.difference import Differences

SHOP = """
title: Shop
milestones:
  - name: Core
    estimate: 2h
    validation: ["run: `pytest`"]
    features:
      - title: Store items
        description: A table of items and prices.
        estimate: 1h
        criteria: ["run: `pytest tests/test_store.py`"]
      - {title: List items, estimate: 1h, criteria: ["run: `pytest tests/test_list.py`"], depends: ["1.1"]}
  - name: Mail
    validation: ["run: `pytest tests/mail`"]
    features:
      - {title: Send e-mail, estimate: 2h, criteria: ["run: `pytest tests/test_mail.py`"], depends: ["1.2"]}
      - title: Import
        description: Import items from CSV and JSON files.
        estimate: 3h
        criteria: ["run: `pytest tests/test_csv.py`", "run: `pytest tests/test_json.py`"]
        depends: ["1.1"]
      - {title: Invoices, estimate: 1h, criteria: ["file: `invoices.py`"], depends: ["2.2", "2.1"]}
"""
SMALLER = """
title: Shop
mode: poc
budget: {money_usd: 20}
non_goals: [e-mail]
milestones:
  - name: Core
    estimate: 3h
    validation: ["run: `pytest`"]
    features:
      - title: Store items
        description: A table of items.
        estimate: 1h
        criteria: ["run: `pytest tests/test_store.py`"]
        files: [shop/store.py]
      - {title: Show all items, estimate: 1h, criteria: ["run: `pytest tests/test_list.py`"]}
      - title: Invoices
        estimate: 90m
        criteria: ["file: `invoices.py`", "run: `pytest tests/test_invoices.py`"]
        depends: ["2.1"]
  - name: Import
    validation: ["run: `pytest tests/import`"]
    features:
      - title: Import CSV files
        description: Import items from CSV files.
        estimate: 1h
        criteria: ["run: `pytest tests/test_csv.py`"]
        depends: ["1.1"]
      - {title: Import JSON files, estimate: 2h, criteria: ["run: `pytest tests/test_json.py`"], depends: ["1.1"]}
      - {title: Export, estimate: 2h, criteria: ["run: `pytest tests/test_export.py`"], depends: ["1.1"]}
"""


def outline(text: str) -> Outline:
    read = read_plan(text)
    assert read.plan is not None, read.problems
    return outline_of_plan(read.plan)


def said(found: Differences) -> list[str]:
    return [*(one.words for one in found.changes), *(one.words for one in found.totals)]


def test_a_plan_that_was_made_smaller_is_compared_by_meaning() -> None:
    assert said(difference(outline(SHOP), outline(SMALLER))) == snapshot(
        [
            "mode: full → poc",
            "cap in dollars: - → 20",
            "not included: + e-mail",
            "milestone 1 estimate: 2 h → 3 h",
            "milestone 2 Mail → Import",
            "milestone 2 criteria: run: `pytest tests/mail` → run: `pytest tests/import`",
            "- 2.1 Send e-mail",
            "2.2 Import is split into 2.1 Import CSV files, 2.2 Import JSON files",
            "1.1 description: A table of items and prices. → A table of items.",
            "1.1 files: + shop/store.py",
            "1.2 List items → Show all items",
            "1.2 depends: - 1.1",
            "2.3 Invoices moves to milestone 1, as 1.3",
            "1.3 criteria: + run: `pytest tests/test_invoices.py`",
            "1.3 estimate: 1 h → 1 h 30 min",
            "+ 2.3 Export",
            "milestones: 2",
            "features: 5 → 6",
            "work by estimate: 8 h → 8 h 30 min",
        ]
    )


def test_parts_that_become_one_again_are_joined() -> None:
    assert said(difference(outline(SMALLER), outline(SHOP))) == snapshot(
        [
            "mode: poc → full",
            "cap in dollars: 20 → -",
            "not included: - e-mail",
            "milestone 1 estimate: 3 h → 2 h",
            "milestone 2 Import → Mail",
            "milestone 2 criteria: run: `pytest tests/import` → run: `pytest tests/mail`",
            "- 2.3 Export",
            "2.1 Import CSV files, 2.2 Import JSON files are joined into 2.2 Import",
            "1.1 description: A table of items. → A table of items and prices.",
            "1.1 files: - shop/store.py",
            "1.2 Show all items → List items",
            "1.2 depends: + 1.1",
            "+ 2.1 Send e-mail",
            "1.3 Invoices moves to milestone 2, as 2.3",
            "2.3 criteria: - run: `pytest tests/test_invoices.py`",
            "2.3 estimate: 1 h 30 min → 1 h",
            "2.3 depends: + 2.1",
            "milestones: 2",
            "features: 6 → 5",
            "work by estimate: 8 h 30 min → 8 h",
        ]
    )


def test_a_new_number_alone_is_no_change() -> None:
    first = """
title: T
milestones:
  - name: A
    validation: ["file: `a`"]
    features: [{title: One, criteria: ["file: `a`"]}, {title: Two, criteria: ["file: `b`"], depends: [One]}]
"""
    second = """
title: T
milestones:
  - name: Before
    validation: ["file: `c`"]
    features: [{title: Zero, criteria: ["file: `c`"]}]
  - name: A
    validation: ["file: `a`"]
    features: [{title: Two, criteria: ["file: `b`"], depends: [One]}, {title: One, criteria: ["file: `a`"]}]
"""
    assert said(difference(outline(first), outline(second))) == snapshot(
        ["+ milestone 1 Before", "+ 1.1 Zero", "milestones: 1 → 2", "features: 2 → 3"]
    )


WORDS = st.sampled_from(["import", "export", "items", "mail", "prices", "store", "page"])
FEATURES = st.tuples(
    st.lists(WORDS, min_size=1, max_size=3).map(" ".join),
    st.lists(WORDS.map(lambda word: f"file: `{word}`"), max_size=3, unique=True),
)


def built(stages: list[list[tuple[str, list[str]]]]) -> Outline:
    milestones = [
        OutlinedMilestone(
            m,
            f"Stage {m}",
            features=tuple(OutlinedFeature(f"{m}.{n}", t, criteria=tuple(c)) for n, (t, c) in enumerate(stage, 1)),
        )
        for m, stage in enumerate(stages, 1)
    ]
    return Outline("T", tuple(milestones))


@settings(max_examples=40, deadline=None)
@given(*[st.lists(st.lists(FEATURES, min_size=1, max_size=4), min_size=1, max_size=3)] * 2)
def test_each_feature_is_accounted_for_once(
    first: list[list[tuple[str, list[str]]]], second: list[list[tuple[str, list[str]]]]
) -> None:
    old, new = built(first), built(second)
    pairs = paired(old, new)
    before, after = ([one.number for one in side.features()] for side in (old, new))
    assert len(set(pairs.same.values())) == len(pairs.same)
    lost = [n for n in before if n not in pairs.same]
    come = [n for n in after if n not in pairs.same.values()]
    assert sorted(lost) == sorted([*pairs.removed, *(n for n in lost if n not in pairs.removed)])
    for number in lost:
        ways = [number in pairs.removed, number in pairs.split, any(number in parts for parts in pairs.joined.values())]
        assert any(ways), number
        assert not (ways[0] and (ways[1] or ways[2]))
    for number in come:
        ways = [number in pairs.added, number in pairs.joined, any(number in parts for parts in pairs.split.values())]
        assert any(ways), number
        assert not (ways[0] and (ways[1] or ways[2]))
    assert not difference(old, old)

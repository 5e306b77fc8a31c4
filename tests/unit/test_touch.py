"""Predicted files: where they come from, what they hold, how wrong ones lose weight, and whom each language imports."""

from __future__ import annotations

import pytest
from tests.kit.missions import feature, holds, mission, plan_of, record, run

from mission_cli._support.dataclass import replace
from mission_cli.document.runs.record import read_run, write_run
from mission_cli.domain.mission import Preferences
from mission_cli.domain.status import Cause, FeatureStatus
from mission_cli.domain.touch.facts import Changed, CodeFacts, Hint
from mission_cli.domain.touch.imports import imports_of
from mission_cli.domain.touch.predict import predicted
from mission_cli.domain.touch.score import accuracy, factors
from mission_cli.planner.core.moves.features import Dispatch

PATHS = ("docs/guide.md", "src/app.py", "src/cache.py", "src/store.py", "tests/test_app.py")
PREDICT = Preferences(shared_files="predict", max_parallel_workers=4, runner="script")


def test_the_plan_names_files_by_path_by_name_and_in_criteria() -> None:
    some = feature(
        "1.1", description="Change `store.py` and ./src/app.py.", criteria=(run("pytest tests/test_app.py"),)
    )
    hints = predicted(replace(some, files=("docs",)), CodeFacts(PATHS), {})
    assert {hint.path: (hint.weight, hint.source) for hint in hints} == {
        "docs": (1.0, "declared"),
        "src/store.py": (0.9, "named"),
        "src/app.py": (0.9, "named"),
        "tests/test_app.py": (0.6, "checked"),
    }


def test_what_changed_together_is_likely_and_older_commits_count_less() -> None:
    both, one = Changed("x", ("src/app.py", "src/store.py")), Changed("y", ("src/app.py",))
    recent = CodeFacts(PATHS, (*[both] * 14, *[one] * 6))
    named = feature("1.1", description="src/app.py")
    _, hint = predicted(named, recent, {})
    assert hint.path == "src/store.py"
    assert hint.why == "it changed together with src/app.py in 14 of 20 commits"
    assert 0.6 < hint.weight < 0.9
    (_, old) = predicted(named, CodeFacts(PATHS, (*[one] * 300, *[both] * 14)), {})
    assert old.weight < 0.1
    assert len(predicted(named, CodeFacts(PATHS, (both,)), {})) == 1, "one commit is no pattern"
    wide = Changed("all", (*(f"f{n}" for n in range(40)), "src/app.py"))
    assert len(predicted(named, CodeFacts(PATHS, (wide,) * 9), {})) == 1


def test_commits_about_the_same_and_imports_give_hints() -> None:
    past = Changed("1.2 Speed up cache lookups", ("src/cache.py",))
    some = replace(feature("1.1"), title="Speed up slow cache lookups")
    (hint,) = predicted(some, CodeFacts(PATHS, (past, Changed("Other", ("src/app.py",)))), {})
    assert (hint.path, hint.weight, hint.why) == ("src/cache.py", 0.7, "`1.2 Speed up cache lookups` changed it")
    weak = predicted(
        feature("1.1", description="src/app.py"), CodeFacts(PATHS, (), {"src/store.py": ("src/app.py",)}), {}
    )
    assert [(one.path, one.weight, one.why) for one in weak[1:]] == [("src/store.py", 0.18, "it imports src/app.py")]


A, B = Hint("src/app.py", 0.9, "named", "the plan names it"), Hint("src/app.py", 0.7, "together", "it changed together")


def test_a_strong_overlap_holds_a_feature_and_says_why_and_how_to_go_on() -> None:
    two = (feature("1.1"), feature("1.2"))
    plan = plan_of(mission(*two, preferences=PREDICT), touch={"1.1": (A,), "1.2": (B,)})
    words = "1.1 is being worked on, and both probably change src/app.py: for 1.2, it changed together"
    assert holds(plan, "1.2") == [("area", words)]
    (hold,) = (h for h in plan.holds if h.subject == "1.2")
    assert str(hold.unblock) == "mission set m preferences.shared_files wait"
    weak = replace(B, weight=0.5)
    for touch in ({"1.1": (A,), "1.2": (weak,)}, {"1.1": (A,)}, {}):
        started = [
            m for m in plan_of(mission(*two, preferences=PREDICT), touch=touch).transitions if type(m) is Dispatch
        ]
        assert len(started) == 2


def test_predictions_are_recorded_with_what_came_true() -> None:
    plan = plan_of(mission(feature("1.1"), preferences=PREDICT), touch={"1.1": (A, replace(B, weight=0.4))})
    (move,) = (m for m in plan.transitions if isinstance(m, Dispatch))
    assert move.record.expected == ("named src/app.py",)
    done = replace(move.record, changed=("src/app.py",))
    kept = read_run(write_run(done))
    assert kept is not None
    assert (kept.expected, kept.changed) == (done.expected, done.changed)


def test_precision_and_recall_and_what_wrong_hints_cost() -> None:
    right = record(
        "1.1-a1", Cause.DONE, expected=("named src", "together b.py"), changed=("src/a.py", "src/c.py", "d.py")
    )
    wrong = [record(f"1.2-a{n}", Cause.DONE, expected=("together x.py",), changed=("y.py",)) for n in range(1, 8)]
    assert accuracy([right]).words == "1 of 2 predicted files changed, and 2 of 3 changed files had been predicted"
    assert accuracy([]).words == ""
    assert factors([right, *wrong]) == {"named": 1.0, "together": 0.333}
    some = feature("1.1", FeatureStatus.PENDING, description="src/app.py")
    pair = CodeFacts(PATHS, (Changed("x", ("src/app.py", "src/store.py")),) * 9)
    assert [h.weight for h in predicted(some, pair, {"together": 0.333})] == [0.9, 0.3]


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        ("src/pkg/a.py", "from . import b\nfrom .c import x\nimport pkg.d.e\n", ("b.py", "c/__init__.py", "d/e.py")),
        ("src/pkg/c/f.py", "from ..b import y\nfrom pkg import (b as z)\nimport os\n", ("b.py",)),
        (
            "src/pkg/a.ts",
            "import {x} from './t'\nexport * from \"./u/index.js\"\nconst z = require('./j.js')\n",
            ("t.ts", "u/index.ts", "j.js"),
        ),
        ("src/pkg/m.go", 'import (\n\t"fmt"\n\tg "example.com/x/src/pkg/g"\n)\n', ("g/g1.go", "g/g2.go")),
        ("src/pkg/main.rs", "mod r;\nuse crate::pkg::s::{T};\nuse std::io;\n", ("r.rs", "s/mod.rs")),
        ("src/pkg/a.txt", "from . import b\n", ()),
    ],
)
def test_imports_are_read_line_by_line(path: str, text: str, names: tuple[str, ...]) -> None:
    there = "a.py b.py c/__init__.py c/f.py d/e.py t.ts u/index.ts j.js m.go g/g1.go g/g2.go main.rs r.rs s/mod.rs"
    paths = [f"src/pkg/{name}" for name in there.split()]
    assert imports_of({path: text}, paths) == ({path: tuple(f"src/pkg/{n}" for n in names)} if names else {})

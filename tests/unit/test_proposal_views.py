"""What `mission show --suggestions` and `--prd` print: a plain list, without the escape sequences of a document."""

from __future__ import annotations

from inline_snapshot import snapshot

from mission_cli.app.results.proposals import (
    RequiredMilestone,
    RequiredTask,
    RequirementsShown,
    SuggestedFeature,
    Suggestions,
)
from mission_cli.domain.ids import MissionId
from mission_cli.surfaces.lines import plain
from mission_cli.surfaces.views.proposals import requirements_lines, suggestions_lines

M = MissionId("m")


def test_suggestions_are_a_numbered_list() -> None:
    shown = Suggestions(
        M,
        "research/suggestions.json",
        "1b96eec",
        "",
        ["Python 3.12"],
        ["src: all of it"],
        [
            SuggestedFeature(1, "Dark\x1b[2J mode", "It is bright.\nPeople ask.", "2h", ["a.css", "b.css"]),
            SuggestedFeature(2, "Undo", "", "", []),
        ],
        ["1 more suggestion left out: only the first 5 count"],
    )
    assert plain(suggestions_lines(shown, 60)) == snapshot("""\
m: research/suggestions.json (1b96eec)

1  Dark�[2J mode  (2h)
    It is bright.
    People ask.
    a.css, b.css

2  Undo

stack
  Python 3.12

structure
  src: all of it

note: 1 more suggestion left out: only the first 5 count
""")
    broken = Suggestions(M, "research/suggestions.json", "1b96eec", "research/suggestions.json:1:1: error: it is empty")
    assert plain(suggestions_lines(broken, 60)) == snapshot("""\
m: research/suggestions.json (1b96eec)

research/suggestions.json:1:1: error: it is empty
""")


def test_requirements_are_milestones_with_tasks_and_their_criteria() -> None:
    shown = RequirementsShown(
        M,
        "research/prd.json",
        "1b96eec",
        "",
        "Undo",
        "Undo steps.",
        [
            RequiredMilestone(
                "Core",
                [
                    RequiredTask("1.1", "A stack", "In stack.py.", "1h", [], ["run: `make test`"]),
                    RequiredTask("1.2", "A key", "", "", ["1.1"], []),
                ],
                ["file: `stack.py`"],
            )
        ],
        ["feature 1.2 has no criterion"],
        ["`A key` depends on `z`, which is not in the document: left out"],
    )
    assert plain(requirements_lines(shown, 60)) == snapshot("""\
Undo
Undo steps.

Milestone 1: Core
  [ ] file: `stack.py`
  1.1 A stack  (1h)
    In stack.py.
    [ ] run: `make test`
  1.2 A key  (after 1.1)

1 milestone, 2 tasks: research/prd.json (1b96eec)

warning: feature 1.2 has no criterion
note: `A key` depends on `z`, which is not in the document:
left out
""")

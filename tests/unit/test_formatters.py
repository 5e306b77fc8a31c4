"""A formatter that wraps lines has run over a mission file: prettier --prose-wrap always, mdformat --wrap 80."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mission_cli.document.changes import SetMilestone
from mission_cli.document.editing import patch
from mission_cli.document.reading.load import load
from mission_cli.domain.status import MilestoneStatus

FILE = """\
---
id: m
title: T
status: active
budget: {{time_hours: 8}}
---

# T

## Milestones

### Milestone 1: One

{fields}

| #   | Feature | Status  |
| --- | ------- | ------- |
| 1.1 | one     | pending |

#### Validation Criteria

- [ ] file: `a`
"""
PLAIN = "**Status:** active\n**Estimate:** 2h\n**Started at:** 4f2c1a9\n**Rounds:** 1"
FORMS = {
    "as written": PLAIN,
    "one line": "**Status:** active **Estimate:** 2h **Started at:** 4f2c1a9 **Rounds:** 1",
    "several lines": "**Status:** active **Estimate:** 2h\n**Started at:** 4f2c1a9 **Rounds:** 1",
    "within a name": "**Status:** active **Estimate:** 2h **Started\nat:** 4f2c1a9 **Rounds:** 1",
    "before a value": "**Status:** active **Estimate:** 2h **Started at:** 4f2c1a9 **Rounds:**\n1",
    "colons outside": "**Status**: active **Estimate**: 2h **Started at**: 4f2c1a9 **Rounds**: 1",
    "bars": "**Status:** active | **Estimate:** 2h | **Started at:** 4f2c1a9 | **Rounds:** 1",
    "prose behind it": f"{PLAIN}\nThis milestone is about one thing.",
}


@pytest.mark.parametrize("fields", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_the_fields_of_a_milestone_are_read_and_written_wherever_they_stand(fields: str, eol: str) -> None:
    text = FILE.format(fields=fields).replace("\n", eol)
    loaded = load(text)
    (milestone,) = loaded.mission.milestones
    assert loaded.problems == ()
    assert (milestone.status, milestone.estimate_hours, milestone.started_at, milestone.rounds) == (
        MilestoneStatus.ACTIVE,
        Decimal(2),
        "4f2c1a9",
        1,
    )
    changes = [
        SetMilestone(1, "Status", "passed"),
        SetMilestone(1, "Rounds", "0"),
        SetMilestone(1, "Passed at", "123abcd"),
    ]
    now = load(patch.apply(text, changes, where="m")).mission.milestones[0]
    assert (now.status, now.estimate_hours, now.started_at, now.rounds, now.passed_at) == (
        MilestoneStatus.PASSED,
        Decimal(2),
        "4f2c1a9",
        0,
        "123abcd",
    )


def test_an_empty_field_in_the_middle_of_a_line_is_filled() -> None:
    text = FILE.format(fields="**Status:** **Estimate:** 2h")
    assert "**Status:** active **Estimate:** 2h" in patch.apply(text, [SetMilestone(1, "Status", "active")], where="m")


def test_a_criterion_in_a_field_keeps_its_code_and_says_what_is_not_read() -> None:
    def read(field: str) -> tuple[str, str]:
        text = FILE.format(fields=f"**Status:** active\n**Validation:** {field}").split("#### Validation")[0]
        criterion = load(text).mission.milestones[0].criteria[0]
        return criterion.command, criterion.wrong

    assert read("run: `grep '**Status:** x' f`") == ("grep '**Status:** x' f", "")
    assert read("run: `make` **Estimate:** 2h") == ("make", "")
    assert read("run: `set -e\nmake`")[1] == "its command continues in the next line"
    assert read("run: `make`\nand more")[1] == "`and more` outside the backticks cannot be read"


@pytest.mark.parametrize("key", ["managed: mission", "in_force: {time_hours: 8}"])
def test_front_matter_that_became_a_heading_is_an_error_and_not_a_draft(key: str) -> None:
    """As mdformat leaves it without its plug-in for front matter."""
    text = FILE.format(fields=PLAIN)
    body = text[text.index("# T") :]
    found = load(f"{'_' * 70}\n\n## id: m title: T status: active {key} budget: {{time_hours: 8}}\n\n{body}").problems
    assert [(p.line, p.message, p.severity) for p in found] == [
        (3, "a formatter has joined the lines of the front matter", "error")
    ]
    assert load(f"{body}\nThe key managed: mission is explained in the manual.\n").problems == ()

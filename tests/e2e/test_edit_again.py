"""`mission edit` on a terminal: an error is no dead end, a change of meaning is said, and an edit on disk is not lost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.people import HONEST
from tests.kit.terminal import terminal

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = """\
title: One feature
budget: {money_usd: 5}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features: [{title: one, criteria: ["file: `1.1.txt`"]}]
"""
EDITOR = """\
number=$(cat COUNT 2>/dev/null || echo 0); number=$((number + 1)); echo $number > COUNT
case $number in
  1) sed -i 's/| 1.1 | one/| 1.1 | one [depends:9.9]/' "$1" ;;
  2) sed -i 's/ \\[depends:9.9\\]//; s/money_usd: 5$/money_usd: 6/' "$1" ;;
  3) echo 'More words.' >> "$1" ;;
  4) sed -i 's/| 1.1 | one/| 1.1 | two/' "$1" ;;
esac
"""


def test_an_error_opens_the_editor_again_and_what_changes_more_than_words_is_said(person: Person) -> None:
    person.worker(HONEST)
    person.plan(PLAN)
    outside = person.repo.parent
    (outside / "editor.sh").write_text(EDITOR.replace("COUNT", f"{outside}/count"))
    with terminal(person.repo, EDITOR=f"sh {outside}/editor.sh", VISUAL="") as window:
        window.line("clear; mission edit")
        window.see("the text has errors and was not saved:", "1.1 depends on `9.9`, which does not exist", "What now?")
        window.line("edit")
        window.see("budget.money_usd: 5 → 6", "Save it? (save, edit, keep, discard)")
        window.line("save")
        window.see("m is saved")
        text = person.loaded().layout.text
        assert "money_usd: 6\n" in text
        assert "9.9" not in text
        window.line("clear; mission edit; echo it was number $(cat ../count)")
        window.see("m is saved", "it was number 3")
        person.file().write_text(person.file().read_text().replace("> One feature", "> One small feature", 1))
        window.line("clear; mission edit")
        window.see("an edit that is not committed:", "Edit and commit it, too? [Y/n]:")
        window.line("y")
        window.see("m is saved")
    committed = person.git("show", "missions:m/mission.md", cwd=person.repo / "missions")
    assert "> One small feature" in committed
    assert "| 1.1 | two" in committed
    assert person.git("status", "--porcelain", cwd=person.repo / "missions") == ""


@pytest.mark.parametrize(
    ("editor", "said"),
    [
        ("", "error: the editor needs a terminal\n hint: set EDITOR to a program that needs none\n"),
        ("false", "error: the editor ended with exit status 1; nothing was saved\n"),
        ("rm -f", "error: the editor removed the file; nothing was saved\n"),
        (
            "sh -c 'echo mine >> $0; exit 3'",
            "error: the editor ended with exit status 3; nothing was saved\n hint: your text is kept in ",
        ),
    ],
)
def test_an_editor_that_fails_loses_nothing(person: Person, editor: str, said: str) -> None:
    person.plan(PLAN)
    head = person.state_head()
    refused = person.process("edit", "m", env={"EDITOR": editor, "VISUAL": ""})
    assert (refused.code, refused.err[: len(said)], person.state_head()) == (2, said, head)
    kept = refused.err[len(said) :].strip()
    if kept:
        assert Path(kept).read_text() == f"{person.file().read_text()}mine\n"

"""The verdicts that `make conformance` prints: from what was seen, and from what is recorded of an earlier version."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.conformance.verdict import Judged, Seen, Verdict, exit_status, judge, read, write
from tests.conformance.vocabulary import members_of, needed_of

if TYPE_CHECKING:
    from pathlib import Path

RECORD = Seen(
    "1.0",
    endings={"success": "success, exit 0", "auth": "auth, exit 1", "resume": "success, exit 0"},
    wrong={},
    options=frozenset({"--json"}),
    members=frozenset({"result: cost"}),
    needed=frozenset({"result: cost"}),
)
NOW = replace(RECORD, version="1.1", members=RECORD.members | {"result: new"})


@pytest.mark.parametrize(
    ("seen", "expected", "words"),
    [
        (NOW, RECORD, "SUPPORTED"),
        (NOW, None, "SUPPORTED"),
        (replace(NOW, wrong={"resume": "twice billed"}), None, "PARTIAL: resume: twice billed"),
        (
            replace(NOW, wrong={"resume": "twice billed"}),
            replace(RECORD, wrong={"resume": "billed twice"}),
            "PARTIAL: resume: twice billed",
        ),
        (replace(NOW, wrong={"contained": "it wrote outside"}), None, "UNSUPPORTED: contained: it wrote outside"),
        (replace(NOW, wrong={"success": "no commit", "auth": "x"}), None, "UNSUPPORTED: success: no commit"),
        (replace(NOW, wrong={"resume": "twice billed"}), RECORD, "DRIFT: resume: twice billed"),
        (
            replace(NOW, endings={**NOW.endings, "auth": "auth, exit 41"}),
            RECORD,
            "DRIFT: auth ends with auth, exit 41, not with auth, exit 1",
        ),
        (replace(NOW, members=frozenset()), RECORD, "DRIFT: an event lacks a member: result: cost"),
        (replace(NOW, members=frozenset(), endings={}), RECORD, "SUPPORTED"),
        (replace(NOW, options=frozenset()), RECORD, "DRIFT: its help does not name --json"),
    ],
)
def test_the_verdict_on_a_version(seen: Seen, expected: Seen | None, words: str) -> None:
    assert str(judge(seen, expected)) == words


def test_only_drift_fails() -> None:
    others = {str(verdict): Judged(verdict) for verdict in Verdict if verdict is not Verdict.DRIFT}
    assert exit_status(others) == 0
    assert exit_status({**others, "one": Judged(Verdict.DRIFT, ("x",))}) == 1


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read("one", tmp_path) is None
    write("one", NOW, tmp_path)
    assert read("one", tmp_path) == replace(NOW, members=NOW.needed)


def test_the_members_that_matter_are_those_whose_absence_changes_the_report() -> None:
    log = '{"type":"thread.started","thread_id":"t","extra":{"deep":{"er":1}}}\n{"type":"turn.failed","error":{"message":"x"}}'
    assert members_of(log) == {
        "thread.started: type",
        "thread.started: thread_id",
        "thread.started: extra",
        "thread.started: extra.deep",
        "thread.started: extra.deep.er",
        "turn.failed: type",
        "turn.failed: error",
        "turn.failed: error.message",
    }
    assert needed_of("codex", log, 1) == {
        "thread.started: type",
        "thread.started: thread_id",
        "turn.failed: type",
        "turn.failed: error",
        "turn.failed: error.message",
    }

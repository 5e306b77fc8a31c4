"""What a person should know of an attempt: why it was not accepted, or which tests and checks it changed."""

from __future__ import annotations

import pytest
from tests.kit.missions import record

from mission_cli.domain.branches.against import LOOK_AT_CHANGES
from mission_cli.domain.status import Cause

CHANGED = f"{LOOK_AT_CHANGES}conftest.py: how tests run was changed"
TAKEN = "it changed protected paths: check.sh"


@pytest.mark.parametrize(
    ("cause", "detail", "finding"),
    [
        (None, "", ""),
        (Cause.DONE, "its work is on the branch of finished features", ""),
        (Cause.DONE, f"its work is on the branch of finished features; {CHANGED}", CHANGED),
        (Cause.TAMPERED, TAKEN, f"tampered: {TAKEN}"),
        (Cause.CRITERIA_FAILED, "file: `a`: missing", "criteria_failed: file: `a`: missing"),
    ],
)
def test_the_finding_of_an_attempt(cause: Cause | None, detail: str, finding: str) -> None:
    assert record("1.1-a1", cause, detail=detail).finding == finding

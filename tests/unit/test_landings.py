"""What approves a landing: a decision of its own, and no gate, whatever its name is."""

from __future__ import annotations

from mission_cli.document.reading.load import load

TEXT = """\
---
id: m
status: active
---
# M

## Gates

| Gate | Kind | After | Blocks | Rule | Notify | Status |
| --- | --- | --- | --- | --- | --- | --- |
| {gate} | approval | | | | | approved |

## Approvals

| Timestamp | Gate | Decision | By | Commit | Comment |
| --- | --- | --- | --- | --- | --- |
| 2026-11-28T00:00:00Z | land | approved | Ada | abc1234 | |
| 2026-11-28T00:01:00Z | landing | landing approved | Ada | def5678 | |
| 2026-11-28T00:02:00Z | landing approved | approved | Ada | 0000000 | |
"""


def landings(gate: str) -> list[str]:
    """Commits whose landing is approved in a mission with this gate."""
    return [approval.commit for approval in load(TEXT.format(gate=gate)).mission.landings]


def test_a_gate_that_is_called_land_approves_no_landing() -> None:
    assert landings("land") == ["def5678"]
    assert landings("Land") == ["def5678"]
    assert landings("landing") == ["abc1234", "def5678"]


def test_a_landing_that_an_older_version_approved_still_counts() -> None:
    assert landings("other") == ["abc1234", "def5678"]

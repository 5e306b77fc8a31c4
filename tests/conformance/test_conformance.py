"""Real agents in the same black-box cases; `docs/coding-agents.md` shows what came of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.conformance import table
from tests.conformance.cases import CASES, Case, perform
from tests.conformance.subjects import SUBJECTS
from tests.kit.agents import FOLDER, needs, needs_bubblewrap
from tests.kit.nightly import NIGHTLY

if TYPE_CHECKING:
    from pathlib import Path

_PACKAGES = {"opencode": "opencode-ai", "claude": "@anthropic-ai/claude-code", "codex": "@openai/codex"}


_BY_DAY = {"opencode": {"auth"}, "claude": {"cut stream", "resume"}, "codex": {"TERM", "resume"}}
"""Cases that run each time, one of each kind of ending; whole missions with each agent stand in tests/e2e."""


def _cases(*, slow: bool) -> list[tuple[str, Case]]:
    pairs = [(n, c) for n in SUBJECTS for c in CASES if (c.name not in _BY_DAY[n]) == slow]
    return [(name, case) for name, case in pairs if case.run(SUBJECTS[name]) is not None]


def _name(value: object) -> str:
    return value.name.replace(" ", "-") if isinstance(value, Case) else str(value)


def _holds(agent: str, case: Case, folder: Path) -> None:
    needs(agent)
    needs_bubblewrap()
    result = perform(case, SUBJECTS[agent], folder / "place")
    assert result is not None
    assert result.wrong == ()


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("agent", "case"), _cases(slow=False), ids=_name)
def test_a_case_comes_to_its_verdict_and_the_bill_is_the_servers(agent: str, case: Case, tmp_path: Path) -> None:
    _holds(agent, case, tmp_path)


@pytest.mark.nightly
@pytest.mark.skipif(not NIGHTLY, reason="takes minutes: run `make nightly`")
@pytest.mark.timeout(400)
@pytest.mark.parametrize(("agent", "case"), _cases(slow=True), ids=_name)
def test_a_slow_case_comes_to_its_verdict(agent: str, case: Case, tmp_path: Path) -> None:
    _holds(agent, case, tmp_path)


def test_the_page_shows_the_verdicts_that_are_proven_here_for_the_versions_that_are_pinned() -> None:
    pinned = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["dependencies"]
    expected = {
        name: (pinned[_PACKAGES[name]], {c.name: c.verdict if c.run(subject) else "–" for c in CASES})
        for name, subject in SUBJECTS.items()
    }
    assert table.read() == expected, "run `make conformance WRITE=1`"

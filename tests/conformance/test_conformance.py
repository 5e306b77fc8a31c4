"""Real agents in the same black-box cases; `docs/coding-agents.md` shows what came of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.conformance import table, verdict
from tests.conformance.bench import Bench, Run
from tests.conformance.cases import CASES, Case, perform
from tests.conformance.subjects import SUBJECTS, Subject
from tests.kit.agents import needs, needs_bubblewrap, pinned_version
from tests.kit.nightly import NIGHTLY, only_at_night

if TYPE_CHECKING:
    from pathlib import Path

_BY_DAY = {"opencode": {"auth"}, "claude": {"cut stream", "resume"}, "codex": {"TERM", "resume"}}
"""Cases that run each time, one of each kind of ending; whole missions with each agent stand in tests/e2e."""


def _cases(*, slow: bool) -> list[tuple[str, Case]]:
    pairs = [(n, c) for n in SUBJECTS for c in CASES if (c.name not in _BY_DAY.get(n, ())) == slow]
    return [(name, case) for name, case in pairs if case.run(SUBJECTS[name]) is not None]


def _name(value: object) -> str:
    return value.name.replace(" ", "-") if isinstance(value, Case) else str(value)


def _holds(agent: str, case: Case, folder: Path) -> None:
    needs(agent)
    needs_bubblewrap()
    result = perform(case, SUBJECTS[agent], folder / "place")
    assert result is not None
    known = verdict.read(agent)
    if known is None or case.name not in known.wrong:
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


def test_the_page_shows_the_verdicts_that_are_recorded_for_the_versions_that_are_pinned() -> None:
    pinned = {name: pinned_version(name) for name in SUBJECTS}
    seen = {name: verdict.read(name) or verdict.Seen("none") for name in SUBJECTS}
    assert {name: one.version for name, one in seen.items()} == pinned
    told = {name: {case: words.partition(",")[0] for case, words in one.endings.items()} for name, one in seen.items()}
    expected = {name: (pinned[name], {c.name: told[name].get(c.name, "–") for c in CASES}) for name in SUBJECTS}
    assert table.read() == expected, "run `make conformance WRITE=1`"
    judged = {name: str(verdict.judge(one, None).verdict) for name, one in seen.items()}
    assert table.read_verdicts() == {name: (pinned[name], judged[name]) for name in SUBJECTS}
    right = {
        n: {c.name: c.verdict for c in CASES if c.run(s) and c.name not in seen[n].wrong} for n, s in SUBJECTS.items()
    }
    assert {n: {c: v for c, v in told[n].items() if c not in seen[n].wrong} for n in SUBJECTS} == right


_ACTS = {"type": "command", "command": "touch planted.txt"}
_PLANTED = json.dumps(
    {
        "hooks": {name: [{"hooks": [_ACTS]}] for name in ("SessionStart", "BeforeAgent", "UserPromptSubmit")},
        "mcpServers": {"planted": {"command": "sh", "args": ["-c", "touch planted.txt"]}},
    }
)


@only_at_night
@pytest.mark.timeout(240)
@pytest.mark.parametrize("agent", ["gemini", "qwen"])
def test_settings_of_the_repository_act_only_if_a_person_says_so(tmp_path: Path, agent: str) -> None:
    needs(agent)
    needs_bubblewrap()
    works = next(case.script for case in CASES if case.name == "success")
    with Bench(tmp_path / "place", SUBJECTS[agent], works) as bench:
        bench.plant({f".{agent}/settings.json": _PLANTED})
        outcome = bench.run(Run())
        assert (outcome.verdict, outcome.evidence.changed) == ("success", ("work.txt",))
        assert "planted.txt" not in outcome.saved
        assert "Skipping system settings" not in outcome.log, "our own settings override the repository's"
        if agent == "qwen":
            assert "planted.txt" in bench.run(Run(trusting=True)).saved, "they would act"


@only_at_night
@pytest.mark.timeout(240)
def test_an_agent_that_names_its_answers_otherwise_has_drifted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real agent, with one name in its output changed."""
    needs_bubblewrap()
    changed = tmp_path / "codex"
    changed.write_text(f"#!/bin/sh\n{needs('codex')} \"$@\" | sed -u 's/agent_message/answer/g'\n")
    changed.chmod(0o755)
    monkeypatch.setattr(Subject, "program", str(changed))
    case = replace(next(case for case in CASES if case.name == "success"), run=lambda _: Run(sandbox=False))
    result = perform(case, SUBJECTS["codex"], tmp_path / "place")
    assert result is not None
    known = verdict.read("codex")
    assert known is not None
    wrong = {"success": "; ".join(result.wrong)}
    seen = verdict.Seen("1", {"success": result.outcome.ending}, wrong, options=known.options)
    judged = verdict.judge(seen, known)
    assert str(judged).startswith("DRIFT: success: the verdict is noop, not success")
    assert verdict.exit_status({"codex": judged}) == 1

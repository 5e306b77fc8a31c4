"""Damaged output never loses what a run cost and how it ended: torn, mixed, cut and repeated lines of real streams."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kit.nightly import NIGHTLY

from mission_cli.adapters.agents import AGENTS
from mission_cli.adapters.agents.torn import TORN, Events
from mission_cli.ports.agents.usage import Prices

if TYPE_CHECKING:
    from mission_cli.domain.runs.jobs import AgentReport

STREAMS = Path(__file__).parent / "streams"
NAMES = sorted(path.stem for path in STREAMS.glob("*.jsonl"))
PRICES = Prices({"input": Decimal("0.000003"), "output": Decimal("0.000015"), "cache_read": Decimal("0.0000003")})
GUESTS = (
    '{"type":"log","level":"info","fields":{"n":1,"at":{"x":[1,2]}}}',
    '{"jsonrpc":"2.0","method":"note","params":{"type":"result","total_cost_usd":99}}',
    "npm warn deprecated some package {not json",
    "",
    "\0\0\0",
)
LAST = {
    "opencode": '"reason":"stop"',
    "claude": '"type":"result"',
    "codex": '"turn.completed"',
    "gemini": '"type":"result"',
    "qwen": '"type":"result"',
}
"""What the event contains that ends each stream."""


def stream(name: str) -> list[str]:
    return (STREAMS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()


def read(name: str, lines: list[str]) -> AgentReport:
    reader = AGENTS[name].reader(prompt_size=400, prices=PRICES)
    for line in lines:
        reader.line(line)
    return reader.report(0)


def verdict(report: AgentReport) -> tuple[object, ...]:
    assert report.usage is not None
    return report.cause, report.usage.usd, dict(report.usage.tokens), report.session, report.steps


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=200 if NIGHTLY else 25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_whole_lines_of_another_process_anywhere_change_nothing(name: str, seed: int) -> None:
    """Between lines, and within them: a long line is written in pieces."""
    chance = random.Random(seed)  # noqa: S311 - a reproducible disturbance
    text = "\n".join(stream(name))
    for at in sorted((chance.randrange(len(text)) for _ in range(chance.randint(1, 4))), reverse=True):
        guest = chance.choice(GUESTS[:2] if text[at - 1 : at] != "\n" else GUESTS)
        text = f"{text[:at]}{guest}\n{text[at:]}"
    if chance.random() < 0.5:
        text = "\0".join(text[at : at + 5000] for at in range(0, len(text), 5000))
    assert verdict(read(name, text.split("\n"))) == verdict(read(name, stream(name)))


@pytest.mark.parametrize("name", NAMES)
def test_the_last_event_torn_at_any_place_by_a_line_of_text_keeps_the_cause_and_no_cost_is_invented(name: str) -> None:
    lines = stream(name)
    expected = read(name, lines)
    at = max(number for number, line in enumerate(lines) if LAST[name] in line)
    known = 0
    for cut in range(lines[at].index('"', 10) + 20, len(lines[at]) - 1, 1 if NIGHTLY else 37):
        torn = [*lines[:at], f"{lines[at][:cut]}npm warn something", lines[at][cut:], *lines[at + 1 :]]
        found = read(name, torn)
        assert found.cause is expected.cause, cut
        assert found.usage is not None
        assert found.usage.usd in {expected.usage.usd if expected.usage else None, None}, cut
        known += found.usage.usd is not None
    assert known


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_that_ends_within_its_last_event_has_no_smaller_bill(name: str) -> None:
    lines = stream(name)
    at = max(number for number, line in enumerate(lines) if LAST[name] in line)
    expected = read(name, lines).usage
    assert expected is not None
    for cut in range(1, len(lines[at]), 1 if NIGHTLY else 23):
        found = read(name, [*lines[:at], lines[at][:cut]])
        assert found.usage is not None
        assert found.usage.usd is None or found.usage.usd <= (expected.usd or 0) * 4
        assert found.usage.usd is None or found.usage.usd > 0 or name in {"codex", "gemini"}, (
            "the rest is in their files"
        )
    without_end = read(name, [line for line in lines if line][: at + 1])
    assert verdict(without_end) == verdict(read(name, lines))


@pytest.mark.parametrize("name", NAMES)
def test_final_events_that_are_repeated_are_counted_once(name: str) -> None:
    lines = stream(name)
    at = max(number for number, line in enumerate(lines) if LAST[name] in line)
    expected = verdict(read(name, lines))
    assert verdict(read(name, [*lines, lines[at]])) == expected
    assert verdict(read(name, [*lines[: at + 1], "noise", lines[at], lines[at], *lines[at + 1 :]])) == expected
    assert verdict(read(name, [*lines[:at], lines[at] * 2, *lines[at + 1 :]])) == expected


def test_the_members_in_front_of_a_tear_and_behind_it_are_kept() -> None:
    whole = {"type": "result", "a": {"b": 1, "c": [2]}, "text": "hello", "usd": 1.5, "usage": {"input": 7, "out": 8}}
    line = json.dumps(whole, separators=(",", ":"))
    cut = line.index("llo")
    events = Events()
    assert events.of(f"{line[:cut]}warning") == []
    assert events.of(line[cut:]) == [{**json.loads(line, parse_float=Decimal), "text": "hewarningllo"}]
    cut = line.index('"usd') - 1
    assert events.of(f"{line[:cut]}warning") == []
    assert events.of(line[cut:]) == [
        {"type": "result", "a": {"b": 1, "c": [2]}, "usd": Decimal("1.5"), "usage": {"input": 7, "out": 8}, TORN: True}
    ]
    events = Events()
    assert events.of(line[: line.index("7")]) == []
    assert events.rest() == [
        {"type": "result", "a": {"b": 1, "c": [2]}, "text": "hello", "usd": Decimal("1.5"), TORN: True}
    ]
    assert events.rest() == []


def test_hostile_output_takes_no_time() -> None:
    events = Events()
    lines = ['{"a":' * 60_000, '{"type":"x","a":[' + '{"b":1},' * 30_000, *(["x}"] * 100), '{"' * 100_000]
    assert [one for line in lines for one in events.of(line)] == [{"type": "x", TORN: True}]

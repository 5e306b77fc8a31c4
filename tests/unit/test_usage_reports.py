"""What workers and agents say of their cost: known names are read, nothing that cannot be is taken for a figure."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mission_cli._support.text import parse_stamp
from mission_cli.adapters.agents import AGENTS
from mission_cli.adapters.agents.figures import MOST_DOLLARS, MOST_TOKENS
from mission_cli.adapters.agents.usage import read_usage
from mission_cli.adapters.executors.jobs.folder import LONGEST_ACTION, JobFolder
from mission_cli.adapters.executors.supervise import job_costs
from mission_cli.adapters.executors.supervise.job_costs import Account
from mission_cli.adapters.secrets.screen import SecretRules
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import JobKind
from mission_cli.ports.agents.usage import Prices
from mission_cli.ports.executor import Caps, JobSpec, Program, Tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mission_cli.adapters.executors.jobs.output import Output
    from mission_cli.domain.runs.usage import Tally

PRICES = Prices({"input": Decimal("0.000001"), "output": Decimal("0.000002")})
ODD: list[object] = [
    *("inf", "-1", "nan", "1e30", "1e999999999", "-0.01", "", "3 dollars", "٣", "1" * 5000),
    *(None, True, [], {}, -1, 10**30, float("inf"), float("nan"), 1e308),
]


@pytest.mark.parametrize(
    ("report", "usd", "tokens"),
    [
        ('{"cost_usd": 0.42, "input_tokens": 1200, "reasoning_tokens": 8}', "0.42", {"input": 1200, "reasoning": 8}),
        ('{"total_cost_usd": 3.0, "usage": {"input_tokens": 900000}}', "3.0", {"input": 900000}),
        ('{"costUSD": 3, "inputTokens": 9, "cacheCreationInputTokens": 2}', "3", {"input": 9, "cache_write": 2}),
        ('{"cost": "$1.50", "prompt_tokens": 7, "completion_tokens": 2}', "1.50", {"input": 7, "output": 2}),
        ('{"usage": {"cost": 2, "total_tokens": 900}}', "2", {"other": 900}),
        ('{"cost_usd": 0, "input_tokens": "900000"}', "0", {"input": 900000}),
        ('{"cost_usd": 0, "input_tokens": 900000.0}', "0", {"input": 900000}),
        ('{"cost_usd": 1, "total_cost_usd": 3}', "3", {}),
    ],
)
def test_the_names_that_agents_use_are_read(report: str, usd: str, tokens: dict[str, int]) -> None:
    found = read_usage(report)
    assert found is not None
    assert (found.usd, dict(found.tokens), found.source) == (Decimal(usd), tokens, "reported")


@pytest.mark.parametrize(
    ("report", "source"),
    [
        (
            '{"price": 3, "spent\\ud800\\u001b[2J": 1}',
            "reported without a cost, not known: price, spent\\ud800\\x1b[2J",
        ),
        ('{"input_tokens": 5}', "reported without a cost"),
        ('{"cost_usd": null, "note": "x"}', "reported, cannot be read: cost_usd, not known: note"),
        ('{"cost_usd": 1, "input_tokens": "many"}', "reported, cannot be read: input_tokens"),
        ('{"cost_usd": Infinity}', "reported, cannot be read: cost_usd"),
        ('{"cost": 5, "currency": "EUR"}', "reported, cannot be read: currency"),
        ('{"usage": {"cost": 5, "cost_currency": 978}}', "reported, cannot be read: cost_currency"),
        ("[" * 100_000, "unreadable report"),
        ('{"cost_usd": 1' + "0" * 5000 + "}", "unreadable report"),
        ("\ufffd\ufffd", "unreadable report"),
        ("[1]", "unreadable report"),
        ('{"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1}', "reported without a cost, not known: a, b, c, d, e, …"),
    ],
)
def test_what_cannot_be_read_is_unknown_and_named(report: str, source: str) -> None:
    found = read_usage(report)
    assert found is not None
    assert (found.usd, found.source) == (None, source)


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("key", ["cost_usd", "input_tokens"])
def test_a_figure_that_cannot_be_is_unknown(key: str, odd: object) -> None:
    found = read_usage(json.dumps({"cost_usd": 1, "output_tokens": 3, key: odd}))
    assert found is not None
    assert found.usd is None
    assert all(0 <= n <= MOST_TOKENS for n in found.tokens.values())


def test_tokens_without_a_cost_are_paid_by_the_list() -> None:
    found = read_usage('{"input_tokens": 1000, "output_tokens": 1}', PRICES)
    assert found == Usage(
        usd=Decimal("0.001002"), tokens={"input": 1000, "output": 1}, source="reported tokens, list prices"
    )


@given(st.text() | st.binary().map(lambda b: b.decode("utf-8", "replace")))
def test_no_text_at_all_breaks_the_reading(text: str) -> None:
    found = read_usage(text)
    assert (found is None) is not bool(text.strip())
    assert found is None or found.usd is None or 0 <= found.usd <= MOST_DOLLARS


def a_fifo(place: Path) -> None:
    os.mkfifo(place)


def a_link(place: Path) -> None:
    place.symlink_to("/etc/hostname")


def a_large_file(place: Path) -> None:
    with place.open("wb") as out:
        out.write(b'{"cost_usd": 0.1, "x": "')
        out.truncate(3_000_000_000)


@pytest.mark.parametrize("make", [a_fifo, a_link, a_large_file, lambda place: place.mkdir()])
def test_a_usage_file_that_is_none_is_an_unknown_cost(tmp_path: Path, make: Callable[[Path], None]) -> None:
    job = JobFolder(tmp_path)
    job.usage.parent.mkdir()
    make(job.usage)
    spec = JobSpec(
        key="m/1.1-a1",
        kind=JobKind.WORKER,
        tree=Tree(commit=""),
        program=Program(argv=(), agent="command"),
        caps=Caps(max_usd="0.5"),
    )
    account = Account(job, spec, {}, SecretRules())
    limits = account.limits(AGENTS["command"])
    limits.look(account.usage_text())
    usage = limits.report(0, "").usage
    assert usage is not None
    assert (usage.usd, usage.source) == (None, "unreadable report")


def test_what_was_seen_is_never_taken_back(tmp_path: Path) -> None:
    job = JobFolder(tmp_path)
    spec = JobSpec(
        key="m/1.1-a1",
        kind=JobKind.WORKER,
        tree=Tree(commit=""),
        program=Program(argv=(), agent="command"),
        caps=Caps(max_usd="0.5"),
    )
    limits = Account(job, spec, {}, SecretRules()).limits(AGENTS["command"])
    bills = []
    for text in ('{"cost_usd": 0.3, "input_tokens": 10}', "", '{"cost_usd": 0.01}', "[", '{"cost_usd": 3}', "["):
        limits.look(text)
        bill = limits.bill()
        bills.append((bill.usd, dict(bill.tokens)))
    tokens = {"input": 10}
    assert bills[:3] == [(Decimal("0.3"), tokens)] * 3
    assert bills[3] == (None, tokens), "its reserve, which is held, covers what was seen"
    assert bills[4:] == [(Decimal(3), tokens)] * 2, "no reserve covers that"


def test_a_later_supervisor_knows_what_the_first_one_saw(tmp_path: Path) -> None:
    job = JobFolder(tmp_path)
    job.write_bill(Usage(usd=Decimal("0.25"), tokens={"input": 7}))
    spec = JobSpec(key="m/1.1-a1", kind=JobKind.WORKER, tree=Tree(commit=""), program=Program(argv=(), agent="command"))
    usage = Account(job, spec, {}, SecretRules()).from_log(None).usage
    assert usage is not None
    assert (usage.usd, dict(usage.tokens)) == (Decimal("0.25"), {"input": 7})


def told(tmp_path: Path, *lines: str, usage: str = "", rules: SecretRules | None = None) -> Tally | None:
    """What people see of a program that has printed these lines in the tree `tmp_path`."""
    job = JobFolder(tmp_path)
    spec = JobSpec(key="m/1.1-a1", kind=JobKind.WORKER, tree=Tree(commit=""), program=Program(argv=(), agent="command"))
    account = Account(job, spec, {"PWD": os.fspath(tmp_path)}, rules or SecretRules())
    limits = account.limits(AGENTS["command"])
    limits.take([*lines], [])
    limits.look(usage)
    account.keep(limits, cast("Output", Silent()))
    return job.read_tally()


class Silent:
    """An output with a log that needs no sync."""

    def sync(self) -> None:
        """Do nothing."""


def test_the_tally_of_a_run_has_its_cost_and_what_it_does(tmp_path: Path) -> None:
    assert told(tmp_path) is None
    tally = told(tmp_path, f"edit {tmp_path}/src/app.py", usage='{"cost_usd": 0.12, "input_tokens": 7}')
    assert tally is not None
    assert (tally.usd, tally.tokens, tally.action) == (Decimal("0.12"), {"input": 7}, "edit src/app.py")
    assert parse_stamp(tally.last_event) is not None


def test_the_tally_has_no_secret_no_control_character_and_one_short_line(tmp_path: Path) -> None:
    key = "AKIA" + "ABCDEFGH23456789"
    tally = told(tmp_path, f"deploy\x1b]0;owned\x07 --key {key}\r\n{'x' * 9000}")
    assert tally is not None
    assert key not in (tmp_path / "tally.json").read_text()
    assert tally.action.startswith("deploy\N{REPLACEMENT CHARACTER}]0;owned\N{REPLACEMENT CHARACTER} --key [secret: ")
    assert (len(tally.action), tally.action.isprintable()) == (LONGEST_ACTION, True)


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_a_tally_that_is_none_is_not_shown(tmp_path: Path, odd: object) -> None:
    job = JobFolder(tmp_path)
    job.tally.write_text(json.dumps(odd))
    assert job.read_tally() is None
    job.tally.write_text(
        json.dumps({"usd": odd, "tokens": {"input": odd}, "steps": odd, "last_event": odd, "action": 3})
    )
    tally = job.read_tally()
    assert tally is None or (tally.action, tally.last_event) == ("3", "")


def test_the_tally_is_replaced_at_once_when_a_step_is_over_else_every_few_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, now = JobFolder(tmp_path), [1000.0]
    monkeypatch.setattr(job_costs, "time", SimpleNamespace(monotonic=lambda: now[0]))
    spec = JobSpec(key="m/1.1-a1", kind=JobKind.WORKER, tree=Tree(commit=""), program=Program(argv=(), agent="command"))
    account = Account(job, spec, {}, SecretRules())
    limits, output = account.limits(AGENTS["command"]), cast("Output", Silent())
    seen = []
    for seconds, line, usage in (
        (0.0, "one", ""),
        (1.0, "two", ""),
        (1.0, "three", ""),
        (0.5, "four", '{"cost_usd": 1}'),
        (9.0, "", ""),
        (0.0, "five", ""),
    ):
        now[0] += seconds
        limits.take([line] if line else [], [])
        limits.look(usage)
        account.keep(limits, output)
        tally = job.read_tally()
        assert tally is not None
        seen.append((tally.action, tally.usd))
    free, paid = Decimal(0), Decimal(1)
    assert seen == [("one", free), ("one", free), ("three", free), ("four", paid), ("four", paid), ("five", paid)]


LEAF: st.SearchStrategy[object] = st.sampled_from(
    [None, True, -1, 3, 10**30, 1.5, 1e308, "", "9" * 300, "resets in 9999d", [], [1], {}]
)
NAMES = {
    "claude": "type event usage message session_id result num_turns total_cost_usd modelUsage rate_limit_info is_error "
    "permission_denials api_error_status subtype input_tokens output_tokens content errors resetsAt status",
    "codex": "type item usage thread_id error message text input_tokens cached_input_tokens output_tokens exit_code",
    "opencode": "type part tokens cost reason sessionID state metadata sessionId error data statusCode responseHeaders "
    "input output cache read write tool text retry-after message name",
}
KINDS = (
    "stream_event assistant rate_limit_event result message_delta thread.started item.completed turn.completed "
    "turn.failed error step_start text step_finish tool_use"
)


@pytest.mark.parametrize("agent", sorted(NAMES))
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_event_breaks_a_reader_or_makes_an_absurd_bill(agent: str, data: st.DataObject) -> None:
    names = st.sampled_from(NAMES[agent].split())
    inner = st.dictionaries(names, LEAF | st.dictionaries(names, LEAF, max_size=3), max_size=5)
    reader, log = AGENTS[agent].reader(prompt_size=100, prices=PRICES), AGENTS[agent].log_reader()
    for event in data.draw(st.lists(inner, max_size=4)):
        kind = data.draw(st.sampled_from(KINDS.split()))
        line = json.dumps({**event, "type": kind})
        reader.line(line)
        list(map(str, log.line(line)))
        reader.note(line)
    report = reader.report(data.draw(st.sampled_from([0, 1, -9, None])))
    usage = reader.tally(), report.usage
    assert report.usage is None or report.usage.usd is None or 0 <= report.usage.usd <= 4 * 20 * MOST_DOLLARS, usage
    assert len(report.session) <= 200

"""A mistake in the settings is told with its place, or what it says is within bounds; nothing else comes of it."""

from __future__ import annotations

import json
import tomllib
from dataclasses import fields
from datetime import timedelta
from decimal import Decimal

import pytest
from inline_snapshot import snapshot

from mission_cli.domain.errors import MissionError, UsageError
from mission_cli.settings import RunnerSettings, Settings, TreeSettings, check, parse, with_setup

ODD = (
    *('""', "0", "-5", "1e400", "99999999999999999999", "inf", "nan", '"5,50"', '"about five"', '"unlimited"', '"-1h"'),
    *("[]", "[1]", '["x"]', "{}", "true", '"99999999h"', '"0s"', "1.5", "2026-11-20", "'''a\nb'''"),
)
TABLES: dict[str, object] = {"": Settings(), "tree.": TreeSettings(), "runners.script.": RunnerSettings()}
NAMES = [f"{prefix}{field.name}" for prefix, table in TABLES.items() for field in fields(table)]  # type: ignore[arg-type]  # values of a case
NAMES = [name for name in NAMES if name not in {"tree", "runners"}]


def written(name: str, text: str) -> str:
    table, _, key = name.rpartition(".")
    return f"[{table}]\n{key} = {text}\n" if table else f"{key} = {text}\n"


def bounded(value: object) -> bool:
    if isinstance(value, timedelta):
        return timedelta(0) <= value <= timedelta(days=366)
    if isinstance(value, int | Decimal):
        return Decimal(0) <= Decimal(value) <= Decimal(10) ** 12
    return True


def test_every_setting_and_every_mistake_are_tried() -> None:
    assert len(NAMES) * (len(ODD) + 1) > 900


def said(name: str, text: str) -> str:
    """What is said of a setting; empty where it counts, and then it stays within bounds."""
    try:
        settings = parse(written(name, text), "/x/.mission.toml")
        check(settings)
    except MissionError as error:
        return str(error)
    holder: object = settings.tree if name.startswith("tree.") else settings
    holder = settings.runners["script"] if name.startswith("runners.") else holder
    assert bounded(getattr(holder, name.rpartition(".")[2])), (name, text)
    return ""


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_is_told_with_its_place_or_stays_within_bounds(name: str) -> None:
    words = [told for text in ODD if (told := said(name, text))]
    assert words, "each of them takes one kind of value"
    assert all(name.rpartition(".")[2] in told or "/x/.mission.toml" in told for told in words)


@pytest.mark.parametrize("name", NAMES)
def test_a_misspelled_setting_is_refused_with_what_was_meant(name: str) -> None:
    misspelled = name[:-2] + name[-1] + name[-2] if name[-1] != name[-2] else f"{name}x"
    with pytest.raises(MissionError) as refused:
        parse(written(misspelled, '"x"'), "/x/.mission.toml")
    assert f"`{misspelled}`" in refused.value.message
    assert refused.value.hint


def test_a_key_that_no_proxy_can_add_is_refused_and_never_quoted() -> None:
    wrong = {
        "A-B": "env:K proxy https://a.example K: {}",
        "A": "sk_live_1234567890abcdef proxy https://a.example K: {}",
        "B": "env:K",
        "C": "env:K proxy http://a.example K: {}",
        "D": "env:K proxy https://a.example K: sk_live_1234567890abcdef",
    }
    words = []
    for name, text in wrong.items():
        with pytest.raises(UsageError) as refused:
            check(parse(f"[runners.script]\nproxy = {{{name} = {json.dumps(text)}}}", "x"))
        words.append(refused.value.message)
    assert words == snapshot(
        [
            "`runners.script.proxy` has 'A-B', which no variable can be called",
            "`runners.script.proxy.A` does not begin with a reference to a key",
            "`runners.script.proxy.B`: the delivery is not a proxy for one host",
            "`runners.script.proxy.C`: the delivery would carry the key without encryption",
            "`runners.script.proxy.D`: the delivery does not have {} exactly once",
        ]
    )
    check(parse('[runners.script]\nproxy = {A = "env:K proxy https://a.example K: {}"}', "x"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", '[tree]\nsetup = "npm ci"\n'),
        ("# mine\nsandbox = 'off'\n", "# mine\nsandbox = 'off'\n\n[tree]\nsetup = \"npm ci\"\n"),
        ("[tree] # mine\ncopy = ['a']\n", "[tree] # mine\nsetup = \"npm ci\"\ncopy = ['a']\n"),
        ("x = 1\n[ tree ]", 'x = 1\n[ tree ]\nsetup = "npm ci"'),
    ],
)
def test_the_setup_of_trees_is_written_where_it_counts(text: str, expected: str) -> None:
    assert with_setup(text, "npm ci") == expected
    assert tomllib.loads(with_setup(text, 'say "ä"'))["tree"]["setup"] == 'say "ä"'

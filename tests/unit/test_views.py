"""What a terminal shows: every view at four widths, with and without color, and what is never cut."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.kit.views import PICTURES, listed, mission, pictures

from mission_cli.app.results.views import Money
from mission_cli.domain.runs.usage import Tally
from mission_cli.surfaces.keys import names
from mission_cli.surfaces.lines import Size, cells, clip, cut, length, line, plain, said, wrap
from mission_cli.surfaces.views.listing import list_lines
from mission_cli.surfaces.views.page import frame, status_lines
from mission_cli.surfaces.views.text import money, so_far

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
KEYS = [line("q quit")]


def test_every_view_is_as_its_picture_shows() -> None:
    """`python -m tests.kit.views` writes the pictures anew."""
    assert {file.name for file in PICTURES.iterdir()} == set(pictures())
    for name, text in pictures().items():
        assert text == (PICTURES / name).read_text(encoding="utf-8"), name


@pytest.mark.parametrize("width", range(50, 201, 5))
def test_nothing_that_a_person_needs_is_cut(width: int) -> None:
    view = mission()
    shown = status_lines(view, Size(width, 0), everything=True)
    commands = [str(waiting.unblock) for waiting in view.waiting_for]
    for one in shown:
        text = plain([one]).rstrip()
        assert cells(text) <= width or text.strip() in commands
    together = said(plain(shown))
    for milestone in view.milestones:
        for feature in milestone.features:
            reasons = [b.detail for b in feature.blocked_by if b.kind != "milestone"]
            for needed in (feature.number, feature.shown_as, *reasons, feature.finding):
                assert needed in together, needed
    for waiting in view.waiting_for:
        assert waiting.name in together
        assert str(waiting.unblock) in together
    list_text = said(plain(list_lines(listed(), width)))
    for mine in listed():
        for needed in (mine.id, mine.status, f"{mine.done}/{mine.planned}", mine.error):
            assert needed in list_text
    assert all(length(row) <= width for row in list_lines(listed(), width))


@pytest.mark.parametrize("width", range(30, 201, 17))
def test_a_screen_has_its_size_and_shows_who_is_chosen(width: int) -> None:
    view = mission()
    for height in range(8, 60, 3):
        for chosen in ("", "1.2", "3.3", "7.5"):
            shown = frame(view, Size(width, height), chosen=chosen, keys=KEYS, news=["one", "two"])
            assert len(shown) == height
            assert all(length(row) <= width for row in shown)
            assert shown[-1] == KEYS[0]
            if chosen and height >= 20:
                assert f"> {chosen}" in plain(shown)


def test_what_fits_is_not_folded_and_what_does_not_fit_is_folded_step_by_step() -> None:
    view = mission()
    everything = status_lines(view, Size(120, 0))
    assert status_lines(view, Size(120, len(everything) + 1)) == everything
    lengths = [len(status_lines(view, Size(120, height))) for height in range(len(everything) + 1, 20, -1)]
    assert lengths == sorted(lengths, reverse=True)
    short = plain(status_lines(view, Size(120, 41)))
    assert "✓ 1 Core          5/5  $2.10  41 min\n" in short
    assert "1.1" not in short
    assert "3.1" in short


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        (f"{FAMILY}{FAMILY}", 4, f"{FAMILY}{FAMILY}"),
        (f"{FAMILY}{FAMILY}", 3, f"{FAMILY}…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
        ("abc", 0, ""),
    ],
)
def test_text_is_cut_by_cells_and_never_inside_of_a_character(text: str, width: int, short: str) -> None:
    assert cut(text, width) == short


@pytest.mark.parametrize(
    ("text", "width", "rows"),
    [
        ("one two three", 0, ["one two three"]),
        ("one two three", 7, ["one two", "three"]),
        ("a verylongword b", 6, ["a", "verylo", "ngword", "b"]),
        ("日本語の名前 x", 5, ["日本", "語の", "名前", "x"]),
    ],
)
def test_text_is_wrapped_by_cells(text: str, width: int, rows: list[str]) -> None:
    assert wrap(text, width) == rows


def test_a_line_that_is_too_long_ends_with_an_ellipsis() -> None:
    assert clip(line("abc", ("def", "red"), "g"), 6) == line("abc", ("de…", "red"))
    assert clip(line("abc", ("def", "red")), 6) == line("abc", ("def", "red"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{FAMILY} \U0001f469\U0001f3fd\u200d\U0001f4bb \u2764\ufe0f\u200d\U0001f525", None),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", None),
        ("mission\u200d approve", "mission\N{REPLACEMENT CHARACTER} approve"),
        ("\u200dx\u200d", "\N{REPLACEMENT CHARACTER}x\N{REPLACEMENT CHARACTER}"),
        ("a\u202egpj.exe", "a\N{REPLACEMENT CHARACTER}gpj.exe"),
        ("\x1b[2J two\n  lines", "\N{REPLACEMENT CHARACTER}[2J two lines"),
    ],
)
def test_emoji_stay_whole_and_what_commands_a_terminal_does_not(text: str, shown: str | None) -> None:
    assert said(text) == (text if shown is None else shown)


def test_keys_have_names_and_what_is_unknown_is_ignored() -> None:
    assert names(b"\x1b[A\x1bOBq\r\x1b[15~l\x1b") == ["up", "down", "q", "enter", "l", "back"]
    assert names(b"\x1b[<0;1;1M\xe6\x97\xa5w") == ["w"]


@pytest.mark.parametrize(
    ("tally", "words"),
    [
        (None, ""),
        (Tally(), ""),
        (Tally(Decimal("0.1234"), {"input": 900}, 3, action="edit src/app.py"), "$0.12 so far, edit src/app.py"),
        (Tally(Decimal("0.0004"), {"input": 9}), "under $0.01 so far"),
        (Tally(None, {"input": 900, "output": 80}), "980 tokens so far"),
        (Tally(Decimal(0), {"input": 900}, action="bash pytest -q"), "900 tokens so far, bash pytest -q"),
        (Tally(None, action="\x1b[2Jgone"), "cost unknown so far, \N{REPLACEMENT CHARACTER}[2Jgone"),
    ],
)
def test_a_running_attempt_shows_what_it_has_used_and_does(tally: Tally | None, words: str) -> None:
    assert so_far(tally) == words


@pytest.mark.parametrize(
    ("category", "running", "words"),
    [
        ("usd", Decimal("0.1234"), "$1.20 of $20, running $0.12 of $0.50 reserved, cost of 1 attempt unknown"),
        ("usd", Decimal(0), "$1.20 of $20, $0.50 reserved, cost of 1 attempt unknown"),
        ("usd", None, "$1.20 of $20, $0.50 reserved, cost of 1 attempt unknown"),
        ("tokens", Decimal(1200), "2 of 20, running 1.2 k"),
    ],
)
def test_the_budget_names_what_running_attempts_have_used(category: str, running: Decimal | None, words: str) -> None:
    amounts = {
        "usd": Money(Decimal(20), Decimal("1.2"), Decimal("0.5"), unknown_runs=1),
        "tokens": Money(Decimal(20), Decimal(2), Decimal(0)),
    }
    assert money(category, amounts[category], running) == words

"""The keys file in every form in which editors, shells and other tools write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mission_cli.adapters.fs.env_file import commented_values, read_environment
from mission_cli.domain.errors import DocumentError

if TYPE_CHECKING:
    from pathlib import Path

KEY = "sk-abc123"
FORMS = {
    "plain": b"K=sk-abc123\n",
    "without a line end": b"K=sk-abc123",
    "lines of Windows": b"A=x\r\nK=sk-abc123\r\nB=y\r\n",
    "lines of old Macs": b"A=x\rK=sk-abc123\rB=y\r",
    "mixed lines": b"A=x\rK=sk-abc123\r\nB=y\n",
    "a byte order mark": b"\xef\xbb\xbfK=sk-abc123\n",
    "a byte order mark and lines of Windows": b"\xef\xbb\xbfK=sk-abc123\r\n",
    "a byte order mark before a comment": b"\xef\xbb\xbf# mine\nK=sk-abc123\n",
    "double quotes": b'K="sk-abc123"\n',
    "single quotes": b"K='sk-abc123'\n",
    "quotes and lines of Windows": b'K="sk-abc123"\r\n',
    "quotes and a comment behind them": b'K="sk-abc123"  # of the team\n',
    "single quotes and a comment with quotes": b"K='sk-abc123' # it's 'mine'\n",
    "export": b"export K=sk-abc123\n",
    "export, a tab and quotes": b"export\tK='sk-abc123'\n",
    "spaces around": b"  K = sk-abc123  \n",
    "a tab behind": b"K=sk-abc123\t\n",
    "a no-break space behind": "K=sk-abc123\u00a0\n".encode(),
    "comments and empty lines": b"# keys\n\n   # more\nK=sk-abc123\n\n",
    "a comment with a byte that is no UTF-8": b"# caf\xe9\nK=sk-abc123\n",
    "twice, the last one counts": b"K=old\nK=sk-abc123\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_key_is_read_in_every_form(tmp_path: Path, form: str) -> None:
    place = tmp_path / "env"
    place.write_bytes(FORMS[form])
    assert read_environment(place)["K"] == KEY
    assert commented_values(place) == []


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("K=", ""),
        ('K=""', ""),
        ("K=a=b", "a=b"),
        ("K=$(date) `date` ${HOME}", "$(date) `date` ${HOME}"),
        ("K=a#b", "a#b"),
        ("K='a # b'", "a # b"),
        ('K="it\'s"', "it's"),
        ('K="a\\nb"', "a\\nb"),
        ("K=a'b'", "a'b'"),
        ("K='a\"", "'a\""),
    ],
)
def test_a_value_means_what_it_says(tmp_path: Path, line: str, value: str) -> None:
    place = tmp_path / "env"
    place.write_text(line + "\n")
    assert read_environment(place) == {"K": value}


def test_a_comment_behind_a_bare_value_is_a_part_of_it_and_named(tmp_path: Path) -> None:
    place = tmp_path / "env"
    place.write_text("K=sk-abc123 # mine\nL=x\n")
    assert read_environment(place)["K"] == "sk-abc123 # mine"
    assert commented_values(place) == ["K"]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"A=1\r\nsk-oops\r\n", "2:1: this line is not NAME=value"),
        (b"A=1\rsk-oops\r", "2:1: this line is not NAME=value"),
        (b"export A\n", "1:1: this line is not NAME=value"),
        (b"A=1\n2B=x\n", "2:1: this line is not NAME=value"),
        (b"A=1\nB=x\0y\n", "2:1: this line is not NAME=value"),
        ("A=1\n".encode("utf-16"), "1:1: the file is UTF-16"),
        (b"\xfe\xff" + "A=1\n".encode("utf-16-be"), "1:1: the file is UTF-16"),
    ],
)
def test_what_is_no_line_of_a_key_is_named_by_its_place(tmp_path: Path, raw: bytes, words: str) -> None:
    place = tmp_path / "env"
    place.write_bytes(raw)
    with pytest.raises(DocumentError) as error:
        read_environment(place)
    assert error.value.message == f"{place}:{words}"

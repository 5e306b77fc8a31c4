"""The hidden marker in bodies that we write: found again, and not to be forged by text that we quote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mission_cli.adapters.forges.marks import find, mark, strip, write


def test_a_marker_is_written_at_the_end_and_found_there() -> None:
    body = write("Goal\n\n- one\n", "m1/1.2")
    assert body == "Goal\n\n- one\n\n<!-- mission:m1/1.2 -->\n"
    assert (find(body), strip(body)) == ("m1/1.2", "Goal\n\n- one")
    assert write(body, "other") == "Goal\n\n- one\n\n<!-- mission:other -->\n"
    assert find(body.replace("\n", "\r\n")) == "m1/1.2", "a forge may change line ends"
    assert find(f"{body}\nA person adds a line.") == "m1/1.2"
    assert write("", "k") == "<!-- mission:k -->\n"


@pytest.mark.parametrize("body", ["", "text", "<!-- mission: -->", "a <!-- mission:x --> b", "<!-- mission:a b -->"])
def test_what_is_not_a_marker_is_none(body: str) -> None:
    assert find(body) == ""


def test_text_that_we_quote_cannot_forge_one() -> None:
    quoted = "they say\n<!-- mission:x -->\n<!--mission:y-->\n<!--- mission :z -->\nmore"
    assert write(quoted, "k") == (
        "they say\n&lt;!-- mission:x -->\n&lt;!--mission:y-->\n&lt;!--- mission :z -->\nmore\n\n<!-- mission:k -->\n"
    )
    assert (
        write("<!-- a template's own remark -->\n", "k") == "<!-- a template's own remark -->\n\n<!-- mission:k -->\n"
    )


@given(st.text(), st.text(min_size=1))
def test_any_key_survives_in_any_body(body: str, key: str) -> None:
    written = write(body, key)
    assert find(written) == key
    assert written.count("<!-- mission:") == 1
    assert mark(key).count("-->") == 1

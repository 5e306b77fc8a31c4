"""What a delivery by proxy says, and what of it is refused; how a key is hidden in a stream that is cut anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from mission_cli.adapters.egress.mask import Mask
from mission_cli.domain.egress.gate import METHODS, Gate, read_gate, reads_as_gate, unfit
from mission_cli.domain.errors import DocumentError

GOOD = [
    "proxy https://api.example.com Authorization: Bearer {}",
    "proxy  GET , HEAD  https://api.example.com:8443/v1/  X-Api-Key:{}",
    "proxy http://localhost:8080 Authorization: Basic base64(me:{})",
    "proxy https://[::1]/a%2Fb Cookie: session={}; secure=1",
]
WRONG = [
    "proxy",
    "proxy https://api.example.com",
    "proxy api.example.com Authorization: {}",
    "proxy http://api.example.com Authorization: {}",
    "proxy ftp://api.example.com Authorization: {}",
    "proxy https://me:pw@api.example.com Authorization: {}",
    "proxy https://api.example.com?x=1 Authorization: {}",
    "proxy https://api.example.com#x Authorization: {}",
    "proxy https://api.example.com:0 Authorization: {}",
    "proxy https://api.example.com:99999 Authorization: {}",
    "proxy https://*.example.com Authorization: {}",
    "proxy https:// Authorization: {}",
    "proxy https://api.example.com/v1/../admin Authorization: {}",
    "proxy https://api.example.com/%2e%2e Authorization: {}",
    "proxy https://api.example.com Host: {}",
    "proxy https://api.example.com Transfer-Encoding: {}",
    "proxy https://api.example.com Proxy-Authorization: {}",
    "proxy https://api.example.com Authorization: Bearer",
    "proxy https://api.example.com Authorization: {} {}",
    "proxy https://api.example.com Authorization: Basic base64({}",
    "proxy https://api.example.com Authorization: Basic base64(me) {}",
    "proxy https://api.example.com Authorization: Bearer {}\nX-Other: 1",
    "proxy CONNECT https://api.example.com Authorization: {}",
]


def test_what_a_delivery_says() -> None:
    gates = [read_gate(text) for text in GOOD]
    assert [(gate.address, gate.header, gate.filled("k y")) for gate in gates] == snapshot(
        [
            ("https://api.example.com", "Authorization", "Bearer k y"),
            ("https://api.example.com:8443/v1", "X-Api-Key", "k y"),
            ("http://localhost:8080", "Authorization", "Basic bWU6ayB5"),
            ("https://[::1]/a%2Fb", "Cookie", "session=k y; secure=1"),
        ]
    )
    assert [gate.methods for gate in gates] == [METHODS, ("GET", "HEAD"), METHODS, METHODS]
    assert gates[2].credentials("k y") == ("k y", "bWU6ayB5")
    assert [reads_as_gate(text) for text in ("proxy", "proxy x", "env", "", "proxying")] == [True, True, *[False] * 3]


def test_what_is_wrong_with_a_delivery() -> None:
    said = {}
    for text in WRONG:
        with pytest.raises(DocumentError) as error:
            read_gate(text)
        said[text.removeprefix("proxy ").removeprefix("https://")] = error.value.message
    assert said == snapshot(
        {
            "proxy": "the delivery is not a proxy for one host",
            "api.example.com": "the delivery is not a proxy for one host",
            "api.example.com Authorization: {}": "the delivery does not name the address of one host",
            "http://api.example.com Authorization: {}": "the delivery would carry the key without encryption",
            "ftp://api.example.com Authorization: {}": "the delivery does not name the address of one host",
            "me:pw@api.example.com Authorization: {}": "the delivery names more than a host and a path",
            "api.example.com?x=1 Authorization: {}": "the delivery names more than a host and a path",
            "api.example.com#x Authorization: {}": "the delivery names more than a host and a path",
            "api.example.com:0 Authorization: {}": "the delivery does not name the address of one host",
            "api.example.com:99999 Authorization: {}": "the delivery does not name the address of one host",
            "*.example.com Authorization: {}": "the delivery does not name the address of one host",
            " Authorization: {}": "the delivery does not name the address of one host",
            "api.example.com/v1/../admin Authorization: {}": "the delivery has a path with `.` or `..`",
            "api.example.com/%2e%2e Authorization: {}": "the delivery has a path with `.` or `..`",
            "api.example.com Host: {}": "the delivery names a header that cannot carry a key",
            "api.example.com Transfer-Encoding: {}": "the delivery names a header that cannot carry a key",
            "api.example.com Proxy-Authorization: {}": "the delivery names a header that cannot carry a key",
            "api.example.com Authorization: Bearer": "the delivery does not have {} exactly once",
            "api.example.com Authorization: {} {}": "the delivery does not have {} exactly once",
            "api.example.com Authorization: Basic base64({}": "base64(…) is not closed, or does not contain {}",
            "api.example.com Authorization: Basic base64(me) {}": "base64(…) is not closed, or does not contain {}",
            """\
api.example.com Authorization: Bearer {}
X-Other: 1\
""": "the delivery is not a proxy for one host",
            "CONNECT https://api.example.com Authorization: {}": "the delivery names a method that is not forwarded",
        }
    )


def test_values_that_a_header_cannot_carry() -> None:
    assert [bool(unfit(value)) for value in ("12345678", "1234567", "1234\r\n5678", "1234567\0", "1234567ä")] == [
        False,
        *[True] * 4,
    ]


@given(st.lists(st.sampled_from(["abcabcab", "abcab", "x", "\n", "abc%2Fab"]), max_size=12), st.integers(1, 9))
def test_a_key_is_hidden_wherever_a_stream_is_cut(words: list[str], size: int) -> None:
    """What comes out is the text masked as a whole, and nothing is held back that cannot be the beginning of a key."""
    text, mask = "".join(words).encode(), Mask(["abcabcab", "abc/ab"])
    pieces = [mask.feed(text[at : at + size]) for at in range(0, len(text), size)]
    whole = b"".join(pieces) + mask.end()
    assert whole == Mask(["abcabcab", "abc/ab"]).whole(text)
    assert len(whole) == len(text)
    assert b"abcabcab" not in whole


def test_a_stream_without_a_key_is_held_back_nowhere() -> None:
    mask = Mask(["secret-value"])
    assert [mask.feed(part) for part in (b"data: 1\n\n", b"data: s", b"ecret-x\n", b"data: secret-valu")] == [
        b"data: 1\n\n",
        b"data: ",
        b"secret-x\n",
        b"data: ",
    ]
    assert (mask.feed(b"e!"), mask.end()) == (b"************!", b"")


def test_a_gate_names_its_host_as_a_client_does() -> None:
    gates = [Gate("https", "a.b", 443, "", "A", "{}"), Gate("https", "a.b", 80, "/v1", "A", "{}")]
    assert [(gate.authority, gate.address) for gate in gates] == [
        ("a.b", "https://a.b"),
        ("a.b:80", "https://a.b:80/v1"),
    ]

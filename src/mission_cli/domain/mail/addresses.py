"""Addresses of mail, as this program accepts them: plain ASCII, without comments and quotes."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

_ADDRESS = pattern(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
_NAMED = pattern(r"(?P<name>[^<>\r\n]*)<(?P<address>[^<>\s]+)>")
_ALLOWED = pattern(r"[A-Za-z0-9!#$%&'+/=?^_`{|}~.*-]{1,64}@[A-Za-z0-9.*-]{1,253}")


def address_of(text: str) -> str:
    """Return the address in `ada@example.org` or `Ada <ada@example.org>`, in lower case; empty if there is none."""
    found = _NAMED.fullmatch(text.strip())
    bare = found["address"] if found else text.strip()
    return bare.casefold() if _ADDRESS.fullmatch(bare) and ".." not in bare else ""


def domain_of(address: str) -> str:
    """Return what is behind the `@`."""
    return address.rpartition("@")[2]


def is_pattern(text: str) -> bool:
    """Whether a text is an address, or a pattern of addresses such as `*@example.org`."""
    return _ALLOWED.fullmatch(text.strip()) is not None and set(text.strip()) - set("*@.") != set()


def is_allowed(address: str, patterns: Iterable[str]) -> bool:
    """Whether an address is one of a list; `*` stands for anything on its side of the `@`."""
    local, _, domain = address.casefold().rpartition("@")
    for one in patterns:
        wanted_local, at, wanted = one.strip().casefold().rpartition("@")
        plain = wanted_local.replace("[", "[[]").replace("?", "[?]")
        if at and is_pattern(one) and fnmatchcase(local, plain) and fnmatchcase(domain, wanted):
            return True
    return False

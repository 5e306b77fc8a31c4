"""References to secret values: where a value is kept, never the value itself.

The grammar is strict. A part that reaches a program's command line is one argument that begins with a letter, a digit
or one of `_.@`, so no program reads it as an option, and no shell ever sees it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Mapping
    from re import Pattern

LONGEST = 500
_WORD = r"[A-Za-z0-9_.@][A-Za-z0-9_.@+:=, -]*"
_PATH = rf"{_WORD}(?:/{_WORD})*"
_FILE = r"(?:~/|/)?[^\x00-\x1f\x7f#~/-][^\x00-\x1f\x7f#]*"
_PLACE = r"(?:~/|/)[^\x00-\x1f\x7f]+"
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_KEY = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
_PAIR = r"[A-Za-z][A-Za-z0-9_.-]*=[^\x00-\x1f\x7f=,-][^\x00-\x1f\x7f=,]*"
_SEGMENT = r"[A-Za-z0-9][A-Za-z0-9._-]*"

_FORMS: Mapping[str, tuple[Pattern[str], str]] = {
    "env": (pattern(_NAME), "env:NAME"),
    "file": (pattern(_PLACE), "file:~/PATH"),
    "secret": (pattern(rf"{_SEGMENT}(?:/{_SEGMENT})?"), "secret:NAME"),
    "pass": (pattern(_PATH), "pass:PATH"),
    "gopass": (pattern(_PATH), "gopass:PATH"),
    "sops": (pattern(rf"(?P<place>{_FILE})#(?P<field>{_KEY})"), "sops:FILE#KEY"),
    "age": (pattern(_FILE), "age:FILE"),
    "op": (pattern(rf"//{_WORD}(?:/{_WORD}){{2,3}}"), "op://VAULT/ITEM/FIELD"),
    "bw": (pattern(rf"(?P<place>{_WORD})(?:#(?P<field>{_WORD}))?"), "bw:ITEM#FIELD"),
    "secret-service": (pattern(rf"{_PAIR}(?:,{_PAIR})*"), "secret-service:ATTRIBUTE=VALUE"),
    "keychain": (pattern(rf"(?P<place>{_WORD})(?:#(?P<field>{_WORD}))?"), "keychain:SERVICE#ACCOUNT"),
}
SCHEMES = tuple(_FORMS)
FORMS = ", ".join(form for _, form in _FORMS.values())
"""All forms, for messages."""
_VARIABLE = pattern(rf"(?P<reference>.*\S)\s+as\s+(?P<variable>{_NAME})")
_VALUE = pattern(
    r"\b(?:sk-[A-Za-z0-9_-]{16}|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10}|gh[pousr]_[A-Za-z0-9]{20}|glpat-[A-Za-z0-9_-]{16}"
    r"|github_pat_[A-Za-z0-9_]{20}|xox[abprs]-[A-Za-z0-9-]{10}|A(?:KIA|SIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30}"
    r"|hf_[A-Za-z0-9]{20}|eyJ[A-Za-z0-9_-]{10,}\.eyJ)|-----BEGIN [A-Z ]*PRIVATE KEY"
)
"""How keys and tokens of usual services begin; `adapters/secrets` knows more."""
_SCHEME = pattern(r"(?P<scheme>[a-z][a-z-]*):(?P<rest>.*)")


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a value is."""

    scheme: str
    """One of `SCHEMES`."""
    place: str
    """The name of a variable, a path, an item: what the scheme calls it."""
    field: str = ""
    """The part of it that is the value; empty: the scheme's usual one."""

    def __str__(self) -> str:
        """Return it as it is written in a file."""
        return f"{self.scheme}:{self.place}{f'#{self.field}' if self.field else ''}"


def read_reference(text: str) -> Reference | None:
    """Return the reference in a text, or None if it is none, or may not be used."""
    found = _SCHEME.fullmatch(text.strip()) if len(text) <= LONGEST else None
    form = _FORMS.get(found["scheme"]) if found else None
    if found is None or form is None:
        return None
    told = form[0].fullmatch(found["rest"])
    if told is None or ".." in found["rest"].split("/") or found["rest"] != found["rest"].strip():
        return None
    parts = told.groupdict()
    return Reference(found["scheme"], parts.get("place") or found["rest"], parts.get("field") or "")


def looks_like_value(text: str) -> bool:
    """Whether a text contains what begins like a usual key or token. A reference never does."""
    return _VALUE.search(text) is not None


def split_variable(cell: str) -> tuple[str, str]:
    """Return the reference in a cell and the variable after `as`, such as `pass:stripe as STRIPE_KEY`."""
    text = cell.strip().strip("`").strip()
    found = _VARIABLE.fullmatch(text)
    return (found["reference"].strip().strip("`"), found["variable"]) if found else (text, "")

"""Determine the values in force, which limit a managed mission: a mistake in the file never raises a cap.

The file records under `in_force` the last valid value of each key that limits the mission. If a value cannot be read,
was removed, or grows more than is plausible in one edit, the recorded value counts until `mission set` changes it.
See `docs/adr/0050-keep-the-last-valid-value.md`.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING

from yaml import MappingNode

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import parse_stamp
from mission_cli.document.changes import SetFront
from mission_cli.document.reading.front_schema import KEYS, Kind
from mission_cli.document.syntax.front import read_front
from mission_cli.document.syntax.vocabulary import mission_status, number
from mission_cli.domain.timing.schedule import why_no_schedule
from mission_cli.domain.values_in_force import InForce, Overruled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mission_cli.document.changes import Change
    from mission_cli.document.syntax.front import Front, Scalar

SECTION = "in_force"
MANAGED = "mission"
"""The value of `managed` in files that this program serves."""
UNLIMITED = "unlimited"
MOST_TIMES = 10
"""A cap that grows more than tenfold in one edit has to be confirmed."""
_LATER = timedelta(days=5 * 365)
"""A deadline that moves by more than five years has to be confirmed, too."""
_NOT_MANAGED = frozenset({"", "null", "~", "false", "no", "off", "none"})
_UNSET = frozenset({"", "null", "~"})
_PLAIN_NUMBER = pattern(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")
_MOST = {"money_usd": 10**9, "per_feature_usd": 10**9, "time_hours": 10**6, "token_limit": 10**15}
_MOST_WORKERS = 64
_PERCENT = 100
_CLOSE = 0.8


@dataclass(frozen=True, slots=True)
class Bound:
    """A key whose value limits a mission."""

    key: str
    why_bad: Callable[[str], str]
    """Returns what is wrong with a text that is not empty, or the empty string."""
    why_wider: Callable[[str, str], str] = lambda _old, _new: ""
    """Returns why a valid value exceeds the recorded one too much for one edit, or the empty string."""

    @property
    def name(self) -> str:
        """The key's name under `in_force`."""
        return self.key.rsplit(".", 1)[-1]


def _cap(name: str) -> Callable[[str], str]:
    def why(text: str) -> str:
        if text.casefold() == UNLIMITED:
            return ""
        amount = number(text)
        if amount is None:
            return f"is `{text}`, which is not a number"
        if amount < 0:
            return f"is `{text}`, which is below zero"
        return f"is `{text}`, which is more than any mission can use" if amount > _MOST[name] else ""

    return why


def _wider_cap(old: str, new: str) -> str:
    if old.casefold() == UNLIMITED:
        return ""
    if new.casefold() == UNLIMITED:
        return f"changes from {old} to unlimited"
    before, after = number(old), number(new)
    if before is None or after is None or after <= before * MOST_TIMES:
        return ""
    return f"grows from {old} to {new}, more than tenfold"


def _threshold(text: str) -> str:
    percent = number(text.removesuffix("%"))
    if percent is None:
        return f"is `{text}`, which is not a number"
    return "" if 0 < percent <= _PERCENT else f"is `{text}`, which is not between 1 and 100"


def _workers(text: str) -> str:
    count = number(text)
    if count is None or count != count.to_integral_value():
        return f"is `{text}`, which is not a whole number"
    return "" if 0 < count <= _MOST_WORKERS else f"is `{text}`, which is not between 1 and {_MOST_WORKERS}"


def _status(text: str) -> str:
    return "" if mission_status(text) is not None else f"is `{text}`, which is not a status"


def _moment(text: str) -> str:
    return "" if parse_stamp(text) is not None else f"is `{text}`, which is not a date"


def _later(old: str, new: str) -> str:
    before, after = parse_stamp(old), parse_stamp(new)
    if before is None or after is None or after - before <= _LATER:
        return ""
    return f"moves from {old} to {new}, by more than five years"


def _schedule(text: str) -> str:
    words = why_no_schedule(text)
    return f"is `{text}`: {words}" if words else ""


def _word(key: str) -> Callable[[str], str]:
    words = KEYS[key].words
    return lambda text: "" if text in words else f"is `{text}`, which is not one of {', '.join(words)}"


def _anything(_text: str) -> str:
    return ""


BOUNDS: dict[str, Bound] = {
    bound.name: bound
    for bound in (
        Bound("status", _status),
        Bound("mode", _word("mode")),
        Bound("base", _anything),
        Bound("deadline", _moment, _later),
        Bound("pause_at", _moment, _later),
        Bound("schedule", _schedule),
        Bound("end_date", _moment, _later),
        *(
            Bound(f"budget.{name}", _cap(name), _wider_cap)
            for name in ("money_usd", "time_hours", "token_limit", "per_feature_usd")
        ),
        Bound("budget.alert_threshold_pct", _threshold),
        Bound("preferences.runner", _anything),
        Bound("preferences.max_parallel_workers", _workers),
    )
}
CAPS = frozenset({"money_usd", "time_hours", "token_limit", "per_feature_usd", "alert_threshold_pct"})
_TOPS = frozenset(key.steps[0] for key in KEYS.values())
_BY_KEY = {bound.key: bound for bound in BOUNDS.values()}


def is_managed(front: Front) -> bool:
    """Whether this program serves the file. Removing the line `managed` ends that; a misspelled value does not."""
    word = front.text("managed")
    return word == MANAGED or (front.node(SECTION) is not None and word.casefold() not in _NOT_MANAGED)


def is_recordable(front: Front) -> bool:
    """Whether values can be recorded in the file: `in_force` is missing or a mapping."""
    return not front.missing and (front.node(SECTION) is None or isinstance(front.node(SECTION), MappingNode))


def bound_of(key: str) -> Bound | None:
    """Return the bound for a dotted key, or None."""
    return _BY_KEY.get(key)


def is_unset(key: str, text: str) -> bool:
    """Whether a text means that the key is not set: it is empty or null, or 0 for a number."""
    if text.strip().casefold() in _UNSET:
        return True
    numeric = KEYS[key].kind in {Kind.CAP, Kind.COUNT, Kind.NUMBER}
    return numeric and number(text) == Decimal(0)


def as_scalar(text: str) -> Scalar:
    """Return a text as the scalar to write: a plain number gets no quotes."""
    return Decimal(text) if _PLAIN_NUMBER.fullmatch(text) else text


def in_force(front: Front, text_of: Callable[[str], str]) -> InForce:
    """Return the values that count. `text_of` reads a key by its dotted name, or by its other names."""
    written, record = front.pairs(SECTION), _record(front)
    unknown = [name for name in (*record, *front.pairs("budget")) if name not in BOUNDS]
    values: dict[str, str] = {}
    overruled: list[Overruled] = []
    for name, bound in BOUNDS.items():
        text, recorded = text_of(bound.key), _recorded(bound, record)
        why = _why_not(bound, text, recorded, _is_many(front, bound))
        why = why or _why_unknown(bound, text, recorded, record, unknown)
        if not why:
            if text and not is_unset(bound.key, text):
                values[name] = text
            continue
        if recorded:
            values[name] = recorded
        line, column = _place(front, bound)
        overruled.append(Overruled(bound.key, text, recorded, why, line, column))
    if (word := front.text("managed")) != MANAGED:
        place = front.node("managed")
        line, column = (place.start_mark.line + 2, place.start_mark.column + 1) if place else (1, 1)
        overruled.append(Overruled("managed", word, MANAGED, f"is `{word}`, which is not known", line, column))
    if not is_recordable(front):
        words = "no longer contains the last valid values: remove the line, and it will be written again"
        overruled.append(Overruled(SECTION, front.text(SECTION), "", words, front.line_of(SECTION)))
    return InForce(values, written, tuple(overruled), is_recordable(front))


def _recorded(bound: Bound, written: Mapping[str, str]) -> str:
    text = written.get(bound.name, "").strip()
    return "" if is_unset(bound.key, text) or bound.why_bad(text) else text


def _is_many(front: Front, bound: Bound) -> bool:
    """Whether the key has a list or a mapping instead of one value."""
    path = KEYS[bound.key].steps
    return front.node(*path) is not None and front.value(*path) is None


def _why_not(bound: Bound, text: str, recorded: str, many: bool) -> str:  # noqa: FBT001 - one more fact about the text
    if many:
        return "holds more than one value"
    if is_unset(bound.key, text):
        return ("is 0" if text.strip() not in _UNSET else "was removed") if recorded else ""
    wider = bound.why_wider(recorded, text) if recorded and not bound.why_bad(text) else ""
    return f"{wider}, which needs a confirmation" if wider else bound.why_bad(text)


def _why_unknown(bound: Bound, text: str, recorded: str, written: Mapping[str, str], others: Sequence[str]) -> str:
    """Return that neither the key nor its record can be read, if there was a value; else the empty string.

    `others`: unknown keys, which may be misspelled ones.
    """
    if recorded or not is_unset(bound.key, text):
        return ""
    said = written.get(bound.name, "").strip()
    if is_unset(bound.key, said):
        misspelled = _like(bound.name, others) if bound.name in CAPS else ""
        return f"was removed, and the unknown key `{misspelled}` may be meant as it" if misspelled else ""
    return f"was removed, and its value under `{SECTION}` {bound.why_bad(said)}"


def _like(name: str, unknown: Sequence[str]) -> str:
    """Return the unknown key that is probably this one, misspelled, or the empty string."""
    return next(iter(get_close_matches(name, unknown, n=1, cutoff=_CLOSE)), "") if unknown else ""


def _record(front: Front) -> Mapping[str, str]:
    """Return the recorded values, also from a misspelled `in_force`."""
    if front.node(SECTION) is not None:
        return front.pairs(SECTION)
    tops = dict.fromkeys(path[0] for path in front.nodes if len(path) > 1 and path[0] not in _TOPS)
    return front.pairs(_like(SECTION, list(tops)))


def _place(front: Front, bound: Bound) -> tuple[int, int]:
    node = front.node(*KEYS[bound.key].steps)
    if node is not None:
        return int(node.start_mark.line) + 2, int(node.start_mark.column) + 1
    return front.line_of(*KEYS[bound.key].steps), 1


def recorded_with(text: str, changes: Sequence[Change]) -> Iterator[SetFront]:
    """Yield the changes that record the values which the program itself sets, if the file records values."""
    front = read_front(text)
    if front.node(SECTION) is None or not is_recordable(front):
        return
    for change in changes:
        bound = bound_of(".".join(change.path)) if isinstance(change, SetFront) else None
        if bound is not None and isinstance(change, SetFront):
            yield SetFront((SECTION, bound.name), change.value)

"""Turn an answer of a forge that is not a success into an error for people."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import one_line
from mission_cli.domain.errors import ForgeError, ForgeTrouble

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_WAIT = 24 * 3600.0
_DEFAULT_WAIT = 60.0
_LIMIT_WORDS = ("rate limit", "abuse detection", "too many requests", "submitted too quickly")
_SERVER = 500
_DEEPEST = 3
_TOO_MANY = 429
_UNPROCESSABLE = 422


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is not a success."""

    status: int
    headers: Mapping[str, str]
    """With names in lower case."""
    words: str
    """The forge's own words, on one line."""


def words_of(data: Any, text: str) -> str:
    """Return the forge's own words about an error, from its JSON or, failing that, its text."""
    if not isinstance(data, dict):
        return "" if "<" in text else one_line(text, 300)
    parts = [data.get(name) for name in ("message", "error", "error_description")]
    said = [one_line(_flat(part), 300) for part in parts if part]
    errors = data.get("errors")
    said += [one_line(_of_error(error), 200) for error in (errors[:5] if isinstance(errors, list) else [])]
    return "; ".join(dict.fromkeys(part for part in said if part))


def _flat(part: Any, depth: int = 0) -> str:
    if depth > _DEEPEST:
        return "…"
    if isinstance(part, dict):
        return "; ".join(f"{name}: {_flat(value, depth + 1)}" for name, value in part.items())
    return ", ".join(_flat(one, depth + 1) for one in part) if isinstance(part, list) else str(part)


def _of_error(error: Any) -> str:
    if not isinstance(error, dict):
        return _flat(error)
    if error.get("message"):
        return _flat(error["message"])
    return " ".join(str(error[name]) for name in ("resource", "field", "code", "value") if error.get(name))


def wait_of(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that a forge wants a client to wait, or None if it does not say.

    `Retry-After` is a number of seconds or a date; the reset of a used-up limit is a time in seconds since 1970.
    """
    after = headers.get("retry-after", "").strip()
    if after.isdecimal():
        return min(float(after), _LONGEST_WAIT)
    if after:
        try:
            moment = parsedate_to_datetime(after)
        except ValueError:
            moment = None
        if moment is not None:
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return min(max(moment.timestamp() - now, 1.0), _LONGEST_WAIT)
    reset = headers.get("x-ratelimit-reset") or headers.get("ratelimit-reset") or ""
    if used_up(headers) and reset.isdecimal():
        return min(max(float(reset) - now, 1.0), _LONGEST_WAIT)
    return None


def used_up(headers: Mapping[str, str]) -> bool:
    """Whether an answer says that no request is left."""
    return (headers.get("x-ratelimit-remaining") or headers.get("ratelimit-remaining")) == "0"


def is_limit(refusal: Refusal) -> bool:
    """Whether a refusal is about the number of requests."""
    if refusal.status == _TOO_MANY:
        return True
    if refusal.status not in {403, _UNPROCESSABLE}:
        return False
    said = refusal.words.casefold()
    if any(word in said for word in _LIMIT_WORDS):
        return True
    return refusal.status != _UNPROCESSABLE and (used_up(refusal.headers) or "retry-after" in refusal.headers)


def limited(forge: str, again: float) -> ForgeError:
    """Return the error that a forge refuses requests for some time."""
    return ForgeError(
        ForgeTrouble.LIMITED,
        f"{forge} accepts no requests with this token for now",
        hint=f"it answers again in {again:.0f} s; nothing has to be done",
        again=again,
    )


def trouble(forge: str, what: str, refusal: Refusal, now: float) -> ForgeError:
    """Return the error for a refusal. `what` is the request, such as `GET /repos/o/r`."""
    if is_limit(refusal):
        return limited(forge, wait_of(refusal.headers, now) or _DEFAULT_WAIT)
    said = f": {refusal.words}" if refusal.words else ""
    if refusal.status >= _SERVER or refusal.status in {408, 425}:
        return ForgeError(
            ForgeTrouble.UNREACHABLE,
            f"{forge} has a problem (HTTP {refusal.status} for {what}){said}",
            hint="the program tries again later; see the status page of the forge if it lasts",
            again=wait_of(refusal.headers, now),
        )
    kind, words, hint = _meaning(forge, refusal)
    return ForgeError(kind, f"{words} (HTTP {refusal.status} for {what}){said}", hint=hint)


def _meaning(forge: str, refusal: Refusal) -> tuple[ForgeTrouble, str, str]:
    said = refusal.words.casefold()
    status = refusal.status
    if status == HTTPStatus.UNAUTHORIZED:
        return ForgeTrouble.UNAUTHORIZED, f"{forge} does not accept the token", "it may have expired: make a new one"
    if status in {HTTPStatus.FORBIDDEN, _UNPROCESSABLE} and "archived" in said:
        return ForgeTrouble.ARCHIVED, "the repository is archived", "unarchive it, or stop the mission"
    if status in {HTTPStatus.FORBIDDEN, HTTPStatus.LOCKED} and ("locked" in said or status != HTTPStatus.FORBIDDEN):
        return ForgeTrouble.LOCKED, "the conversation is locked", "unlock it"
    if status == HTTPStatus.FORBIDDEN:
        return ForgeTrouble.FORBIDDEN, "the token lacks a right", _missing_right(refusal.headers)
    if status == HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS:
        return ForgeTrouble.FORBIDDEN, f"{forge} blocks access to this", "see the notice on the repository's page"
    if status == HTTPStatus.NOT_FOUND:
        return (
            ForgeTrouble.NOT_FOUND,
            "it does not exist, or this token may not see it",
            "check the name of the repository and the rights of the token",
        )
    if status == HTTPStatus.GONE:
        return ForgeTrouble.NOT_FOUND, "it was deleted, or the repository has that feature off", ""
    return ForgeTrouble.REFUSED, f"{forge} does not accept the request", ""


def _missing_right(headers: Mapping[str, str]) -> str:
    sso = headers.get("x-github-sso", "")
    if "url=" in sso:
        return f"authorize the token for the organization: {one_line(sso.partition('url=')[2], 200)}"
    needed = headers.get("x-accepted-github-permissions") or headers.get("x-accepted-oauth-scopes") or ""
    return f"give the token the right {one_line(needed, 200)}" if needed.strip() else "give the token more rights"

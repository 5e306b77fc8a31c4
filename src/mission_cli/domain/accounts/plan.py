"""The steps of a sign-up, as `decisions/account-NAME.yaml` of a mission describes them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mission_cli._support.dataclass import dataclass, field
from mission_cli._support.lazy_re import pattern
from mission_cli.domain.mail.addresses import address_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_STEPS = 60
LONGEST = 500
_HOST = pattern(r"[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?(?::[0-9]{1,5})?")
_LOOPBACK = frozenset({"localhost", "127.0.0.1"})
_CONTROL = pattern(r"[\x00-\x1f\x7f]")


class Verb(StrEnum):
    """What a step does."""

    OPEN = "open"
    """Open an address, or the link of the mail."""
    FILL = "fill"
    CLICK = "click"
    MAIL = "mail"
    """Wait for a mail with a code or a link."""
    ASK = "ask"
    """A person does what a program must not: a captcha, terms, a payment."""
    SCREENSHOT = "screenshot"


class Value(StrEnum):
    """What a field is filled with, besides a text of the plan."""

    MAIL = "mail"
    """The address of the account."""
    PASSWORD = "password"  # noqa: S105 - the word that a plan uses
    """A generated one; it is stored before it is used."""
    CODE = "code"
    """The code of the mail."""
    ANSWER = "answer"
    """What the person answered last."""


class Found(StrEnum):
    """What a mail is expected to contain."""

    CODE = "code"
    LINK = "link"


class About(StrEnum):
    """What a person is asked for."""

    CAPTCHA = "captcha"
    TERMS = "terms"
    PAYMENT = "payment"


@dataclass(frozen=True, slots=True)
class Step:
    """One step."""

    verb: Verb
    target: str = ""
    """An address, a field, what to click, what a mail has, what to ask, or the name of a picture."""
    text: str = ""
    """With `fill`: a text; empty if `value` says what."""
    value: Value | None = None

    @property
    def words(self) -> str:
        """It as people read it, without any secret."""
        told = f" with {self.value or self.text!r}" if self.verb is Verb.FILL else ""
        return f"{self.verb} {self.target}{told}".rstrip()


@dataclass(frozen=True, slots=True)
class SignUp:
    """The plan of one account."""

    name: str
    """The resource that it provides."""
    hosts: tuple[str, ...]
    """The only hosts that are opened or asked for anything, each perhaps with a port."""
    senders: tuple[str, ...] = ()
    """The only addresses whose mails count."""
    steps: tuple[Step, ...] = ()
    problems: tuple[str, ...] = field(default_factory=tuple)
    """Why it cannot be used; empty if it can."""

    def allows(self, url: str) -> bool:
        """Whether an address is at one of its hosts, and encrypted unless that is this machine."""
        return why_not(url, self.hosts) == ""


def why_not(url: str, hosts: tuple[str, ...]) -> str:
    """Return why an address must not be opened; empty if it may."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").casefold(), parts.port
    except ValueError:
        return "it is not an address"
    place = f"{host}:{port}" if port is not None else host
    if "@" in parts.netloc or not host:
        return "it is not the address of a page"
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        return "it is not encrypted"
    if place not in hosts:
        return f"the plan does not name the host {place}"
    return ""


def read_plan(name: str, raw: Any) -> SignUp:
    """Return the plan of an account from the content of its file. What cannot be read completely is a problem."""
    if not isinstance(raw, dict):
        return SignUp(name, (), problems=("it is not a mapping",))
    problems = [f"unknown key `{key}`" for key in raw if key not in {"hosts", "senders", "steps"}]
    hosts = tuple(str(one).casefold() for one in _listed(raw, "hosts"))
    problems += [f"`{host}` is not a host" for host in hosts if not _HOST.fullmatch(host)]
    senders = tuple(address_of(str(one)) for one in _listed(raw, "senders"))
    problems += ["an entry of `senders` is not an address"] if not all(senders) else []
    problems += [] if hosts else ["`hosts` is empty: name each host that may be opened"]
    steps: list[Step] = []
    for number, one in enumerate(_listed(raw, "steps"), 1):
        step = _step(one)
        if isinstance(step, str):
            problems.append(f"step {number}: {step}")
        else:
            steps.append(step)
    problems += _wrong(steps, hosts, senders)
    return SignUp(name, hosts, senders, tuple(steps), tuple(problems))


def _listed(raw: Mapping[str, Any], key: str) -> list[Any]:
    found = raw.get(key, [])
    return found if isinstance(found, list) else [found]


def _step(raw: Any) -> Step | str:
    if not isinstance(raw, dict) or len(raw) != 1:
        return "write one `VERB: …`"
    verb, told = next(iter(raw.items()))
    if verb not in set(Verb):
        return f"`{verb}` is unknown; known are {', '.join(Verb)}"
    if verb == Verb.FILL:
        return _fill(told)
    if not _is_text(told):
        return f"`{verb}` needs one text"
    words: dict[Verb, list[str]] = {Verb.MAIL: [*map(str, Found)], Verb.ASK: [*map(str, About)]}
    allowed = words.get(Verb(verb))
    if allowed is not None and told not in allowed:
        return f"`{verb}` takes {' or '.join(allowed)}"
    return Step(Verb(verb), str(told))


def _fill(told: Any) -> Step | str:
    if not isinstance(told, dict) or set(told) not in ({"field", "with"}, {"field", "text"}):
        return "`fill` takes `field` and `with` or `text`"
    if not all(_is_text(one) for one in told.values()):
        return "`fill` takes texts"
    if "text" in told:
        return Step(Verb.FILL, told["field"], told["text"])
    if told["with"] not in set(Value):
        return f"`with` takes {', '.join(Value)}; a text of your own is `text`"
    return Step(Verb.FILL, told["field"], value=Value(told["with"]))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST and not _CONTROL.search(value)


def _wrong(steps: list[Step], hosts: tuple[str, ...], senders: tuple[str, ...]) -> Iterator[str]:
    if not steps or steps[0].verb is not Verb.OPEN:
        yield "the first step has to open an address"
    if len(steps) > MOST_STEPS:
        yield f"it has more than {MOST_STEPS} steps"
    if not senders and any(step.verb is Verb.MAIL for step in steps):
        yield "`senders` is empty, so no mail would count"
    for number, step in enumerate(steps, 1):
        why = _unready(step, steps[: number - 1], hosts)
        if why:
            yield f"step {number}: {why}"


def _unready(step: Step, before: list[Step], hosts: tuple[str, ...]) -> str:
    """Return what a step lacks that an earlier one would give, or why its address must not be opened."""
    mailed = {one.target for one in before if one.verb is Verb.MAIL}
    if step.verb is Verb.OPEN and step.target == Found.LINK:
        return "" if Found.LINK in mailed else "no step before it waits for a mail with a link"
    if step.verb is Verb.OPEN:
        why = why_not(step.target, hosts)
        return f"{step.target}: {why}" if why else ""
    if step.value is Value.CODE and Found.CODE not in mailed:
        return "no step before it waits for a mail with a code"
    if step.value is Value.ANSWER and not any(one.verb is Verb.ASK for one in before):
        return "no step before it asks a person"
    return ""

"""Send notifications with apprise, which is imported only when something is sent or checked.

The URL of a channel may contain a token. It goes into no message, log or file: what apprise logs is only read.
"""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import replace
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import counted, one_line
from mission_cli.adapters.chat_buttons import chat_of, posts, send
from mission_cli.adapters.fs.env_file import is_reference, resolved
from mission_cli.document.syntax.escape import quiet_title
from mission_cli.domain.events import EventKind
from mission_cli.domain.news.rules import ERROR, LANDED, WARNING, severity_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.domain.news.outbox import Message
    from mission_cli.ports.notifier import Letter, Offer

PACKAGE = "apprise"
_FILE_NAME = pattern(r"[^\w.@+-]+")
_LONGEST_LINE = 1000
_MOST_LINES = 50
_CODE = pattern(r"error=(\d{3})\b")
_GOOD = frozenset(
    {
        LANDED,
        EventKind.FEATURE_DONE,
        EventKind.MILESTONE_PASSED,
        EventKind.MISSION_COMPLETED,
        EventKind.PULL_MERGED,
    }
)
_LOGGERS = ("apprise", "urllib3", "requests")
_SENT_AGAIN = "This may be a repetition: the answer to the first try was lost."


class AppriseMessenger:
    """Sends to channels; `environment` has what `env:NAME` refers to."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def obstacle(self) -> str:
        """Return that the package is missing, or the empty string."""
        return "" if find_spec(PACKAGE) else f"the Python package {PACKAGE} is not installed (extra notify)"

    def unset(self, channel: str) -> str:
        """Return that a reference leads to nothing, or the empty string."""
        if not is_reference(channel):
            return ""
        try:
            found = self._url(channel)
        except OSError as error:
            return f"{_shown(channel)} cannot be read: {error.strerror or 'unknown error'}"
        return "" if found else f"{_shown(channel)} is empty or missing"

    def problem(self, channel: str) -> str:
        """Return why a channel cannot be used, or the empty string; nothing is sent."""
        missing = self.unset(channel)
        if missing or self.obstacle():
            return missing
        with _captured():
            return "" if self._service(channel) is not None else "apprise does not know this kind of URL"

    def bad_template(self, template: str) -> str:
        """Return why a template cannot be rendered, or the empty string."""
        from jinja2 import TemplateError

        from mission_cli.domain.news.outbox import Message

        try:
            _rendered(template, Message("", "m", "Title", EventKind.MISSION_COMPLETED, "words", ""))
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            return f"the template cannot be used: {one_line(str(error))}"
        return ""

    def send(self, channel: str, letter: Letter) -> str:
        """Send one notification; return why it did not arrive, or the empty string."""
        try:
            if reason := self.unset(channel) or self.obstacle():
                return reason
            with _captured() as said:
                return self._send(channel, letter, said)
        except Exception as error:  # noqa: BLE001 - whatever a service's plugin raises must not stop a pulse
            return f"{PACKAGE} failed: {type(error).__name__}"

    def _send(self, channel: str, letter: Letter, said: list[str]) -> str:
        from apprise import Apprise, AppriseAsset, NotifyFormat

        service = self._service(channel)
        if service is None:
            return "apprise does not know this kind of URL"
        if letter.offers and chat_of(service) in letter.buttons and find_spec("httpx") is not None:
            found = posts(service, f"{title_of(letter)}\n{body_of(replace(letter, offers=()))}", letter.offers)
            if found:
                return send(found)
        sender = Apprise(asset=AppriseAsset(app_id="mission", async_mode=False))
        sender.add(service)
        with TemporaryDirectory() as folder:
            done = sender.notify(
                body=body_of(letter),
                title=title_of(letter),
                notify_type=_kind(letter),
                body_format=NotifyFormat.TEXT,
                attach=_written(Path(folder), letter.files),
            )
        return "" if done else _reason(said)

    def _service(self, channel: str) -> Any:
        from apprise import Apprise, AppriseAsset

        return Apprise.instantiate(self._url(channel), asset=AppriseAsset(app_id="mission", async_mode=False))

    def _url(self, channel: str) -> str:
        return resolved(channel, self._environment)


def _written(folder: Path, files: Sequence[tuple[str, bytes]]) -> list[str] | None:
    """Write the files to send along into a folder, each in one of its own; return their paths, None without any."""
    paths = []
    for number, (name, content) in enumerate(files):
        place = folder / str(number) / (Path(_FILE_NAME.sub("-", name)).name.lstrip(".") or "file")
        place.parent.mkdir()
        place.write_bytes(content)
        paths.append(str(place))
    return paths or None


def title_of(letter: Letter) -> str:
    """Return the title of a notification."""
    first = letter.messages[0]
    if len(letter.messages) > 1:
        return counted(len(letter.messages), "message")
    return _plain(f"{first.mission}: {first.event}")


def body_of(letter: Letter) -> str:
    """Return the text of a notification: a line for each message, the newest ones if there are many."""
    shown = letter.messages[-_MOST_LINES:]
    left = len(letter.messages) - len(shown) + letter.left_out
    lines = [f"{counted(left, 'earlier message')} left out"] if left else []
    lines += [_text(letter.template, message) for message in shown]
    lines += [f"not attached, too many or too large: {counted(letter.too_large, 'file')}"] if letter.too_large else []
    lines += [_SENT_AGAIN] if letter.again else []
    return "\n".join([*lines, *_links(letter.offers)])


def _links(offers: Sequence[Offer]) -> Iterator[str]:
    """Yield each question once, and below it a line for each decision."""
    asked = ""
    for offer in offers:
        if offer.question != asked:
            yield f"\n{_plain(offer.question)}"
        asked = offer.question
        yield f"{_plain(offer.label)}: {offer.url}"


def _text(template: str, message: Message) -> str:
    """Return the text of one message; one plain sentence if there is no template, or if it cannot be used."""
    from jinja2 import TemplateError

    if template:
        try:
            return _rendered(template, message)
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError):
            pass  # `doctor` and `status` say so
    return _plain(f"{message.title} ({message.mission}): {message.words}")


def _rendered(template: str, message: Message) -> str:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    around = ImmutableSandboxedEnvironment(undefined=StrictUndefined, finalize=lambda value: _plain(str(value)))
    values = {name: getattr(message, name) for name in ("mission", "title", "event", "words", "at")}
    return around.from_string(template).render(values, severity=severity_of(message.event))


def _plain(text: str) -> str:
    """Return data as one plain line that mentions nobody and links to nothing in a chat."""
    return quiet_title(text, _LONGEST_LINE)


def _kind(letter: Letter) -> Any:
    from apprise import NotifyType

    if letter.severity in {WARNING, ERROR}:
        return NotifyType.FAILURE if letter.severity == ERROR else NotifyType.WARNING
    return NotifyType.SUCCESS if letter.messages[-1].event in _GOOD else NotifyType.INFO


def _reason(said: list[str]) -> str:
    """Return why a service did not take a notification, in our words: those of apprise may contain the address."""
    codes = [found[1] for line in said if (found := _CODE.search(line))]
    if codes:
        return f"the service answered HTTP {codes[-1]}"
    if any("onnection error" in line or "imeout" in line for line in said):
        return "the service cannot be reached"
    return "the service did not accept it"


def _shown(reference: str) -> str:
    return f"${reference.removeprefix('env:')}" if reference.startswith("env:") else reference


class _Kept(logging.Handler):
    """Keeps what is logged."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())


@contextmanager
def _captured() -> Iterator[list[str]]:
    """Yield what the libraries log; that, and their warnings, go nowhere else."""
    said: list[str] = []
    handler = _Kept(said)
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.propagate for logger in loggers]
    for logger in loggers:
        logger.propagate = False
        logger.addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of apprise about itself
            yield said
    finally:
        for logger, propagate in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.propagate = propagate

"""One marked line of a crontab. Pure: bytes in, bytes out; every other line stays as it is, byte for byte.

Our line goes to the top: what a person sets further down (SHELL, PATH, HOME, MAILTO) does not reach it, and what we
need stands in the line itself. cron ends a command at a bare `%`, and Debian's refuses one of 1000 characters.
"""

from __future__ import annotations

import re
import shlex

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.ports.schedule import Job

MARK = "# mission: `mission cron remove` takes this line away"
LONGEST = 990
_EVERY_MINUTE = "* * * * * "
_FIELDS = pattern(r"(#?)\s*((?:\S+\s+){5}|@\S+\s+)(.*)\Z", re.DOTALL)
_SETTING = pattern(r"[A-Za-z_][A-Za-z0-9_]*=")


@dataclass(frozen=True, slots=True)
class Found:
    """Our line in a crontab."""

    text: str
    command: str
    """As the shell gets it: without the fields of time, `%` bare."""
    live: bool
    """It is no comment."""


def command_of(job: Job) -> str:
    """The command as a shell gets it."""
    words = [f"{name}={shlex.quote(value)}" for name, value in job.set.items()]
    words += map(shlex.quote, job.argv)
    return " ".join([*words, f">>{shlex.quote(job.log)}", "2>&1", MARK])


def line_of(job: Job) -> str:
    """The line for a crontab, without its end."""
    return _EVERY_MINUTE + command_of(job).replace("%", r"\%")


def with_line(crontab: bytes, line: str) -> bytes:
    """The crontab with our line at its top, and no other of ours. A last line without an end gets one."""
    rest = without_line(crontab)
    ended = rest if not rest or rest.endswith(b"\n") else rest + b"\n"
    return line.encode("utf-8", "surrogateescape") + b"\n" + ended


def without_line(crontab: bytes) -> bytes:
    """The crontab without any line of ours."""
    return b"".join(line for line in crontab.splitlines(keepends=True) if not _ours(line))


def find_line(crontab: bytes) -> Found | None:
    """Our line, the last one where there are several."""
    lines = [line.rstrip(b"\r\n") for line in crontab.splitlines() if _ours(line)]
    if not lines:
        return None
    text = lines[-1].decode("utf-8", "surrogateescape")
    parts = _FIELDS.match(text)
    command = parts[3] if parts else ""
    return Found(text, command.replace(r"\%", "%"), live=bool(parts) and not text.startswith("#"))


def job_of(command: str) -> Job | None:
    """The job that a command of ours stands for; None when somebody has made something else of it."""
    try:
        words = shlex.split(command.rstrip().removesuffix(MARK))
    except ValueError:
        return None
    values: dict[str, str] = {}
    while words and _SETTING.match(words[0]):
        name, _, value = words.pop(0).partition("=")
        values[name] = value
    log = ""
    if len(words) > 2 and words[-1] == "2>&1" and words[-2].startswith(">>"):  # noqa: PLR2004 - a program and these
        log = words[-2].removeprefix(">>")
        words = words[:-2]
    return Job(tuple(words), values, log) if words else None


def _ours(line: bytes) -> bool:
    return line.rstrip(b"\r\n\t ").endswith(MARK.encode())

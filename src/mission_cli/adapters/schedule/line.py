"""The marked line of a crontab. Pure: bytes in, bytes out; every other line stays the same, byte for byte.

The line is at the top, so that a person's settings below (SHELL, PATH, HOME, MAILTO) do not affect it; it contains all
that it needs. cron ends a command at an unescaped `%`, and Debian's cron refuses commands of 1000 characters.
"""

from __future__ import annotations

import re
import shlex

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.domain.notice import do
from mission_cli.ports.schedule import Job

MARK = f"# mission: `{do('cron remove')}` takes this line away"
LONGEST = 990
_EVERY_MINUTE = "* * * * * "
_FIELDS = pattern(r"(#?)\s*((?:\S+\s+){5}|@\S+\s+)(.*)\Z", re.DOTALL)
_SETTING = pattern(r"[A-Za-z_][A-Za-z0-9_]*=")


@dataclass(frozen=True, slots=True)
class Found:
    """The marked line in a crontab."""

    text: str
    command: str
    """The command as the shell gets it: without the time fields, `%` unescaped."""
    live: bool
    """True if the line is not commented out."""


def command_of(job: Job) -> str:
    """Return the command as a shell gets it."""
    words = [f"{name}={shlex.quote(value)}" for name, value in job.set.items()]
    words += map(shlex.quote, job.argv)
    return " ".join([*words, f">>{shlex.quote(job.log)}", "2>&1", MARK])


def line_of(job: Job) -> str:
    """Return the line for a crontab, without its line end."""
    return _EVERY_MINUTE + command_of(job).replace("%", r"\%")


def with_line(crontab: bytes, line: str) -> bytes:
    """Return the crontab with the line at its top, replacing older ones. A last line without a line end gets one."""
    rest = without_line(crontab)
    ended = rest if not rest or rest.endswith(b"\n") else rest + b"\n"
    return line.encode("utf-8", "surrogateescape") + b"\n" + ended


def without_line(crontab: bytes) -> bytes:
    """Return the crontab without marked lines."""
    return b"".join(line for line in crontab.splitlines(keepends=True) if not _ours(line))


def find_line(crontab: bytes) -> Found | None:
    """Return the marked line, the last one if there are several, or None."""
    lines = [line.rstrip(b"\r\n") for line in crontab.splitlines() if _ours(line)]
    if not lines:
        return None
    text = lines[-1].decode("utf-8", "surrogateescape")
    parts = _FIELDS.match(text)
    command = parts[3] if parts else ""
    return Found(text, command.replace(r"\%", "%"), live=bool(parts) and not text.startswith("#"))


def job_of(command: str) -> Job | None:
    """Return the job in a command; None if a person has changed the command beyond recognition."""
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

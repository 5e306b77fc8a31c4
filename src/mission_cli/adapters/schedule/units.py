"""A systemd service and timer, as text. Pure.

`KillMode=process`: the supervisors and workers that a pulse starts must outlive it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.domain.notice import do
from mission_cli.ports.schedule import Job

if TYPE_CHECKING:
    from collections.abc import Iterable

_ENV = "/usr/bin/env"
"""Needed because systemd refuses a program with a quote in its path."""
SERVICE, TIMER = "mission.service", "mission.timer"
_MADE = f"# made by `{do('cron install', '--with', 'systemd')}`; `{do('cron remove')}` removes it\n"
_WORD = pattern(r'"((?:[^"\\]|\\.)*)"')
_TIMER = f"""\
{_MADE}[Unit]
Description=Every minute a pulse over all repositories with missions

[Timer]
OnCalendar=minutely
AccuracySec=1s

[Install]
WantedBy=timers.target
"""


def service_of(job: Job) -> str:
    """Return the text of the service."""
    lines = [_MADE + "[Unit]", "Description=One pulse over all repositories with missions", "", "[Service]"]
    lines += ["Type=oneshot", "KillMode=process"]
    lines += [f"Environment={_quoted(f'{name}={value}')}" for name, value in job.set.items()]
    lines += [f"ExecStart={' '.join([_ENV, *(_quoted(word).replace('$', '$$') for word in job.argv)])}"]
    lines += [f"StandardOutput=append:{_specifiers(job.log)}", f"StandardError=append:{_specifiers(job.log)}"]
    return "\n".join(lines) + "\n"


def timer() -> str:
    """Return the text of the timer."""
    return _TIMER


def job_of(service: str) -> Job | None:
    """Return the job in a service; None if a person has changed the service beyond recognition."""
    values = dict(word.partition("=")[::2] for line in _values(service, "Environment") for word in _words(line))
    starts = [tuple(w.replace("$$", "$") for w in _words(line)) for line in _values(service, "ExecStart")]
    logs = [line.removeprefix("append:").replace("%%", "%") for line in _values(service, "StandardOutput")]
    return Job(starts[0], values, logs[0] if logs else "") if len(starts) == 1 and starts[0] else None


def _values(text: str, key: str) -> Iterable[str]:
    return [line.removeprefix(f"{key}=") for line in text.splitlines() if line.startswith(f"{key}=")]


def _words(line: str) -> list[str]:
    return [re.sub(r"\\(.)", r"\1", word).replace("%%", "%") for word in _WORD.findall(line)]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_specifiers(escaped)}"'


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")

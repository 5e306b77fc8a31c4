"""Output without a terminal library: text that a terminal does not obey, and the report of a pulse."""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.domain.errors import MissionError

if TYPE_CHECKING:
    from mission_cli.engine.loop import Report

BUG = 70


def clean(text: str) -> str:
    """Return text from a file, a model or a worker without anything that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(c if c in "\n\t" or not _commands(c) else "\N{REPLACEMENT CHARACTER}" for c in text)


def complaints(report: Report, *, debug: bool = False) -> list[str]:
    """What went wrong in a pulse, for stderr."""
    lines = []
    for trouble in report.troubles:
        lines.append(f"error: {clean(trouble.message)}")
        lines += [f" hint: {clean(trouble.hint)}"] if trouble.hint else []
    for bug in report.bugs:
        last = bug.strip().splitlines()[-1]
        lines.append(clean(bug) if debug else f"this is a bug of ours: {clean(last)} (more with --debug)")
    return lines


def exit_code(report: Report) -> int:
    """0 when it worked, 1 when it could not, 70 for a bug of ours."""
    return BUG if report.bugs else 1 if report.troubles else 0


def plain_pulse(repo: str, *, quiet: bool) -> int:
    """One tick on one repository, as cron and supervisors start it: without a command-line library."""
    from mission_cli.engine.loop import pulse
    from mission_cli.wiring import open_repository

    try:
        report = pulse(open_repository(Path(repo)).world)
    except MissionError as error:
        hint = f"\n hint: {clean(error.hint)}" if error.hint else ""
        sys.stderr.write(f"error: {clean(error.message)}{hint}\n")
        return error.exit_code
    for line in [] if quiet else report.lines:
        sys.stdout.write(clean(line) + "\n")
    for line in complaints(report):
        sys.stderr.write(line + "\n")
    return exit_code(report)


def _commands(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn"}

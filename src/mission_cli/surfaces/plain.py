"""Output without a terminal library: text without control characters, and the report of a pulse."""

from __future__ import annotations

import os
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from mission_cli._support.text import counted
from mission_cli.domain.errors import BlockedError, MissionError, refusals_said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.app.queries.before.consequences import Consequence
    from mission_cli.app.results.changes import AllStopped
    from mission_cli.engine.report import Report
    from mission_cli.wiring.opened import Opened

BUG = 70
NO_READER = 141
"""As a shell reports a program that SIGPIPE ended."""
_REFUSED = BlockedError.exit_code
GONE = "is no longer a repository with missions: pulses will ignore it"


def is_unicode(stream: TextIO) -> bool:
    """Whether a stream can show every character; a stream without an encoding is not a file and can."""
    return (getattr(stream, "encoding", None) or "utf").casefold().startswith("utf")


def clean(text: str) -> str:
    """Return text from a file, a model or a worker, with control characters replaced."""
    if text.isprintable():
        return text
    return "".join(
        c if c in "\n\t" or not _commands(c) or _joins(text, at) else "\N{REPLACEMENT CHARACTER}"
        for at, c in enumerate(text)
    )


def complaints(report: Report, *, debug: bool = False) -> list[str]:
    """Return the lines for stderr about what went wrong in a pulse; tracebacks only with `debug`."""
    lines = []
    for trouble in report.troubles:
        lines.append(f"error: {clean(trouble.message)}")
        lines += [f" hint: {clean(trouble.hint)}"] if trouble.hint else []
    for bug in report.bugs:
        last = bug.strip().splitlines()[-1]
        lines.append(clean(bug) if debug else f"this is a bug in mission: {clean(last)} (--debug shows the traceback)")
    return lines


def exit_code(report: Report) -> int:
    """Return 0 when the pulse worked, 1 when it met errors, 70 for a bug in this program."""
    return BUG if report.bugs else 1 if report.troubles else 0


def reader_gone() -> int:
    """Drop the rest of the output, as in `mission list | head -1`; return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, stream.fileno())
            os.close(nothing)
    return NO_READER


def asked(question: str, *, default: bool) -> bool:
    """Ask on the terminal; an empty line or the end of the input means the default."""
    while True:
        try:
            answer = input(f"{question} [{'Y/n' if default else 'y/N'}]: ").strip().casefold()
        except EOFError:
            sys.stdout.write("\n")
            return default
        if answer in {"", "y", "yes", "n", "no"}:
            return answer[:1] == "y" if answer else default
        sys.stdout.write("please answer y or n\n")


def why_ask_before_stop(repo: Path) -> Consequence | None:
    """Return what `stop --all` stops, if that is several missions; None also if this cannot be found out."""
    from mission_cli.app.queries.before.consequences import of_stop
    from mission_cli.wiring.compose import open_at_any_rate

    try:
        with refusals_said():
            opened = open_at_any_rate(repo)
            return of_stop(opened.state, opened.executor.running())
    except MissionError:
        return None


def stop_everything(repo: Path) -> tuple[str, AllStopped]:
    """Set STOP and end all jobs; return the message and the result.

    Raises NotWrittenError if STOP cannot be written; the jobs have been told to end then, too.
    """
    from mission_cli.app.pulses.stop import stop_all
    from mission_cli.engine.halt import LIFT
    from mission_cli.wiring.emergency import open_brake
    from mission_cli.wiring.job_ancestry import refuse_worker

    refuse_worker(repo)
    brake = open_brake(repo)
    result = stop_all(brake.runtime, brake.executor, brake.person)
    return f"{stopped_now(result)}; lift it with `{LIFT}`", result


def stopped_now(result: AllStopped) -> str:
    """Return what `stop --all` has done."""
    running = f"{counted(len(result.ended), 'running job')} told to end" if result.ended else "nothing is running"
    return f"STOP is set: nothing new starts, {running}"


def plain_stop(repo: str) -> int:
    """Run `stop --all` without a command-line library, whose imports take seconds on a busy machine."""
    meant = why_ask_before_stop(Path(repo)) if sys.stdin.isatty() and sys.stdout.isatty() else None
    if meant is not None:
        sys.stdout.write(clean(f"{meant.text}.\n"))
        if not asked("Stop?", default=meant.default):
            sys.stderr.write("nothing was changed\n")
            return 0
    try:
        words, _ = stop_everything(Path(repo))
    except MissionError as error:
        return _say_error(error)
    sys.stdout.write(clean(words) + "\n")
    return 0


def plain_pulse(repo: str, *, quiet: bool) -> int:
    """Run one pulse on one repository, as cron and supervisors start it, without a command-line library."""
    from mission_cli.wiring.compose import note_closed, open_repository

    if _is_worker(Path(repo)):
        return _REFUSED
    try:
        with refusals_said():
            return _pulse(open_repository(Path(repo)), quiet=quiet)
    except MissionError as error:
        note_closed(Path(repo), error)
        return _say_error(error)


def plain_pulses(repos: Sequence[str], *, quiet: bool) -> int:
    """Run one pulse on each of these repositories. An error in one does not stop the others; return the worst status.

    A repository that does not exist any more is forgotten.
    """
    from mission_cli.wiring.host import shorten_log

    shorten_log()
    return max((_pulse_known(Path(repo), quiet=quiet) for repo in repos), default=0)


def _pulse_known(repo: Path, *, quiet: bool) -> int:
    from mission_cli.wiring.compose import note_closed, open_known

    if _is_worker(repo):
        return _REFUSED
    try:
        with refusals_said():
            opened = open_known(repo)
            if opened is None:
                sys.stderr.write(clean(f"{repo} {GONE}\n"))
                return 0
            return _pulse(opened, quiet=quiet, name=f"{repo}: ")
    except MissionError as error:
        note_closed(repo, error)
        return _say_error(error, name=f"{repo}: ")
    except Exception as error:  # noqa: BLE001 - a bug that one repository meets must not stop the others
        sys.stderr.write(clean(f"{repo}: this is a bug in mission: {type(error).__name__}: {error}") + "\n")
        return BUG


def _is_worker(repo: Path) -> bool:
    """Whether a job of the repository started this pulse; prints the error.

    Such a pulse would decide with the environment that the worker gave it.
    """
    from mission_cli.wiring.job_ancestry import refuse_worker

    try:
        refuse_worker(repo, above=False)
    except MissionError as error:
        _say_error(error)
        return True
    return False


def _pulse(opened: Opened, *, quiet: bool, name: str = "") -> int:
    from mission_cli.engine.loop import pulse

    report = pulse(opened.context)
    for line in [] if quiet else report.lines:
        sys.stdout.write(clean(line) + "\n")
    for line in complaints(report):
        sys.stderr.write(f"{name}{line}\n")
    return exit_code(report)


def _say_error(error: MissionError, name: str = "") -> int:
    hint = f"\n hint: {clean(str(error.hint))}" if error.hint else ""
    sys.stderr.write(f"{clean(name)}error: {clean(error.message)}{hint}\n")
    return error.exit_code


def _commands(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn"}


def _joins(text: str, at: int) -> bool:
    """Whether a character joins two parts of an emoji, or shapes two letters of a script without capitals."""
    if text[at] not in "\u200c\u200d" or not 0 < at < len(text) - 1:
        return False
    before, after = (unicodedata.category(text[near]) for near in (at - 1, at + 1))
    return after in {"So", "Lo"} and before in {"So", "Sk", "Lo", "Mn", "Mc"}

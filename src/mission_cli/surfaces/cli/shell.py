"""What all commands share: the options for output and repository, and errors as exit codes."""

from __future__ import annotations

import functools
import inspect
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli.app.authority import AT_HOME, READING, REPORTING, VOUCHING, WORKING
from mission_cli.domain.errors import MissionError, NotFoundError, UsageError, refusals_said
from mission_cli.domain.notice import do
from mission_cli.surfaces.as_json import Error, Failed, FileError, json_line
from mission_cli.surfaces.cli.catalog import panel_of
from mission_cli.surfaces.cli.help import Command, Commands
from mission_cli.surfaces.cli.terminal import console, print_long
from mission_cli.surfaces.plain import BUG, asked, clean, is_unicode, reader_gone
from mission_cli.surfaces.progress import progress
from mission_cli.surfaces.terminal import size_of, write, write_long
from mission_cli.surfaces.views.text import stopped_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from _typeshed import DataclassInstance
    from rich.console import Console, RenderableType

    from mission_cli.app.queries.before.consequences import Consequence
    from mission_cli.domain.problems import Problem
    from mission_cli.ports.runtime import Stopped
    from mission_cli.surfaces.lines import Line, Size
    from mission_cli.wiring.opened import Opened

INTERRUPTED = 130
_LOOK_SECONDS = 0.1

Identity = Annotated[str, typer.Argument(metavar="ID", help="The mission; a prefix is enough.")]
Thing = Annotated[str, typer.Argument(metavar="ID/N.M", help="The feature.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; recorded in the mission's log.")]
Until = Annotated[
    str, typer.Option("--until", metavar="TIME", help="Pause it then: 18:00, friday 09:00, or how long, 8h.")
]


@dataclass(slots=True)
class Shell:
    """One call of the program: its repository and its output. Data goes to stdout, messages go to stderr."""

    repo: Path = field(default_factory=Path)
    command: str = ""
    """Name of the command; it decides whether the person accepts the settings (`app.authority`)."""
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    out: Console = field(default_factory=console)
    err: Console = field(default_factory=lambda: console(stderr=True))
    stopped: Callable[[], Stopped | None] | None = None
    """For a view: returns since when and by whom STOP is set, or None."""
    _opened: Opened | None = None

    def acting(self, command: str) -> Shell:
        """Return the shell of another command that this one goes on with, as if the person had typed it."""
        return replace(self, command=command, _opened=None)

    def open(self, *, create: bool = False) -> Opened:
        """Open the repository."""
        from mission_cli.wiring.compose import open_repository

        return open_repository(self.repo, create=create, vouched=self.command in VOUCHING)

    def open_unmade(self) -> Opened:
        """Open the repository before it has missions; creates nothing."""
        from mission_cli.wiring.compose import open_unmade

        return open_unmade(self.repo, vouched=self.command in VOUCHING)

    def open_at_any_rate(self) -> Opened:
        """Open it for a command that must work even with invalid settings; print a warning for each of those."""
        from mission_cli.wiring.compose import open_at_any_rate

        if self._opened is None:
            self._opened = open_at_any_rate(self.repo, vouched=self.command in VOUCHING)
            for problem in self._opened.problems:
                self.note(f"warning: {problem.message}" + (f" ({problem.hint})" if problem.hint else ""))
        return self._opened

    def look(self) -> Opened:
        """Open it for a view; the first line of its output shows whether STOP is set."""
        opened = self.open_at_any_rate()
        self.stopped = opened.context.runtime.stopped
        return opened

    def show(self, view: RenderableType, facts: DataclassInstance, *, long: bool = False) -> None:
        """Print what was asked for, or the facts as one JSON object; a long view in a pager on a terminal.

        Also if the command is quiet.
        """
        if self.as_json:
            self.facts(facts)
            return
        self.head()
        view = clean(view) if isinstance(view, str) else view
        if long:
            print_long(self.out, view)
        else:
            self.out.print(view)

    def draw(self, view: Callable[[Size], list[Line]], facts: DataclassInstance, *, long: bool = False) -> None:
        """Print a view that is made for the size of the terminal, or the facts as one JSON object."""
        if self.as_json:
            self.facts(facts)
            return
        self.head()
        lines = view(size_of(sys.stdout))
        if long:
            write_long(lines)
        else:
            write(lines)

    def facts(self, facts: DataclassInstance) -> None:
        """Print one JSON object, at once: a program may wait for it while the command goes on."""
        sys.stdout.write(self.printed(facts))
        sys.stdout.flush()

    def printed(self, facts: DataclassInstance) -> str:
        """Return the line of JSON; that of a view has `stopped`: since when and by whom STOP is set, or null."""
        about = {"stopped": self.stopped()} if self.stopped is not None else {}
        return json_line(facts, about, ascii_only=not is_unicode(sys.stdout))

    def say(self, words: str, facts: DataclassInstance) -> None:
        """Print what a command has done, unless it is quiet, or the facts as one JSON object."""
        if self.as_json:
            self.facts(facts)
            return
        self.head()
        if not self.quiet:
            self.out.print(clean(words))

    def head(self) -> None:
        """Print the first line of a view if STOP is set."""
        stopped = self.stopped() if self.stopped is not None else None
        if stopped is not None:
            self.out.print(stopped_line(stopped))

    def busy(self, words: str, detail: Callable[[], str] = str) -> AbstractContextManager[None]:
        """Show what takes longer than a second on the terminal of stderr; the block neither asks nor prints."""
        return progress(words, detail, shown=not (self.quiet or self.as_json))

    def note(self, words: str) -> None:
        """Print a message to stderr, unless the command is quiet."""
        if not self.quiet:
            self.err.print(clean(words))

    def consents(self, meant: Consequence | None, *, yes: bool, question: str = "Continue?") -> bool:
        """Print what a command means, if that may surprise, and return whether the person agrees.

        With `yes` it does not ask. Without a terminal it raises UsageError if money or work is at stake.
        """
        if meant is None or yes or not (self.interactive or meant.costs):
            return True
        return self.agreed(meant.text, yes=False, question=question, default=meant.default)

    def agreed(
        self,
        what: str,
        *,
        yes: bool,
        question: str = "Continue?",
        default: bool = False,
        refused: str = "nothing was changed",
        shown: bool = False,
    ) -> bool:
        """Print what a command will do, unless it was `shown`, and return whether the person agrees.

        With `yes` it does not ask. Without a terminal and without `yes` it raises UsageError.
        """
        if yes:
            return True
        if not self.interactive:
            raise UsageError(f"{what}: this needs your confirmation, and there is no terminal", hint="add --yes")
        if not shown:
            self.out.print(clean(f"{what}."))
        if asked(question, default=default):
            return True
        self.note(refused)
        return False

    @property
    def interactive(self) -> bool:
        """Whether questions can be asked: stdin and stdout are terminals, and --json was not given."""
        return sys.stdin.isatty() and sys.stdout.isatty() and not self.as_json


HERE = Path()
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Repo = Annotated[
    Path, typer.Option("--repo", metavar="PATH", help="The repository; default: the one around the current folder.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only the result.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print more.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]

_COMMON: dict[str, Any] = {
    "json_output": (Json, False),
    "repo": (Repo, HERE),
    "quiet": (Quiet, False),
    "verbose": (Verbose, False),
    "debug": (Debug, False),
}
"""The options of every command; `usage.hoist` lets them also stand in front of it."""


def rest() -> None:
    """Wait a moment for a job: jobs are polled, because no notification comes when one ends."""
    time.sleep(_LOOK_SECONDS)  # an executor does not tell when a job has ended


def group(app: typer.Typer, name: str, about: str) -> typer.Typer:
    """Add a group of commands, such as `mission cron`; return it, for `command`."""
    made = typer.Typer(name=name, cls=Commands, help=about, add_completion=False, rich_markup_mode=None)
    app.add_typer(made, name=name, rich_help_panel=panel_of(name))
    return made


def command(app: typer.Typer, name: str, **options: Any) -> Callable[[Callable[..., int | None]], Callable[..., None]]:
    """Register a function whose first argument is the Shell; the common options are added to its own options."""

    def register(function: Callable[..., int | None]) -> Callable[..., None]:
        hints = get_type_hints(function, include_extras=True)
        own = [
            parameter.replace(annotation=hints[parameter.name])
            for parameter in list(inspect.signature(function).parameters.values())[1:]
        ]
        more = [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=hint, default=default)
            for key, (hint, default) in _COMMON.items()
        ]

        @functools.wraps(function)
        def wrapper(**values: Any) -> None:
            common = {key: values.pop(key) for key in _COMMON}
            shell = Shell(
                repo=common["repo"],
                command=name,
                as_json=common["json_output"],
                quiet=common["quiet"],
                verbose=common["verbose"],
                debug=common["debug"],
            )

            def action() -> int | None:
                if name not in READING | REPORTING:
                    from mission_cli.wiring.job_ancestry import refuse_worker

                    refuse_worker(shell.repo, above=name != "pulse")
                return _run(function, shell, values)

            raise typer.Exit(guarded(shell, action))

        parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + more
        wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # Typer reads it
        wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
        del wrapper.__wrapped__
        options.setdefault("cls", Command)
        options.setdefault("rich_help_panel", panel_of(name) if app.info.name == "mission" else None)
        return app.command(name, **options)(wrapper)

    return register


def _run(function: Callable[..., int | None], shell: Shell, values: Mapping[str, Any]) -> int | None:
    """Run a command; if it finds no mission and one without a repository is meant, run it where that is kept."""
    if shell.command in WORKING:
        from mission_cli.wiring.compose import is_home

        if is_home(shell.repo):
            raise UsageError(
                "a mission without a repository cannot run", hint=f"in its repository: {do('attach', 'ID')}"
            )
    try:
        return function(shell, **values)
    except NotFoundError:
        home = _home(shell, values)
        if home is None:
            raise
        return function(home, **values)


_NAMING = ("mission", "thing", "feature", "about")
"""Arguments that name a mission, or a part of one."""


def _home(shell: Shell, values: Mapping[str, Any]) -> Shell | None:
    """Return the shell in the data folder, if a command means a mission there: by its id, or as the only one."""
    from mission_cli.wiring.compose import home_of

    if shell.command not in AT_HOME or shell.repo != HERE:
        return None
    paths = values.get("paths")
    named = [*paths] if isinstance(paths, list) else [values[name] for name in _NAMING if name in values]
    place = home_of(str(named[0] if named else ""), shell.repo)
    return None if place is None else replace(shell, repo=place, _opened=None)


def guarded(shell: Shell, action: Callable[[], int | None]) -> int:
    """Run a command; return its exit code. An error is printed with its hint."""
    try:
        with refusals_said():
            return action() or 0
    except MissionError as error:
        if shell.debug:
            traceback.print_exc()
        complain(shell, error.message, str(error.hint), error.exit_code, getattr(error, "problems", ()))
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return reader_gone()
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:  # noqa: BLE001 - every other exception is a bug, and is reported as one
        if shell.debug:
            traceback.print_exc()
        words = f"this is a bug in mission: {type(error).__name__}: {error}"
        complain(shell, words, "run it again with --debug and report the output", BUG)
        return BUG


def interrupted() -> int:
    """Return the exit status after Ctrl-C at a question, and end its line, on which the terminal shows `^C`."""
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    return INTERRUPTED


def complain(shell: Shell, message: str, hint: str, code: int, problems: Sequence[Problem] = ()) -> None:
    """Print an error on stderr, and with --json also on stdout, there with all problems of a file."""
    shell.err.print(f"error: {clean(message)}")
    if hint:
        shell.err.print(f" hint: {clean(hint)}")
    if shell.as_json:
        said = FileError(message, hint, code, problems) if problems else Error(message, hint, code)
        with suppress(OSError):  # the output may be what failed
            shell.facts(Failed(said))

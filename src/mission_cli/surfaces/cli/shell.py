"""What every command has: its options for output and repository, its errors as exit codes."""

from __future__ import annotations

import functools
import inspect
import json
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer
from rich.console import Console

from mission_cli._support.dataclass import dataclass, field
from mission_cli.domain.errors import MissionError, UsageError, refusals_said
from mission_cli.surfaces.as_json import as_json
from mission_cli.surfaces.plain import BUG, clean, is_unicode
from mission_cli.surfaces.views.text import stopped_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import RenderableType

    from mission_cli.domain.problems import Problem
    from mission_cli.ports.runtime import Stopped
    from mission_cli.wiring.compose import Opened

SCHEMA = 1
INTERRUPTED = 130

Identity = Annotated[str, typer.Argument(metavar="ID", help="The mission; a prefix is enough.")]
Thing = Annotated[str, typer.Argument(metavar="ID/N.M", help="The feature.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept in the file's log.")]


@dataclass(slots=True)
class Shell:
    """One call of the program: where it works and how it speaks. Data to stdout, messages to stderr."""

    repo: Path = field(default_factory=Path)
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    out: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True, markup=False, emoji=False))
    err: Console = field(
        default_factory=lambda: Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)
    )
    stopped: Callable[[], Stopped | None] | None = None
    """Of a view: whether everything is stopped."""
    _opened: Opened | None = None

    def open(self, *, create: bool = False, vouched: bool = False) -> Opened:
        """Open the repository; `vouched` where a person's command says that the settings are theirs."""
        from mission_cli.wiring.compose import open_repository

        return open_repository(self.repo, create=create, vouched=vouched)

    def open_at_any_rate(self, *, vouched: bool = False) -> Opened:
        """Open it for a command that must work whatever the settings are like; one warning for each that is broken."""
        from mission_cli.wiring.compose import open_at_any_rate

        if self._opened is None:
            self._opened = open_at_any_rate(self.repo, vouched=vouched)
            for problem in self._opened.problems:
                self.note(f"warning: {problem.message}" + (f" ({problem.hint})" if problem.hint else ""))
        return self._opened

    def look(self) -> Opened:
        """Open it for a view: whatever is shown says first whether everything is stopped."""
        opened = self.open_at_any_rate()
        self.stopped = opened.context.runtime.stopped
        return opened

    def show(self, view: RenderableType, facts: object = None) -> None:
        """Print the view for people, or the facts as one JSON object."""
        if self.as_json:
            self.facts(facts if facts is not None else {})
            return
        self.head()
        self.out.print(view)

    def facts(self, facts: object) -> None:
        """Print one JSON object; of a view, `stopped` says since when and by whom everything is stopped."""
        value = as_json(facts)
        body = value if isinstance(value, dict) else {"items": value}
        if self.stopped is not None:
            body = {"stopped": as_json(self.stopped()), **body}
        text = json.dumps({"schema": SCHEMA, **body}, ensure_ascii=not is_unicode(sys.stdout))
        sys.stdout.write(text + "\n")

    def say(self, words: str, *, facts: object = None) -> None:
        """Print a sentence for people, or the facts as JSON."""
        if self.as_json:
            self.facts(facts if facts is not None else {"message": words})
            return
        self.head()
        if not self.quiet:
            self.out.print(clean(words))

    def head(self) -> None:
        """Print the first line of a view where everything is stopped."""
        stopped = self.stopped() if self.stopped is not None else None
        if stopped is not None:
            self.out.print(stopped_line(stopped))

    def note(self, words: str) -> None:
        """Print a message that is no data."""
        if not self.quiet:
            self.err.print(clean(words))

    def agreed(
        self,
        what: str,
        *,
        yes: bool,
        question: str = "Go on?",
        default: bool = False,
        refused: str = "nothing was changed",
        shown: bool = False,
    ) -> bool:
        """Say what a command will do, unless it was `shown`, and ask.

        Raises UsageError without `yes` where nobody can be asked.
        """
        if yes:
            return True
        if not self.interactive:
            raise UsageError(f"{what}: nobody can be asked here", hint="say so with --yes")
        if not shown:
            self.out.print(clean(f"{what}."))
        if typer.confirm(question, default=default):
            return True
        self.note(refused)
        return False

    @property
    def interactive(self) -> bool:
        """Whether a person sits in front of it."""
        return sys.stdin.isatty() and sys.stdout.isatty() and not self.as_json


READING = frozenset(
    {"diff", "doctor", "export", "history", "inbox", "lint", "list", "logs", "schema", "show", "status", "why"}
)
"""The commands that change nothing of a mission: a worker may look."""

_COMMON: dict[str, Any] = {
    "json_output": (Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")], False),
    "repo": (
        Annotated[Path, typer.Option("--repo", help="The repository; default: the one around this folder.")],
        Path(),
    ),
    "quiet": (Annotated[bool, typer.Option("--quiet", "-q", help="Say only what was asked for.")], False),
    "verbose": (Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")], False),
    "debug": (Annotated[bool, typer.Option("--debug", help="Show tracebacks.")], False),
}


def command(app: typer.Typer, name: str, **options: Any) -> Callable[[Callable[..., int | None]], Callable[..., None]]:
    """Register a function whose first argument is the Shell; the common options are added to its own."""

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
                as_json=common["json_output"],
                quiet=common["quiet"],
                verbose=common["verbose"],
                debug=common["debug"],
            )

            def action() -> int | None:
                if name not in READING:
                    from mission_cli.wiring.job_ancestry import refuse_worker

                    refuse_worker(shell.repo, above=name != "pulse")
                return function(shell, **values)

            raise typer.Exit(guarded(shell, action))

        parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + more
        wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # Typer reads it
        wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
        del wrapper.__wrapped__
        return app.command(name, **options)(wrapper)

    return register


def guarded(shell: Shell, action: Callable[[], int | None]) -> int:
    """Run a command; errors become a sentence, a hint and an exit code."""
    try:
        with refusals_said():
            return action() or 0
    except MissionError as error:
        if shell.debug:
            traceback.print_exc()
        complain(shell, error.message, error.hint, error.exit_code, getattr(error, "problems", ()))
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:  # noqa: BLE001 - the last door: our bug, said as such
        if shell.debug:
            traceback.print_exc()
        words = f"this is a bug of ours: {type(error).__name__}: {error}"
        complain(shell, words, "run it again with --debug and report what it says", BUG)
        return BUG


def complain(shell: Shell, message: str, hint: str, code: int, problems: Sequence[Problem] = ()) -> None:
    """Say what went wrong: to people on stderr, to programs also as JSON on stdout, with every problem of a file."""
    shell.err.print(f"error: {clean(message)}")
    if hint:
        shell.err.print(f" hint: {clean(hint)}")
    if shell.as_json:
        every = {"problems": problems} if problems else {}
        shell.facts({"error": {"message": message, "hint": hint, "code": code, **every}})

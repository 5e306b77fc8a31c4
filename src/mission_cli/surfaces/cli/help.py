"""The help of commands: one description of each, which is shown here, in docs/commands.md and in the manual page."""

from __future__ import annotations

import shutil
import textwrap
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperGroup

from mission_cli._support.dataclass import dataclass
from mission_cli.surfaces.cli.catalog import COMMANDS, TOPICS, Group, entry_of, examples_of
from mission_cli.surfaces.terminal import is_colored

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMMON = ("json_output", "repo", "quiet", "verbose", "debug", "help")
"""Parameters that every command has."""
_WIDEST = 100
_NARROWEST = 40
_USUAL = 80
_LONGEST_TERM = 26
_Rows = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Described:
    """What is to be said about one command."""

    words: str
    """Its name, such as `cron install`; empty for `mission` itself."""
    usage: str
    about: str
    sections: tuple[tuple[str, _Rows], ...]
    """Heading and (term, explanation): commands by group, arguments, options."""
    common: _Rows
    """The options that every command has."""
    examples: _Rows
    topic: str
    """The page of the manual about it."""


def commands_of(tree: Any) -> dict[str, Any]:
    """Return every command by its name, such as `status` or `cron install`, in the order of their names."""
    found: dict[str, Any] = {}
    for name, command in tree.commands.items():
        inner = getattr(command, "commands", None)
        found |= {f"{name} {word}": one for word, one in inner.items()} if inner else {name: command}
    return dict(sorted(found.items()))


def described(command: Any, words: str) -> Described:
    """Return the description of a command or a group of commands of Typer."""
    entry = entry_of(words)
    arguments = tuple((_argument(p), p.help or "") for p in command.params if p.param_type_name == "argument")
    options = [p for p in command.params if p.param_type_name == "option"]
    own = tuple((_option(p), p.help or "") for p in options if p.name not in COMMON)
    common = (*((_option(p), p.help or "") for p in options if p.name in COMMON), _HELP)
    inner = getattr(command, "commands", None)
    sections = [*_by_group(inner)] if inner else []
    sections += [("Arguments", arguments)] if any(text for _, text in arguments) else []
    sections += [("Options", own)] if own and words else []
    of_group = [] if not inner else ["COMMAND"] if words else ["[COMMAND]"]
    usage = ["mission", words, *of_group, *(term for term, _ in arguments), "[OPTIONS]"]
    return Described(
        words,
        " ".join(filter(None, usage)),
        (command.help or "").strip(),
        tuple(sections),
        (_HELP,) if inner and words else common if words else (*own, *common),
        examples_of(words),
        entry.topic if entry else "",
    )


def text_of(found: Described, *, width: int, colored: bool = False) -> str:
    """Return the help as text for a terminal."""

    def heading(text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if colored else text

    lines = [*_wrapped(found.about, width), "", f"{heading('Usage:')} {found.usage}"]
    edge = 0 if found.words else max(_edge(rows) for _, rows in found.sections)
    for title, rows in found.sections:
        lines += ["", heading(title), *_columns(rows, width, edge)]
    title = "Options of every command" if found.words else "Options, before or after a command"
    lines += ["", heading(title), *_columns(found.common, width)]
    examples = found.examples or (() if found.words else _FIRST_STEPS)
    if examples:
        lines += ["", heading("Examples"), *_commented(examples, width)]
    lines += ["", heading("Learn more"), *_columns(tuple(_more(found)), width)]
    return "\n".join(lines) + "\n"


_HELP = ("-h, --help", "Show this help.")
_FIRST_STEPS = (
    ("init", "set this repository up"),
    ('new "A command that counts the words of a file, with tests"', "plan it"),
    ("start", "show what will run and what it may cost, and ask"),
    ("run", "follow it"),
    ("land", "bring the finished work to your branch"),
)


def _more(found: Described) -> Iterator[tuple[str, str]]:
    if found.words:
        if found.topic:
            yield f"mission help {found.topic}", f"{TOPICS[found.topic]} (docs/{found.topic}.md)"
        return
    yield "mission help COMMAND", "the help of one command, with examples"
    yield "mission help TOPIC", f"a page of the manual: {', '.join(TOPICS)}"


def _by_group(commands: dict[str, Any]) -> Iterator[tuple[str, _Rows]]:
    """Yield the heading and the commands of each group that is not empty."""
    shown = {name: one for name, one in commands.items() if not one.hidden}
    panels = {name: getattr(one, "rich_help_panel", None) for name, one in shown.items()}
    if not any(isinstance(panel, str) for panel in panels.values()):
        yield "Commands", tuple((name, _first_line(one)) for name, one in shown.items())
        return
    order = {name: at for at, name in enumerate(COMMANDS)}
    names = sorted(shown, key=lambda name: order.get(name, len(order)))
    for group in Group:
        rows = tuple((name, _first_line(shown[name])) for name in names if panels[name] == group)
        if rows:
            yield group, rows


def _first_line(command: Any) -> str:
    """Return the description of a command; it is never cut."""
    return str(command.help or "").strip().partition("\n\n")[0].replace("\n", " ")


def _argument(parameter: Any) -> str:
    name = parameter.metavar or parameter.name.upper()
    return name if parameter.required or name.startswith("[") else f"[{name}]"


def _option(parameter: Any) -> str:
    names = ", ".join(sorted(parameter.opts, key=len))
    return names if parameter.is_flag else f"{names} {parameter.metavar or parameter.name.upper()}"


def _edge(rows: Sequence[tuple[str, str]]) -> int:
    """Return the column in which explanations begin."""
    fitting = [len(term) for term, _ in rows if len(term) <= _LONGEST_TERM]
    return 2 + max(fitting, default=_LONGEST_TERM) + 2


def _columns(rows: Sequence[tuple[str, str]], width: int, edge: int = 0) -> Iterator[str]:
    """Yield terms with their explanations behind them, wrapped and aligned."""
    edge = edge or _edge(rows)
    for term, text in rows:
        wrapped = _wrapped(text, max(width - edge, 20)) or [""]
        if len(term) > _LONGEST_TERM:
            yield f"  {term}"
        else:
            yield f"  {term.ljust(edge - 4)}  {wrapped.pop(0)}".rstrip()
        yield from (" " * edge + line for line in wrapped if line)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=False)


def _commented(rows: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    """Yield command lines that can be copied, with comments behind them, or above them if one does not fit there."""
    edge = max(len(line) for line, _ in rows)
    if len("  $ mission  # ") + edge + max(len(what) for _, what in rows) <= width:
        yield from (f"  $ mission {line.ljust(edge)}  # {what}" for line, what in rows)
        return
    for line, what in rows:
        yield f"  # {what}"
        yield f"  $ mission {line}"


def shown_help(found: Described) -> str:
    """Return the help as this terminal shows it."""
    width = max(_NARROWEST, min(shutil.get_terminal_size().columns, _WIDEST))
    return text_of(found, width=width, colored=is_colored())


def plain_help(found: Described) -> str:
    """Return the help without colors, for a page of the usual width."""
    return text_of(found, width=_USUAL)


def _of(command: Any, context: Any) -> str:
    if is_colored():
        context.color = True  # the library would remove the colors where stdout is not a terminal
    return shown_help(described(command, context.command_path.partition(" ")[2]))


class Command(TyperCommand):
    """A command with our help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        formatter.write(_of(self, ctx))


class Commands(TyperGroup):
    """A group of commands with our help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        formatter.write(_of(self, ctx))

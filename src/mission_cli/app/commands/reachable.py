"""Check that the files a mission runs are in git: workers and checks get a clone, not the person's checkout."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.app.optional import all_criteria
from mission_cli.domain.errors import BlockedError
from mission_cli.domain.routing import runners

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context

_ENDS = frozenset({"&&", "||", ";", "|", "&", "(", ")", "|&", ";;"})
_WRITES = frozenset({">", ">>", ">|", "&>", "&>>", ">&"})
_INTERPRETER = pattern(r"(?:ba|da|k|z)?sh|python[\d.]*|node|deno|bun|ruby|perl|php|Rscript|source|\.")


@dataclass(frozen=True, slots=True)
class Reference:
    """A path in a command, relative to the top of the tree."""

    path: str
    owner: str
    """Where the path was found, in words."""
    run: bool
    """Whether it is the program or script that the command runs first, so that no earlier step can create it."""


def refuse_unreachable(ctx: Context, mission: Mission, commit: Sha) -> None:
    """Raise BlockedError for the first file that a command needs and a clone of the commit lacks."""
    references = list(_references(ctx, mission))
    missing = ctx.code.missing(commit, [reference.path for reference in references])
    for one in references:
        ignored = missing.get(one.path)
        if ignored is None or (ignored and not one.run):
            continue
        words = f"`{one.path}`, used by {one.owner}, is not in git on `{mission.base}`; workers and checks get a clone"
        raise BlockedError(words, hint=_hint(one.path, mission.base, ignored=ignored))
    for name in ctx.machine.not_in_checkout(ctx.settings.tree.copy):
        words = f"`{name}`, listed in `copy` of `[tree]`, is not in the checkout"
        raise BlockedError(words, hint="create it, or remove it from .mission.toml")


def _hint(path: str, base: str, *, ignored: bool) -> str:
    add = ["git", "add", *(["-f"] if ignored else []), "--", path]
    return f"on the branch {base}: {shlex.join(add)} && {shlex.join(['git', 'commit', '-m', f'Add {path}'])}"


def _references(ctx: Context, mission: Mission) -> Iterator[Reference]:
    """Yield every word of a command that may be a path."""
    for name in runners(mission, ctx.default_runner()):
        runner = ctx.settings.runners.get(name)
        for word in runner.command if runner else ():
            for path, run in _paths(word) if " " in word else [(word, True)]:
                yield Reference(path, f"the runner `{name}`", run)
    for path, run in _paths(ctx.settings.tree.setup):
        yield Reference(path, "`setup` of `[tree]`", run)
    for criterion in all_criteria(mission):
        for path, run in _paths(criterion.from_top):
            yield Reference(path, f"the criterion `{criterion.text}`", run)


def _paths(command: str) -> Iterator[tuple[str, bool]]:
    """Yield the words of a shell command that may be files, and whether the command runs that file first.

    After `cd FOLDER` the paths are below that folder. Files that are only written to are left out.
    """
    folder, first = "", True
    for words in _simple_commands(command):
        if words[0] == "cd" and len(words) == len(("cd", "FOLDER")):
            folder = f"{folder}{words[1].rstrip('/')}/"
            continue
        for before, word in zip(["", *words], words, strict=False):
            if " " in word:
                yield from ((f"{folder}{path}", first and run) for path, run in _paths(word))
            elif before not in _WRITES and word not in _WRITES and not word.startswith("-"):
                yield f"{folder}{word}", first and word == _program(words)
        first = False


def _program(words: list[str]) -> str:
    """Return what a simple command runs: its first word, or the script that it passes to an interpreter."""
    if not _INTERPRETER.fullmatch(words[0].rpartition("/")[2]):
        return words[0]
    return next((word for word in words[1:] if not word.startswith("-")), "")


def _simple_commands(command: str) -> Iterator[list[str]]:
    part: list[str] = []
    for word in _words(command):
        if word not in _ENDS:
            part.append(word)
        elif part:
            yield part
            part = []
    if part:
        yield part


def _words(command: str) -> list[str]:
    reader = shlex.shlex(command, posix=True, punctuation_chars=True)
    reader.whitespace_split, reader.commenters = True, ""
    try:
        return list(reader)
    except ValueError:
        return command.split()

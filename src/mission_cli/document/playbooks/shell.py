"""Where a value may stand in a shell command, so that quoting makes it one word and nothing else."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNQUOTABLE = pattern(
    r"`|<<|\$\(\(|\(\(|\$\[|\[\[|\$'|\$\"|\$\{(?![A-Za-z_][A-Za-z0-9_]*\})|\b(?:eval|let)\b"
    r"|(?:\A|[;&|(){}\n!]|\b(?:do|then|else|elif|while|until|if|builtin|command)\b)[ \t]*"
    r"(?:trap|declare|typeset|local|readonly|unset|read|readarray|mapfile|getopts|alias)\b"
)
"""What gives quotes, or the text between them, another meaning: backticks, here documents, arithmetic, `[[`, eval, and
commands of the shell that evaluate a name or a text that they are given."""
_BEFORE_A_WORD = frozenset(" \t\n;&|()")
_PIECE = r"""'[^']*'?|"(?:\\.|[^"\\])*"?|\\(?:MARK|.)|(?<![^ \t\n;&|()])#[^\n]*|MARK|."""
_PROGRAM = pattern(r"\b(?:sh|bash|dash|zsh|ksh|su|python[0-9.]*|node|perl|ruby)\b[^;&|\n]*\s-[A-Za-z]*[ce][ \t]+\Z")
"""What precedes a word that a shell or an interpreter reads as its program."""
_NAME = pattern(r"(?:\[|\b(?:test|printf|wait))[ \t][^;&|\n]*-[vRp][ \t]+\Z|\b(?:printf)[ \t]+-v[ \t]+\Z")
"""What precedes a word that the shell reads as the name of a variable, and so evaluates the index in it."""
_INSIDE = {
    "#": "it stands in a comment; remove it there",
    "\\": "it stands after a backslash; remove the backslash",
    **dict.fromkeys("'\"", "it stands between quotes; remove the quotes, because values are quoted"),
}
_SCRIPT = "put the command into a script in the repository, and give it the value as an argument"


def why_unquotable(command: str, mark: str) -> str:
    """Return why a value cannot stand at the places of `mark` in a command; empty if it can everywhere."""
    odd = _UNQUOTABLE.search(command)
    if odd:
        return f"the command contains `{odd[0].strip()}`, so a value cannot be quoted safely; {_SCRIPT}"
    for piece in re.finditer(_PIECE.replace("MARK", re.escape(mark)), command, re.DOTALL):
        if mark in piece[0] and piece[0] != mark:
            return _INSIDE[piece[0][0]]
        if piece[0] == mark and command[: piece.start()].endswith("$"):
            return "it stands after `$`; remove the `$`"
        if piece[0] == mark and _NAME.search(command, 0, piece.start()):
            return f"the shell would evaluate it after `-v`; {_SCRIPT}"
        if piece[0] == mark and _PROGRAM.search(command, 0, piece.start()):
            return f"it would be a program of its own; {_SCRIPT}"
    return ""


def quoted(command: str, mark: str, entries: Sequence[str]) -> str | tuple[str, str]:
    """Return the command with the entries at the places of `mark`, each as one word; or what is wrong, and a hint."""
    begins = any(
        at == 0 or command[at - 1] in _BEFORE_A_WORD for at in range(len(command)) if command.startswith(mark, at)
    )
    option = next((entry for entry in entries if entry.startswith("-")), "")
    if begins and option:
        return f"`{option}` begins with `-`, so a program would read it as an option", "begin it differently"
    return command.replace(mark, " ".join(map(shlex.quote, entries)))

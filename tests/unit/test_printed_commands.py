"""Commands that are printed can be copied into a shell, whatever the names in them hold."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import mission_cli
from mission_cli._support.text import command_line

SOURCES = Path(mission_cli.__file__).parent
COMMAND = re.compile(r"(?:mission|git|rm) [a-z-]+ (?:--?[a-z-]+ )*\Z")
TEXTS = re.compile(r"(?:gate\.name|gate|base|path|lock|file|title|in_the_way)\Z")
"""What people name as they like; ids and numbers, and refs made of them, need no quotes."""


def test_words_of_a_command_are_quoted_where_a_shell_would_read_them() -> None:
    assert command_line("mission", "approve", "m", "ga ' te; rm -rf $HOME") == (
        """mission approve m 'ga '"'"' te; rm -rf $HOME'"""
    )


def test_no_command_is_put_together_from_a_persons_words_without_quotes() -> None:
    found = []
    for source in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                found += [f"{source.name}:{node.lineno}: {words}" for words in unquoted(node)]
    assert found == []


def unquoted(text: ast.JoinedStr) -> list[str]:
    """Values that stand behind a command in an f-string, and may be anything."""
    before, bad = "", []
    for part in text.values:
        if isinstance(part, ast.Constant):
            before = str(part.value)
        elif isinstance(part, ast.FormattedValue):
            value = ast.unparse(part.value)
            if COMMAND.search(before) and TEXTS.search(value):
                bad.append(f"{before}{{{value}}}")
            before += "x"
    return bad

"""Commands that are printed can be copied into a shell, whatever the names in them hold."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import mission_cli
from mission_cli._support.text import command_line
from mission_cli.domain.notice import NO_ADVICE, Remedy, advise, do, joined
from mission_cli.surfaces.outputs import OUTPUTS

SOURCES = Path(mission_cli.__file__).parent
COMMAND = re.compile(r"(?:mission|git|rm) [a-z-]+ (?:--?[a-z-]+ )*\Z")
SPELLED = re.compile(rf"\bmission (?:{'|'.join(sorted({name.split()[0] for name in OUTPUTS}))})\b(?! is )")
DESCRIBES_COMMANDS = {"document/reading/front_schema.py", "wiring/emergency.py", "document/merging/tables.py"}
"""The first describes keys for the documentation, the second names the command in an assertion.

The third names the section `Mission Agents`.
"""
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


def test_no_layer_below_the_surfaces_spells_a_command_of_the_program() -> None:
    found = []
    for source in SOURCES.rglob("*.py"):
        name = source.relative_to(SOURCES).as_posix()
        if not name.startswith("surfaces/") and name not in DESCRIBES_COMMANDS:
            found += [f"{name}:{line}: {text}" for line, text in spelled(source.read_text(encoding="utf-8"))]
    assert found == []


def test_a_command_that_is_spelled_is_found() -> None:
    assert [
        text for _, text in spelled('hint = f"go on (mission resume {m}), or stop"\ncount = "1 mission is open"')
    ] == ["go on (mission resume "]


def spelled(source: str) -> list[tuple[int, str]]:
    """Line and text of each string, other than a docstring, with a command line of the program in it."""
    tree = ast.parse(source)
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [
        n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in docs
    ]
    return [(n.lineno, str(n.value)) for n in texts if SPELLED.search(str(n.value))]


def test_the_text_of_advice_is_the_line_to_type_and_its_remedies_are_values() -> None:
    hint = advise("go on (", do("resume", "m"), "), or stop (", do("cancel", "m"), ")", "")
    assert str(hint) == "go on (mission resume m), or stop (mission cancel m)"
    assert hint.remedies == (Remedy("resume", ("m",)), Remedy("cancel", ("m",)))
    assert str(do("cron install", "--with", "systemd")) == "mission cron install --with systemd"
    assert str(joined([do("gc"), NO_ADVICE, advise("wait")], "; or ")) == "mission gc; or wait"
    assert (bool(NO_ADVICE), bool(advise("", NO_ADVICE))) == (False, False)
    assert str(do("approve", "m", "a gate; rm -rf $HOME")) == "mission approve m 'a gate; rm -rf $HOME'"

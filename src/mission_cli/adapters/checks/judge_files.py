"""Find the files of a repository that a criterion reaches, and those of them that only judge.

A worker may change the program under test, but not a check. ADR 44 lists the cases.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.domain.paths import is_test_file
from mission_cli.domain.status import CriterionKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mission_cli.domain.criteria.criterion import Criterion

_WORD = pattern(r"[\w.+@~-]*[\w+@~](?:/[\w.+@~-]+)*|(?:\.{0,2}/)[\w.+@~/-]+")
_FOLDER = pattern(r"(?:\bcd|\bpushd|-C|--prefix|--dir|--cwd|--directory)[\s=]+[\"']?([\w./+@~-]+)")
_MODULE = pattern(r"\bpython[\d.]*\s+(?:-\w+\s+)*-m\s+([\w.]+)")
_SOURCED = pattern(
    r"(?:^|[;&|({]|\bthen|\bdo|\belse)\s*(?:\.|source)\s+[\"']?(?:\$\{?\w+\}?/|\$\([^)]*\)[\"']?/)?([\w./+@~-]+)",
    re.MULTILINE,
)
_IMPORT = pattern(r"^\s*(?:from\s+\.?([\w.]+)\s+import|import\s+([\w., ]+))", re.MULTILINE)
_REQUIRE = pattern(r"(?:require\(|from\s+|import\s+)[\"'](\.[\w./-]+)[\"']")
_JUDGE = pattern(
    r"(?:^|[/_.\-])(?:checks?|checkers?|checking|verify|verif(?:ier|ication)|validat(?:e|or|ion)s?|lint|ci|qa|accept(?:ance)?"
    r"|asserts?|assertions?|e2e|smoke|eval|evaluat(?:e|ion|or)|scor(?:e|ing)|measure|metrics?|grad(?:e|er|ing)|judge|gate"
    r"|bench(?:mark)?s?|expected|golden|fixtures?|snapshots?|__snapshots__|approved|tests?|testing|specs?|run_?tests?"
    r"|check\w*|verify\w*|test_?\w*)\d*(?=$|[/_.\-])",
    re.IGNORECASE,
)
_SHELL_ALONE = pattern(
    r"^\s*[({]?\s*(?:set\s+-\w+(?:\s+pipefail)?\s*[;&]+\s*)?(?:cd\s+\S+\s*[;&]+\s*)?(?:timeout\s+\S+\s+)?"
    r"(?:(?:ba|da|z|k)?sh\s+(?:-[a-z]+\s+)*)?[\"']?(?P<path>[\w./+@~-]+\.(?:sh|bash|zsh)|\./[\w./+@~-]+)[\"']?"
)
_MOST_DEPTH = 4
_RUNNERS = pattern(r"\b(?:npm|pnpm|yarn|bun|npx)\b")
_MAKERS = pattern(r"\b(?:g?make|just|task)\b")


def only_judges(path: str) -> bool:
    """Whether a file that a criterion reaches only judges, as far as its name tells."""
    return bool(_JUDGE.search(path))


def words_of(criteria: Iterable[Criterion]) -> frozenset[str]:
    """Return every word in the commands of criteria: names of scripts, targets, files."""
    commands = [c.from_top for c in criteria if c.kind in {CriterionKind.RUN, CriterionKind.METRIC}]
    return frozenset(word for command in commands for word in re.findall(r"[\w./:@+-]+", command))


def judges(criteria: Iterable[Criterion], read: Callable[[Iterable[str]], Mapping[str, str]]) -> frozenset[str]:
    """Return the judging files among those that the commands of criteria reach, directly or through another file.

    `read` returns the texts of those paths that exist. Test files are not included: workers write them, and they are
    compared test by test.
    """
    commands = [c.from_top for c in criteria if c.kind in {CriterionKind.RUN, CriterionKind.METRIC}]
    commands += _indirect(commands, read)
    found: set[str] = set()
    level = {path for command in commands for path in _paths(command, "")}
    alone = {p for command in commands for p in _alone(command)}
    texts = read(level)
    current = {p for p in texts if (only_judges(p) or p in alone) and not _is_suite(p)}
    for _ in range(_MOST_DEPTH):
        current -= found
        if not current:
            break
        found |= current
        wanted = {path for name in current for path in _inside(name, texts[name])}
        texts = read(wanted)
        current = {p for p in texts if not _is_suite(p)}
    return frozenset(found)


def _is_suite(path: str) -> bool:
    """Whether a file contains tests, which are compared one by one; a shell script among tests judges as a whole."""
    return is_test_file(path) and not path.endswith((".sh", ".bash", ".zsh"))


def _indirect(commands: Iterable[str], read: Callable[[Iterable[str]], Mapping[str, str]]) -> list[str]:
    """Return what the package scripts and make targets run that the commands call."""
    wanted = set()
    for command in commands:
        names = ["package.json"] if _RUNNERS.search(command) else []
        names += ["Makefile", "makefile", "GNUmakefile", "justfile", "Justfile"] if _MAKERS.search(command) else []
        wanted |= {posixpath.normpath(posixpath.join(f, name)) for f in _folders(command) for name in names}
    return list(read(wanted).values()) if wanted else []


def _folders(command: str) -> list[str]:
    """Return the root and every folder that a command changes to, each relative to the ones before."""
    folders = [""]
    for inside in _FOLDER.findall(command):
        folders += [posixpath.normpath(posixpath.join(f, inside)) for f in list(folders)][:8]
    return list(dict.fromkeys(folders))


def _paths(command: str, here: str) -> set[str]:
    words = {w for w in _WORD.findall(command) if "/" in w or "." in w}
    for module in _MODULE.findall(command):
        place = module.replace(".", "/")
        words |= {f"{place}.py", f"{place}/__main__.py"}
    folders = [posixpath.join(here, f) for f in _folders(command)] + [""]
    found = {posixpath.normpath(posixpath.join(f, w)) for f in folders for w in words}
    return {p for p in found if p and not p.startswith(("/", ".."))}


def _alone(command: str) -> set[str]:
    """Return the script whose exit status is the whole verdict, because nothing examines its output or results."""
    match = _SHELL_ALONE.match(command)
    if match is None or re.search(r"[|`]|\$\(|&&|\btest\b|\[", command[match.end() :]):
        return set()
    return {posixpath.normpath(posixpath.join(f, match["path"])) for f in _folders(command)}


def _inside(path: str, text: str) -> set[str]:
    """Return what a judging file consists of: what it sources or imports from its folder, and checks that it calls."""
    here = posixpath.dirname(path)
    found = {posixpath.normpath(posixpath.join(f, s)) for s in _SOURCED.findall(text) for f in (here, "")}
    found |= {p for p in _paths(text, here) if only_judges(p)}
    if path.endswith(".py") and here:
        modules = [m for pair in _IMPORT.findall(text) for m in ",".join(pair).replace(" ", "").split(",") if m]
        found |= {posixpath.join(here, f"{m.replace('.', '/')}.py") for m in modules}
    for name in _REQUIRE.findall(text):
        place = posixpath.normpath(posixpath.join(here, name))
        found |= {p for p in (place, f"{place}.js", f"{place}.mjs", f"{place}.ts") if here or only_judges(p)}
    return {p for p in found if p and not p.startswith(("/", ".."))}

"""Tests as text: which tests a file contains, and which of them no longer test anything after a change."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from mission_cli.domain.branches.against import Change

_MARKS = pattern(r"skip|xfail|expectedFailure|importorskip", re.IGNORECASE)
_SWITCHES = pattern(
    r"skip|xfail|expectedFailure|importorskip|\.only\b|\.todo\b|\bx(?:it|describe|test)\b|\bpending\b|#\[ignore"
    r"|@Ignore|@Disabled|\b_?exit\s*\(|\bt\.Skip|\breturn\b|\babort\b",
    re.IGNORECASE,
)
"""Words on an added line that may turn a test off."""
_BY_LANGUAGE = {
    (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts"): pattern(
        r"^\s*(?P<off>x)?(?:it|test|specify)(?P<mark>\.(?:skip|todo|failing|each|only|concurrent))?"
        r"\s*\(\s*(?P<q>['\"`])(?P<name>.*?)(?P=q)",
        re.MULTILINE,
    ),
    (".go",): pattern(r"^func (?P<name>(?:Test|Example|Fuzz)\w*)\(", re.MULTILINE),
    (".rs",): pattern(
        r"#\[(?:\w+::)?test[^\]]*\](?:\s*#\[[^\]]*\])*\s*(?:pub\s+)?(?:async\s+)?fn\s+(?P<name>\w+)", re.MULTILINE
    ),
    (".rb",): pattern(
        r"^\s*(?P<off>x)?(?:(?:it|specify|test)\s*\(?\s*(?P<q>['\"])(?P<name>.*?)(?P=q)|def (?P<name2>test_\w+))",
        re.MULTILINE,
    ),
    (".java", ".kt", ".groovy", ".scala", ".cs"): pattern(
        r"(?:@(?:Parameterized)?Test\b|\[(?:Fact|Test|Theory)\])[^;{]*?\b(?P<name>\w+)\s*\(\s*\)", re.MULTILINE
    ),
    (".php",): pattern(r"function\s+(?P<name>test\w*)\s*\(", re.MULTILINE),
    (".ex", ".exs"): pattern(r"^\s*test\s+(?P<q>\")(?P<name>.*?)(?P=q)", re.MULTILINE),
    (".swift",): pattern(r"func\s+(?P<name>test\w*)\s*\(", re.MULTILINE),
    (".bats",): pattern(r"^@test\s+(?P<q>['\"])(?P<name>.*?)(?P=q)", re.MULTILINE),
}
_OFF = {
    ".go": pattern(r"\bt\.Skip(?:f|Now)?\("),
    ".rs": pattern(r"#\[ignore"),
    ".java": pattern(r"@(?:Ignore|Disabled)\b"),
    ".kt": pattern(r"@(?:Ignore|Disabled)\b"),
    ".rb": pattern(r"^\s*(?:skip|pending)\b", re.MULTILINE),
    ".php": pattern(r"markTest(?:Skipped|Incomplete)"),
    ".exs": pattern(r"@tag :skip"),
    ".bats": pattern(r"^\s*skip\b", re.MULTILINE),
}


_SETS = pattern(
    r"setattr|delattr|exec|globals\(\)\.\w+|(?:[\w.]+\.)?(?:__setattr__|__dict__\.update)|(?:[\w.]+\.)?patch(?:\.\w+)?\(.*\)\.start"
)
"""What is called to set an attribute of something else."""


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_FOLDERS = frozenset({"test", "tests", "spec", "specs", "__tests__"})
_NOT_LOOKED_AT = pattern(r"(?:^|/)(?:\.[^/]+|node_modules|build|dist|venv|target|vendor|_darcs|CVS|[^/]+\.egg)/")
"""Folders in which test programs look for no tests."""


class Suite:
    """The tests of one file: their bodies by name, and which of them are turned off or empty."""

    def __init__(self) -> None:
        self.bodies: dict[str, str] = {}
        self.off: set[str] = set()
        self.empty: set[str] = set()


def suite_of(path: str, text: str | None) -> Suite:
    """Return the tests of a file; none if it cannot be parsed or its language is unknown."""
    found = Suite()
    if text is None:
        return found
    if path.endswith(".py"):
        try:
            _python(ast.parse(text), "", found, off=False)
        except (SyntaxError, ValueError, RecursionError):
            return Suite()
        return found
    for ends, declared in _BY_LANGUAGE.items():
        if path.endswith(ends):
            _by_pattern(path, text, declared, found)
    return found


def lost(changes: Iterable[Change]) -> tuple[str, ...]:
    """Return `path: name: what` for each earlier test that was removed, turned off or emptied, but not just moved."""
    pairs = [(c.path, suite_of(c.path, c.old), suite_of(c.path, c.new)) for c in changes]
    kept = {body for _, _, after in pairs for name, body in after.bodies.items() if name not in after.off}
    found = []
    for path, before, after in pairs:
        for name, body in before.bodies.items():
            if name in before.off or name in before.empty:
                continue
            if name not in after.bodies:
                words = "" if body in kept else "removed"
            else:
                words = "skipped" if name in after.off else "emptied" if name in after.empty else ""
            if words:
                found.append(f"{path}: {name}: {words}")
    return tuple(found)


def moved_away(change: Change, changes: Sequence[Change]) -> bool:
    """Whether tests of a removed file are where they may not be run: no more in the folder for tests, or hidden."""
    top = change.path.partition("/")[0]
    seen = [c for c in changes if not _NOT_LOOKED_AT.search(c.path)]
    near = [c for c in seen if top not in _FOLDERS or c.path.startswith(f"{top}/")]
    kept = {body for c in near for body in suite_of(c.path, c.new).bodies.values()}
    return not kept.issuperset(suite_of(change.path, change.old).bodies.values())


def extended(path: str, old: str, new: str) -> bool:
    """Whether a test file was only extended: every earlier test and line is unchanged."""
    before, after = suite_of(path, old), suite_of(path, new)
    same = all(after.bodies.get(name) == body for name, body in before.bodies.items())
    if before.bodies and path.endswith(".py"):
        grown = _python_rest(old) <= _python_rest(new) and not _hides_what_it_imports(old, new)
        return same and grown and not after.off - before.off
    added = _added_lines(old, new)
    return same and added is not None and not any(_SWITCHES.search(line) for line in added)


def _python(node: ast.AST, inside: str, found: Suite, *, off: bool) -> None:
    for item in ast.iter_child_nodes(node):
        if isinstance(item, ast.ClassDef):
            marked = off or _is_off(item) or _body_off(item.body)
            _python(item, f"{inside}{item.name}.", found, off=marked)
        elif isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) and item.name.startswith("test"):
            name = f"{inside}{item.name}"
            body = item.body[1:] if _is_words(item.body[0]) else item.body
            found.bodies[name] = "\n".join(ast.dump(x) for x in (*item.decorator_list, item.args, *body))
            if off or _is_off(item) or (body and _skips_at_once(body[0])):
                found.off.add(name)
            if all(_says_nothing(line) for line in body):
                found.empty.add(name)
    found.off |= {f"{inside}{name}" for name in _replaced(node)} & set(found.bodies)
    if isinstance(node, ast.Module) and _body_off(node.body):
        found.off |= set(found.bodies)


def _replaced(node: ast.AST) -> set[str]:
    """Return the names that the statements of a module or class delete or assign anew."""
    lines = (n for n in ast.iter_child_nodes(node) if not isinstance(n, _DEFINITIONS))
    inside = (n for line in lines for n in ast.walk(line) if isinstance(n, ast.Name))
    return {n.id for n in inside if not isinstance(n.ctx, ast.Load)}


def _is_off(item: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(_MARKS.search(ast.unparse(d)) for d in item.decorator_list)


def _body_off(body: list[ast.stmt]) -> bool:
    """Whether a module or class turns off all of its tests: `pytestmark`, or a skip at module level."""
    for line in body:
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) in {"pytestmark", "__test__"}:
            value = ast.unparse(line.value)
            if value == "False" or _MARKS.search(value):
                return True
        if isinstance(line, ast.Expr) and _skips_at_once(line):
            return True
    return False


def _skips_at_once(line: ast.stmt) -> bool:
    if isinstance(line, ast.Return):
        return True
    text = ast.unparse(line) if isinstance(line, ast.Expr | ast.Raise) else ""
    return bool(re.match(r"(?:raise )?[\w.]*(?:skip|xfail|SkipTest|importorskip)\w*\(|(?:os|sys)\._?exit\(", text))


def _is_words(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)


def _says_nothing(line: ast.stmt) -> bool:
    true = isinstance(line, ast.Assert) and isinstance(line.test, ast.Constant) and bool(line.test.value)
    return isinstance(line, ast.Pass) or _is_words(line) or true


def _python_rest(text: str) -> set[str]:
    """Return what a module contains in addition to tests and imports."""
    rest = set()
    for item in ast.parse(text).body:
        if isinstance(item, ast.ClassDef):
            rest |= {ast.dump(i) for i in item.body if not _is_test(i)}
        elif not _is_test(item) and not isinstance(item, ast.Import | ast.ImportFrom) and not _is_words(item):
            rest.add(ast.dump(item))
    return rest


def _hides_what_it_imports(old: str, new: str) -> bool:
    """Whether a module now defines a name that it used to import: then its tests would test something else."""
    imported = {
        (a.asname or a.name).split(".")[0]
        for i in ast.walk(ast.parse(old))
        if isinstance(i, ast.Import | ast.ImportFrom)
        for a in i.names
    }
    tree = ast.parse(new)
    defined = {i.name for i in tree.body if isinstance(i, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    defined |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    changed = any(isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store) for i in tree.body for n in ast.walk(i))
    assigned = any(isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store) for n in ast.walk(ast.parse(old)))
    return bool(imported & defined) or (changed and not assigned)


def patches(path: str, text: str) -> bool:
    """Whether a file among tests changes, when it is loaded, what other tests test, or how they run."""
    if path.endswith(".go"):
        return bool(re.search(r"^func (?:TestMain\(|init\(\))", text, re.MULTILINE))
    if not path.endswith(".py"):
        return False
    try:
        loaded = list(_loaded(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError):
        return False
    imports = [a for n in loaded if isinstance(n, ast.Import | ast.ImportFrom) for a in n.names]
    imported = {(a.asname or a.name).partition(".")[0] for a in imports} - {"os", "pytest", "unittest"}
    return any(_patches(node, imported) for node in loaded)


def _patches(node: ast.AST, imported: Collection[str]) -> bool:
    if isinstance(node, ast.Call):
        return bool(_SETS.fullmatch(ast.unparse(node.func)))
    if isinstance(node, ast.Attribute):
        return isinstance(node.ctx, ast.Store) and ast.unparse(node).partition(".")[0] in imported
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == "pytest_plugins"


def _loaded(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a module that run when it is loaded: all but the bodies of functions."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _loaded(child)


def _is_test(item: ast.stmt) -> bool:
    return isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) and item.name.startswith("test")


def _by_pattern(path: str, text: str, declared: re.Pattern[str], found: Suite) -> None:
    places = list(declared.finditer(text))
    dot = "." + path.rpartition(".")[2]
    off_word = _OFF.get(dot)
    for at, place in enumerate(places):
        facts = place.groupdict()
        name = facts.get("name") or facts.get("name2") or ""
        until = places[at + 1].start() if at + 1 < len(places) else len(text)
        chunk = text[place.start() : until]
        found.bodies[name] = " ".join(chunk.split())
        before = text[max(0, place.start() - 60) : place.start()].rpartition("\n\n")[2]
        mark = facts.get("mark") or ""
        if (
            facts.get("off")
            or mark in {".skip", ".todo", ".failing"}
            or (off_word is not None and (off_word.search(chunk) or off_word.search(before)))
        ):
            found.off.add(name)
        inside = re.sub(r"//.*|/\*.*?\*/|#.*", "", chunk[place.end() - place.start() :])
        if not re.search(
            r"[\w.]+\s*[(!]|assert|expect|should|\brun\b|\[", inside.replace("function", "").replace("async", "")
        ):
            found.empty.add(name)


def _added_lines(old: str, new: str) -> list[str] | None:
    """Return the added lines if every earlier line is still there in the same order, otherwise None."""
    added: list[str] = []
    wanted: Iterator[str] = iter(old.splitlines())
    waiting = next(wanted, None)
    for line in new.splitlines():
        if waiting is not None and line.rstrip() == waiting.rstrip():
            waiting = next(wanted, None)
        else:
            added.append(line)
    return None if waiting is not None else added


def only_added(old: str, new: str) -> bool:
    """Whether every earlier line is still there in the same order."""
    return _added_lines(old, new) is not None


def names_of(findings: Iterable[str]) -> Mapping[str, list[str]]:
    """Return findings by path."""
    found: dict[str, list[str]] = {}
    for finding in findings:
        found.setdefault(finding.partition(": ")[0], []).append(finding)
    return found

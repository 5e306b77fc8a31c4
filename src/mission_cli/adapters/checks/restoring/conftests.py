"""`conftest.py`: restore hooks of pytest and code that runs at import."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_REACHES_TESTS = pattern(
    r"skip|exit|xfail|patch|setattr|\.node\b|\.session\b|__code__|signal|atexit|pluginmanager|\.(?:module|cls|obj)\b"
    r"|__dict__|sys\.modules|\b_pytest\b|\bglobals\("
)
_ACTS_AT_IMPORT = pattern(
    r"setattr|__setitem__|__dict__|\b(?:exec|eval|patch|autouse|_pytest|_exit)\b|__import__|import_module"
    r"|pluginmanager|sys\.modules|\b(?:globals|vars)\("
)
"""In a value, a default or a decorator of a `conftest.py`: what does more than define a name."""
_NO_HOOKS = "for _name in [n for n in globals() if n.startswith('pytest_')]:\n    del globals()[_name]"
"""What takes the hooks out of a `conftest.py` that imports them together with fixtures."""
_CODING = pattern(r"(?:[^\n]*\n)?[ \t\f]*#.*?coding[:=][ \t]*(?!utf-?8\b)\w")
_PYTEST_NAMES = frozenset({"collect_ignore", "collect_ignore_glob", "pytest_plugins", "pytestmark", "__test__"})


def merged_conftest(old: str | None, new: str, called: Collection[str]) -> str | None:
    """Restore pytest hooks and code that runs at import; fixtures and helpers stay as they are now."""
    del called
    if _CODING.match(new):  # it is not what it looks like
        return old
    try:
        before, after = _statements(old or ""), _statements(new)
    except (SyntaxError, ValueError, RecursionError):
        return old
    hooks, mine = ({ast.dump(i): text for i, text in items if _steers(i, items)} for items in (before, after))
    if hooks.keys() == mine.keys():
        return new
    brought = [text for item, text in after if _brings_hooks(item)]
    kept = [text for item, text in after if text in brought or ast.dump(item) not in mine]
    return "\n".join([*kept, *([_NO_HOOKS] if brought else []), *hooks.values()]) + "\n"


def _statements(text: str) -> list[tuple[ast.stmt, str]]:
    lines = text.splitlines()
    found = []
    for item in ast.parse(text).body:
        first = min([item.lineno, *(d.lineno for d in getattr(item, "decorator_list", []))])
        found.append((item, "\n".join(lines[first - 1 : item.end_lineno])))
    return found


def _steers(item: ast.stmt, items: Sequence[tuple[ast.stmt, str]]) -> bool:
    """Whether a statement may decide which tests run or how they end: hooks, and code that runs at import."""
    if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
        return _is_hook(item, items)
    if isinstance(item, ast.Import | ast.ImportFrom):
        return _brings_hooks(item)
    if isinstance(item, ast.ClassDef):
        methods = ast.FunctionDef | ast.AsyncFunctionDef
        body = [line for line in item.body if not isinstance(line, methods | ast.Pass | ast.AnnAssign | ast.ClassDef)]
        return any(_acts(line) for line in body) or any(map(_acts_in, item.decorator_list))
    return _acts(item)


def _is_hook(item: ast.FunctionDef | ast.AsyncFunctionDef, items: Sequence[tuple[ast.stmt, str]]) -> bool:
    decorated = " ".join(ast.unparse(d) for d in item.decorator_list)
    own = {i.name for i, _ in items if isinstance(i, ast.FunctionDef)}
    always = "autouse" in decorated or "**" in decorated or not own.isdisjoint(re.findall(r"\w+", decorated))
    if item.name.startswith("pytest_") or "hookimpl" in decorated or _acts_in(item.args):
        return True
    return always and (bool(_REACHES_TESTS.search(ast.unparse(item))) or _changes_a_module(item, items))


def _changes_a_module(item: ast.stmt, items: Sequence[tuple[ast.stmt, str]]) -> bool:
    """Whether a function sets an attribute of a module that it, or its file, imports as a whole."""
    imports = [n for n in (*ast.walk(item), *(i for i, _ in items)) if isinstance(n, ast.Import)]
    modules = {(a.asname or a.name).partition(".")[0] for n in imports for a in n.names} - {"os"}
    stored = [n for n in ast.walk(item) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)]
    return any(ast.unparse(n).partition(".")[0] in modules for n in stored)


def _brings_hooks(item: ast.stmt) -> bool:
    """Whether an import may bring hooks: one of such a name, or everything that a module has."""
    if not isinstance(item, ast.Import | ast.ImportFrom):
        return False
    return any(a.name == "*" or (a.asname or a.name).startswith("pytest_") for a in item.names)


def _acts(item: ast.stmt) -> bool:
    """Whether a statement does more at import than to define a name, to extend `sys.path` or to set a variable."""
    if isinstance(item, ast.Assign | ast.AnnAssign):
        names = {ast.unparse(t) for t in (item.targets if isinstance(item, ast.Assign) else [item.target])}
        hooks = any(name in _PYTEST_NAMES or name.startswith("pytest_") for name in names)
        reached = any("." in name for name in names - {name for name in names if "os.environ" in name})
        return hooks or reached or (item.value is not None and _acts_in(item.value))
    if isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant):
        return False
    return not ast.unparse(item).startswith(("sys.path.", "os.environ"))


def _acts_in(item: ast.AST) -> bool:
    return bool(_ACTS_AT_IMPORT.search(ast.unparse(item)))

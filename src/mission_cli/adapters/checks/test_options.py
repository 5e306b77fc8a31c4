"""Test configuration: restore files that determine how tests run, as they were before a change.

Only the parts that affect tests are restored: a new dependency, script, target, fixture or plugin setting stays.
"""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.checks.makefiles import merged_makefile
from mission_cli.adapters.checks.test_suites import only_added

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from mission_cli.domain.branches.against import Change

_NARROW = pattern(
    r"(?:^|[\s\"'\[,=])(?:-k|-m|--deselect|--ignore(?:-glob)?|--maxfail|-x|--exitfirst|--co|--collect-only|--lf|--ff|--sw"
    r"|--last-failed|--stepwise|--noconftest|-c|--rootdir|--setup-only|--setup-plan|-p)(?=$|[\s\"'\],=])"
)
"""Flags of pytest that leave tests out or keep them from running."""
_STEERING = pattern(
    r"ignore|exclude|testmatch|testregex|testnamepattern|passwithnotests|grep|invert|bail|\bonly\b|\bskip|shard"
    r"|changedsince|findrelated|allowonly|forbid|threshold|omit|fail_under|testdir|testpath|\bspec\b|\bfiles\b|\bdir\b"
    r"|\broots?\b|include|projects|exit|retries|reporter|runner|setupfiles|globalsetup|modulenamemapper|alias|mock",
    re.IGNORECASE,
)
"""Words on configuration lines that choose tests or determine whether a run is successful."""
_PYTEST_KEYS = frozenset(
    {
        "addopts", "testpaths", "python_files", "python_classes", "python_functions", "norecursedirs", "xfail_strict",
        "required_plugins", "usefixtures", "collect_imported_tests", "confcutdir", "timeout", "fail_under", "omit",
        "exclude_lines", "exclude_also", "run_tests", "commands", "test", "tests", "check",
    }
)  # fmt: skip
_SECTIONS = pattern(r"(?:tool[.:])?(?:pytest|coverage|nosetests|testenv|tox|nox|aliases|poe|taskipy|unittest)\b.*")
_TEST_KEYS = ("jest", "mocha", "ava", "nyc", "c8", "tap", "vitest", "jasmine", "karma", "wireit", "lint-staged")
_WHOLE = pattern(
    r"(?:^|/)(?:\.env(?:\.[\w-]+)?|\.npmrc|\.yarnrc(?:\.yml)?|\.pnpmfile\.cjs|\.pnp\.[cm]?js|bunfig\.toml|sitecustomize\.py"
    r"|usercustomize\.py|[^/]+\.pth|node_modules/\.bin/.+|(?:_?pytest|unittest|nose2?|coverage|pluggy|doctest|tox|nox|behave)"
    r"(?:\.py|/.+)|\.mvn/.+|\.cargo/config(?:\.toml)?|\.rspec|phpunit\.xml(?:\.dist)?|\.config/nextest\.toml)$"
)
"""Files between a command and what it is meant to run: restored completely."""
_CONFIG = pattern(
    r"(?:^|/)(?:(?:jest|vitest|karma|playwright|cypress|ava|mocha|jasmine|wdio|web-test-runner|testcafe|protractor|nyc)"
    r"[\w.-]*\.(?:config|conf|workspace|setup)\.[\w.]+|(?:jest|vitest|karma|playwright|cypress)\.[\w.]+|\.mocharc(?:\.\w+)?"
    r"|\.(?:jest|vitest|nyc|c8|tap)rc(?:\.\w+)?|\.coveragerc|\.taprc|jasmine\.json|(?:spec|rails|test)_helper\.rb"
    r"|noxfile\.py|Rakefile|rakelib/.+|tasks\.py|Taskfile\.ya?ml|[Gg]ulpfile\.[\w.]+|Gruntfile\.[\w.]+|deno\.jsonc?"
    r"|\.test-settings[\w.]*|runtests?\.\w+)$"
)
_INI = pattern(r"(?:^|/)(?:\.?pytest\.ini|\.?pytest\.toml|tox\.ini|setup\.cfg|pyproject\.toml)$")
_MAKE = pattern(r"(?:^|/)(?:GNUmakefile|[Mm]akefile|\.?[Jj]ustfile|[^/]+\.mk)$")
_HEADER = pattern(r"^\[{1,2}\s*([^\]]+?)\s*\]{1,2}\s*(?:[#;].*)?$")
_OPTION = pattern(r"^\s*[\"']?([\w.-]+)[\"']?\s*[=:]")
_REACHES_TESTS = pattern(r"skip|exit|xfail|patch|setattr|\.node\b|\.session\b|__code__|signal|atexit")
_PYTEST_NAMES = frozenset({"collect_ignore", "collect_ignore_glob", "pytest_plugins", "pytestmark", "__test__"})


def steers(path: str) -> bool:
    """Whether a file may affect how tests run."""
    found = _WHOLE, _CONFIG, _INI, _MAKE
    return path.rpartition("/")[2] in {"conftest.py", "package.json"} or any(p.search(path) for p in found)


def as_before(change: Change, called: Collection[str]) -> str | None:
    """Return the file with everything that affects tests as before; its new text if none of that has changed.

    `called` are the words of the judging commands: only scripts and targets that they call are restored.
    """
    path, old, new = change.path, change.old, change.new
    if new is None or _WHOLE.search(path):
        return old
    if old is None and path.count("/") == 0 and path == "GNUmakefile":
        return None
    merge = _merger(path)
    return merge(old, new, called)


def _merger(path: str) -> Callable[[str | None, str, Collection[str]], str | None]:
    if path.endswith("conftest.py"):
        return _conftest
    if path.endswith("package.json"):
        return _package
    if _INI.search(path):
        return _ini
    return merged_makefile if _MAKE.search(path) else _opaque


def _opaque(old: str | None, new: str, called: Collection[str]) -> str | None:
    """A file in another language: restored if a line that affects tests was changed."""
    del called
    if old is not None and (old.split() == new.split()):
        return new
    before, after = (
        sorted(" ".join(x.split()) for x in (t or "").splitlines() if _STEERING.search(x)) for t in (old, new)
    )
    if before == after and (old is None or only_added(old, new)):
        return new
    return new if old is None and not after else old


def _package(old: str | None, new: str, called: Collection[str]) -> str | None:
    try:
        before, after = json.loads(old or "{}"), json.loads(new)
        scripts, now = dict(before.get("scripts") or {}), dict(after.get("scripts") or {})
    except (ValueError, AttributeError, TypeError):
        return old
    for name in _reached(scripts, called):
        if "".join(str(now.get(name, "")).split()) != "".join(str(scripts[name]).split()):
            now[name] = scripts[name]
        for hook in (f"pre{name}", f"post{name}"):
            if hook not in scripts:
                now.pop(hook, None)
    merged = {**after, "scripts": now} if now or "scripts" in after else dict(after)
    for key in _TEST_KEYS:
        if key in before:
            merged[key] = before[key]
        elif key in after and old is not None and _STEERING.search(json.dumps(after[key])):
            merged.pop(key)
    return new if merged == after else json.dumps(merged, indent=2) + "\n"


def _reached(scripts: dict[str, object], called: Collection[str]) -> list[str]:
    """Return the earlier scripts that the commands call, directly or through another script."""
    words, found = set(called), list[str]()
    if words & {"t", "tst", "test"}:
        words |= {"test"}
    while True:
        more = [name for name in scripts if name not in found and name in words]
        if not more:
            return found
        found += more
        words |= {word for name in more for word in re.findall(r"[\w:.-]+", str(scripts[name]))}


def _ini(old: str | None, new: str, called: Collection[str]) -> str | None:
    """Restore options that choose tests in sections about tests; other options stay as they are now."""
    del called
    before, after = _sections(old or ""), _sections(new)
    names = [n for n in {**before, **after} if _SECTIONS.fullmatch(n)]
    changed = False
    for name in names:
        was, now = _options(before.get(name, [])), _options(after.get(name, []))
        kept = {k: v for k, v in now.items() if k not in _PYTEST_KEYS or _harmless(k, v, was.get(k))}
        put_back = {k: v for k, v in was.items() if k in _PYTEST_KEYS and k not in kept}
        if kept.keys() | put_back.keys() != now.keys() or put_back:
            changed = True
            head = after.get(name, before.get(name, [""]))[:1]
            after[name] = [*head, *(x for v in (*kept.values(), *put_back.values()) for x in v)]
    if not changed:
        return new
    return "\n".join(line for lines in after.values() for line in lines) + "\n"


def _harmless(key: str, now: list[str], was: list[str] | None) -> bool:
    """Whether an option does not choose tests anew: it is unchanged, or only adds flags that leave no test out."""
    words = " ".join(now).split()
    if was is not None and words == " ".join(was).split():
        return True
    if key != "addopts":
        return False
    narrow = sorted(_NARROW.findall(" ".join(words)))
    return narrow == sorted(_NARROW.findall(" ".join(" ".join(was or []).split())))


def _sections(text: str) -> dict[str, list[str]]:
    """Return the lines by section, each with its header; lines before the first header have an empty name."""
    found: dict[str, list[str]] = {"": []}
    name = ""
    for line in text.splitlines():
        header = _HEADER.match(line)
        if header:
            name = header[1].replace('"', "").replace(" ", "")
        found.setdefault(name, []).append(line)
    return found


def _options(lines: list[str]) -> dict[str, list[str]]:
    """Return the lines by option, including continuation lines; comments and blank lines go with the option before."""
    found: dict[str, list[str]] = {}
    name, depth = "", 0
    for line in lines[1:]:
        option = _OPTION.match(line) if depth == 0 and line[:1] not in {" ", "\t"} else None
        if option:
            name = option[1]
        if name:
            found.setdefault(name, []).append(line)
            depth = max(0, depth + line.count("[") - line.count("]"))
    return found


def _conftest(old: str | None, new: str, called: Collection[str]) -> str | None:
    """Restore pytest hooks and code that runs at import; fixtures and helpers stay as they are now."""
    del called
    try:
        before, after = _statements(old or ""), _statements(new)
    except (SyntaxError, ValueError, RecursionError):
        return old
    hooks = {ast.dump(item): text for item, text in before if _is_hook(item)}
    mine = {ast.dump(item) for item, _ in after if _is_hook(item)}
    if hooks.keys() == mine:
        return new
    kept = [text for item, text in after if not _is_hook(item)]
    return "\n".join([*kept, *hooks.values()]) + "\n"


def _statements(text: str) -> list[tuple[ast.stmt, str]]:
    lines = text.splitlines()
    found = []
    for item in ast.parse(text).body:
        first = min([item.lineno, *(d.lineno for d in getattr(item, "decorator_list", []))])
        found.append((item, "\n".join(lines[first - 1 : item.end_lineno])))
    return found


def _is_hook(item: ast.stmt) -> bool:
    """Whether a statement may decide which tests run or how they end: hooks, and code that runs at import."""
    if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
        decorated = " ".join(ast.unparse(d) for d in item.decorator_list)
        always = "autouse" in decorated and _REACHES_TESTS.search(ast.unparse(item))
        return item.name.startswith("pytest_") or "hookimpl" in decorated or bool(always)
    if isinstance(item, ast.Import | ast.ImportFrom | ast.ClassDef):
        return False
    if isinstance(item, ast.Assign | ast.AnnAssign):
        targets = item.targets if isinstance(item, ast.Assign) else [item.target]
        names = {ast.unparse(t) for t in targets}
        return bool(names & _PYTEST_NAMES) or any("." in n for n in names - {n for n in names if "os.environ" in n})
    if isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant):
        return False
    return not ast.unparse(item).startswith(("sys.path.", "os.environ"))

"""Test configuration: restore files that determine how tests run, as they were before a change.

Only the parts that affect tests are restored: a new dependency, script, target, fixture or plugin setting stays.
"""

from __future__ import annotations

import json
import re
import sys
from functools import partial
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.checks.restoring.conftests import merged_conftest
from mission_cli.adapters.checks.restoring.makefiles import included, merged_makefile
from mission_cli.adapters.checks.restoring.sections import merged_sections
from mission_cli.adapters.checks.test_suites import only_added

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from mission_cli.domain.branches.against import Change

_STEERING = pattern(
    r"ignore|exclude|testmatch|testregex|testnamepattern|passwithnotests|grep|invert|bail|\bonly\b|\bskip|shard"
    r"|changedsince|findrelated|allowonly|forbid|threshold|omit|fail_under|testdir|testpath|\bspec\b|\bfiles\b|\bdir\b"
    r"|\broots?\b|include|projects|exit|retries|reporter|runner|setupfiles|globalsetup|modulenamemapper|alias|mock",
    re.IGNORECASE,
)
"""Words on configuration lines that choose tests or determine whether a run is successful."""
_LINT_FILE = pattern(r"(?:^|/)(?:\.?ruff\.toml|\.?pylintrc|\.flake8|\.?mypy\.ini)$")
_LINT_CONFIG = pattern(
    r"(?:^|/)(?:\.eslintrc(?:\.\w+)?|eslint\.config\.\w+|biome\.jsonc?|\.golangci\.ya?ml|\.?clippy\.toml|\.rubocop\w*\.yml"
    r"|\.shellcheckrc|\.yamllint(?:\.ya?ml)?|\.stylelintrc(?:\.\w+)?|\.oxlintrc\.json|phpstan\.neon(?:\.dist)?)$"
)
_IGNORED = pattern(r"(?:^|/)\.(?:eslint|prettier|stylelint|markdownlint|oxlint)ignore$")
_RELAXES = pattern(r"ignore|exclude|disable|\boff\b|\bwarn\b|\bskip|allow|files|severity|level", re.IGNORECASE)
_ANYTHING = pattern(r"\S")
_TEST_KEYS = ("jest", "mocha", "ava", "nyc", "c8", "tap", "vitest", "jasmine", "karma", "wireit", "lint-staged")
_WHOLE = pattern(
    r"(?:^|/)(?:\.env(?:\.[\w-]+)?|\.npmrc|\.yarnrc(?:\.yml)?|\.pnpmfile\.cjs|\.pnp\.[cm]?js|bunfig\.toml|sitecustomize\.py"
    r"|usercustomize\.py|[^/]+\.pth|[^/]+\.py[co]|[^/]+\.tsbuildinfo|\.eslintcache|\.(?:mypy|ruff|pytest)_cache/.+"
    r"|node_modules/\.bin/.+|(?:_?pytest|unittest|nose2?|coverage|pluggy|doctest|tox|nox|behave)"
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
_INI = pattern(
    r"(?:^|/)(?:\.?pytest\.ini|\.?pytest\.toml|tox\.ini|setup\.cfg|pyproject\.toml|\.?ruff\.toml|\.?pylintrc|\.flake8"
    r"|\.?mypy\.ini)$"
)
_PRETENDS = pattern(r"\bos\._exit\b|\b_pytest\b|\bsys\.modules\b|\d passed in|\bRan \d")
"""In a file with the name of a module that test programs import: what shows that it is there for them."""
_THEIRS = sys.stdlib_module_names | {"iniconfig", "packaging", "pygments", "exceptiongroup", "tomli"}
_MAKE = pattern(r"(?:^|/)(?:GNUmakefile|[Mm]akefile|\.?[Jj]ustfile|[^/]+\.mk)$")
_INSTEAD = (
    (("GNUmakefile", "makefile"), ("makefile", "Makefile"), ""),
    ((".justfile", "justfile"), ("Justfile", ".justfile", "justfile"), ""),
    (
        ("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"),
        ("pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg"),
        r"^\[(?:tool[.:])?pytest\b",
    ),
    (("ruff.toml", ".ruff.toml"), ("pyproject.toml",), r"^\[tool\.ruff\b"),
    (("mypy.ini", ".mypy.ini"), ("mypy.ini", "pyproject.toml", "setup.cfg"), r"^\[(?:tool\.)?mypy\b"),
)
"""Names that programs prefer, those that they read otherwise, and what has to be in these."""


def steers(path: str) -> bool:
    """Whether a file may affect how tests run."""
    found = _WHOLE, _CONFIG, _INI, _MAKE, _LINT_CONFIG, _IGNORED
    named = path.rpartition("/")[2] in {"conftest.py", "package.json"}
    return named or _is_theirs(path) or any(p.search(path) for p in found)


def _is_theirs(path: str) -> bool:
    """Whether a module in the root has the name of one that test programs import."""
    name, _, rest = path.partition("/")
    return name.removesuffix(".py") in _THEIRS and (rest == "__init__.py" or (not rest and name.endswith(".py")))


def as_before(change: Change, called: Collection[str]) -> str | None:
    """Return the file with everything that affects tests as before; its new text if none of that has changed.

    `called` are the words of the judging commands: only scripts and targets that they call are restored.
    """
    path, old, new = change.path, change.old, change.new
    if new is None or _WHOLE.search(path):
        return old
    if old is None and path.endswith(".mk"):
        return included(new)
    merge = _merger(path)
    return merge(old, new, called)


def hides(path: str, read: Callable[[Iterable[str]], Mapping[str, str]]) -> bool:
    """Whether a new file would be read in place of one that is there already; `read` reads files of the base."""
    *folders, name = path.split("/")
    for preferred, others, section in _INSTEAD:
        if name in preferred:
            # A program looks for a section in all folders above, for a makefile only in one.
            places = range(0 if section else len(folders), len(folders) + 1)
            found = read("/".join((*folders[:n], other)) for n in places for other in others if other != name)
            return any(re.search(section, text, re.MULTILINE) for text in found.values())
    return False


def shadows(path: str, read: Callable[[Iterable[str]], Mapping[str, str]]) -> bool:
    """Whether a new module beside tests has the name of one of the base, which tests would not import any more."""
    folder, _, name = path.rpartition("/")
    module = name.removesuffix(".py") if name != "__init__.py" else folder.rpartition("/")[2]
    if not name.endswith(".py") or module in {"__init__", "tests", "test"} or not folder:
        return False
    return bool(read(f"{top}{module}{end}" for top in ("", "src/") for end in (".py", "/__init__.py")))


def _merger(path: str) -> Callable[[str | None, str, Collection[str]], str | None]:
    if path.endswith("conftest.py"):
        return merged_conftest
    if path.endswith("package.json"):
        return _package
    if _is_theirs(path):
        return _module
    if _INI.search(path):
        return partial(merged_sections, everywhere=bool(_LINT_FILE.search(path)))
    if _LINT_CONFIG.search(path) or _IGNORED.search(path):
        return partial(_lint_config, wanted=_RELAXES if _LINT_CONFIG.search(path) else _ANYTHING)
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


def _module(old: str | None, new: str, called: Collection[str]) -> str | None:
    del called
    return old if _PRETENDS.search(new) else new


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


def _lint_config(old: str | None, new: str, called: Collection[str], *, wanted: re.Pattern[str]) -> str | None:
    """Configuration of a linter in another language: restored if a line that relaxes it was changed."""
    del called
    if old is None:
        return new
    before, after = (sorted(" ".join(x.split()) for x in t.splitlines() if wanted.search(x)) for t in (old, new))
    return new if before == after else old

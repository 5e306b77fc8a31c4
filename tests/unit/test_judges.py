"""What judges comes from the base, and what is judged is the worker's to change: the table of ADR 44."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mission_cli.adapters.checks.against import against
from mission_cli.adapters.checks.early_exit import ended_early
from mission_cli.adapters.checks.judge_files import judges
from mission_cli.adapters.checks.test_options import as_before, hides
from mission_cli.adapters.checks.test_suites import patches
from mission_cli.domain.branches.against import Change
from mission_cli.domain.criteria.criterion import Criterion
from mission_cli.domain.status import CriterionKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FILES = {
    "check.sh": ". ./lib.sh\npython3 app.py | ok\n",
    "lib.sh": "ok() { grep -q right; }\n",
    "ci/check.sh": "python3 tools/verify.py\n",
    "tools/verify.py": "import rules\nfrom app import main\n",
    "tools/rules.py": "",
    "tools/check.py": "import rules\n",
    "app.py": "",
    "calc.py": "",
    "wc.py": "",
    "run.sh": "",
    "greet.sh": "",
    "win.txt": "",
    "package.json": '{"scripts": {"test": "sh tools/smoke.sh", "build": "node build.js"}}',
    "tools/smoke.sh": "",
    "build.js": "",
    "Makefile": "check:\n\tsh scripts/accept.sh\n",
    "scripts/accept.sh": "",
    "tests/run.sh": "",
    "tests/test_app.py": "",
    "expected.txt": "",
    "web/check.sh": "",
    "manage.py": "",
}


def reached(command: str) -> set[str]:
    def read(paths: Iterable[str]) -> Mapping[str, str]:
        return {p: FILES[p] for p in paths if p in FILES}

    return set(judges([Criterion(f"run: `{command}`", CriterionKind.RUN, command=command)], read))


@pytest.mark.parametrize(
    ("command", "judging"),
    [
        ("python3 app.py | grep -q right", set()),
        ("python3 wc.py | grep -q 3", set()),
        ('test "$(python3 calc.py mul 2 3)" = 6', set()),
        ("python3 app.py", set()),
        ("python3 manage.py test", set()),
        ("jq -e .name package.json", set()),
        ("test -x run.sh", set()),
        ("! grep -q foo win.txt", set()),
        ("sh greet.sh | grep -q hello", set()),
        ("python3 -m pytest -q tests/test_app.py", set()),
        ("sh run.sh", {"run.sh"}),
        ("./run.sh", {"run.sh"}),
        ("sh check.sh", {"check.sh", "lib.sh"}),
        ("set -e; sh check.sh; echo ok", {"check.sh", "lib.sh"}),
        ("(sh check.sh)", {"check.sh", "lib.sh"}),
        ("sh 'check.sh'", {"check.sh", "lib.sh"}),
        ("cd ci && sh check.sh", {"ci/check.sh", "tools/verify.py", "tools/rules.py", "check.sh", "lib.sh"}),
        ("sh -c 'sh ci/check.sh && echo ok'", {"ci/check.sh", "tools/verify.py", "tools/rules.py"}),
        ("python3 -m tools.check", {"tools/check.py", "tools/rules.py"}),
        ("npm test", {"tools/smoke.sh"}),
        ("make check", {"scripts/accept.sh"}),
        ("sh tests/run.sh", {"tests/run.sh"}),
        ("python3 app.py | diff - expected.txt", {"expected.txt"}),
        ("make -C web check; cd web; ./check.sh", {"web/check.sh", "check.sh", "lib.sh", "scripts/accept.sh"}),
    ],
)
def test_what_a_criterion_reaches_and_what_of_it_only_judges(command: str, judging: set[str]) -> None:
    assert reached(command) == judging


PACKAGE = '{"scripts": {"test": "node --test", "build": "tsc"}, "dependencies": {"a": "1"}}'
MAKE = "test:\n\tpython3 -m pytest -q\n\nbuild: app\n\tcc -o app app.c\n"
CONFTEST = "import pytest\n\n\n@pytest.fixture\ndef db():\n    return 1\n"
PYPROJECT = '[project]\nname = "x"\ndependencies = []\n\n[tool.pytest.ini_options]\naddopts = "-q"\n'
INI = "[pytest]\naddopts = -q\n"


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("package.json", PACKAGE, PACKAGE.replace('"a": "1"', '"a": "2", "b": "1"')),
        ("package.json", PACKAGE, PACKAGE.replace('"build"', '"lint": "eslint", "build"')),
        ("package.json", PACKAGE, PACKAGE.replace("tsc", "vite build")),
        ("package.json", None, PACKAGE),
        ("Makefile", MAKE, MAKE + "\nlint:\n\truff check\n"),
        ("Makefile", MAKE, MAKE.replace("cc -o", "gcc -o")),
        ("Makefile", MAKE, MAKE.replace("\tpython3", "\t    python3")),
        ("Makefile", None, MAKE),
        ("conftest.py", None, CONFTEST),
        ("tests/conftest.py", CONFTEST, CONFTEST + "\n\n@pytest.fixture\ndef app():\n    return 2\n"),
        ("tests/conftest.py", None, "import sys\nsys.path.insert(0, 'src')\n" + CONFTEST),
        ("pyproject.toml", PYPROJECT, PYPROJECT.replace("[]", '["httpx"]')),
        ("pyproject.toml", PYPROJECT, PYPROJECT + 'pythonpath = ["src"]\n'),
        ("pyproject.toml", None, PYPROJECT),
        ("pytest.ini", INI, INI.replace("-q", "-q --import-mode=importlib")),
        ("pytest.ini", INI, INI + "markers =\n    slow: takes long\n"),
        ("jest.config.js", None, "module.exports = { transform: {} }\n"),
        ("setup.cfg", "[metadata]\nname = x\n", "[metadata]\nname = x\nversion = 1\n"),
        ("conftest.py", None, "from app import make\n\nAPP = make()\n\n\nclass Fake:\n    size: int = 1\n"),
        ("Makefile", MAKE, MAKE + "\n.PHONY: lint\nlint: ; ruff check\n%.o: %.c\n\tcc -c $<\n"),
        ("rules.mk", None, "SHELL := /usr/bin/env bash\n%.o: %.c\n\tcc -c $<\n"),
        ("ruff.toml", None, "line-length = 60\n"),
        ("mypy.ini", None, "[mypy]\nfiles = src\n[mypy-yaml.*]\nignore_missing_imports = True\n"),
        ("pyproject.toml", PYPROJECT, PYPROJECT + "[[tool.mypy.overrides]]\nmodule = 'x'\nignore_missing_imports = true\n"),
        ("eslint.config.js", None, "export default [{ ignores: ['dist'] }]\n"),
        (".eslintignore", None, "dist\n"),
        ("statistics.py", None, "import sys\nsys.exit(0)\n"),
    ],
)  # fmt: skip
def test_what_steers_no_test_stays_as_it_is(path: str, old: str | None, new: str) -> None:
    assert as_before(Change(path, old, new), {"npm", "test", "make"}) == new


@pytest.mark.parametrize(
    ("path", "old", "new", "before"),
    [
        ("package.json", PACKAGE, PACKAGE.replace("node --test", "true"), '"test": "node --test"'),
        ("package.json", PACKAGE, PACKAGE.replace('"build"', '"posttest": "true", "build"'), '"test": "node --test"'),
        ("package.json", '{"name": "x"}', '{"name": "x", "jest": {"passWithNoTests": true}}', '"name": "x"'),
        ("package.json", PACKAGE, None, PACKAGE),
        ("package.json", PACKAGE, "{", PACKAGE),
        ("Makefile", MAKE, MAKE.replace("python3 -m pytest -q", "true"), "python3 -m pytest -q"),
        ("Makefile", MAKE, "SHELL = /bin/true\n" + MAKE, MAKE.strip()),
        ("Makefile", MAKE, "all:\n\techo\n" + MAKE.replace("pytest", "pydoc"), "pytest"),
        ("conftest.py", None, CONFTEST + "\n\ndef pytest_runtest_makereport():\n    pass\n", "def db"),
        ("conftest.py", None, "import os\nos._exit(0)\n", "import os"),
        ("conftest.py", None, 'collect_ignore = ["tests"]\n' + CONFTEST, "def db"),
        ("conftest.py", CONFTEST, None, CONFTEST),
        ("pytest.ini", INI, INI.replace("-q", "-q -k 'not slow'"), "addopts = -q"),
        ("pytest.ini", None, "[pytest]\naddopts = --deselect tests/x.py\npythonpath = .\n", "pythonpath = ."),
        ("pytest.ini", None, "[pytest]\npython_files = none_*.py\n", "[pytest]"),
        ("setup.cfg", "[metadata]\n", "[metadata]\n[tool:pytest]\naddopts = --ignore=tests\n", "[metadata]"),
        ("pyproject.toml", PYPROJECT, PYPROJECT.replace("-q", "-q --ignore=tests"), 'addopts = "-q"'),
        ("tox.ini", "[testenv]\ncommands = pytest\n", "[testenv]\ncommands = true\n", "commands = pytest"),
        ("jest.config.js", None, "module.exports = { testPathIgnorePatterns: ['.*'] }\n", None),
        ("vitest.config.ts", "export default {}\n", "export default { test: { exclude: ['**'] } }\n", "export default {}"),
        ("sitecustomize.py", None, "import os\n", None),
        ("pytest.py", None, "print('1 passed in 0.01s')\n", None),
        ("pytest/__main__.py", None, "print('1 passed in 0.01s')\n", None),
        ("node_modules/.bin/jest", None, "#!/bin/sh\n", None),
        (".env", "A=1\n", "A=2\n", "A=1"),
        (".npmrc", None, "ignore-scripts=true\n", None),
        ("conftest.py", "from x import *\n", "from x import *\nfrom y import pytest_x, db\n", "from x import *"),
        ("conftest.py", None, "pytest_x = _exit\n" + CONFTEST, "def db"),
        ("conftest.py", None, CONFTEST + "\n\nclass X:\n    db.skip = collect_ignore\n", "def db"),
        ("conftest.py", None, CONFTEST + "\n\ndef x(y=setattr(db, '_exit', 1)):\n    pass\n", "def db"),
        ("conftest.py", None, CONFTEST + "\n\n@pytest.fixture(autouse=True)\ndef x():\n    import app\n    app.makereport = 1\n", "def db"),
        ("conftest.py", CONFTEST, "# coding: utf-7\n" + CONFTEST, CONFTEST),
        ("Makefile", MAKE, MAKE + "include x.mk\n", "include x.mk\ntest:"),
        ("Makefile", MAKE, MAKE + "N = test\n$(N):\n\ttrue\n", "$(N):\ntest:"),
        ("Makefile", MAKE, MAKE + ".IGNORE: test\n", MAKE.strip()),
        ("Makefile", ".PHONY: test\n" + MAKE, MAKE, ".PHONY: test"),
        ("x.mk", None, "MAKEFLAGS = -n\n.IGNORE:\nA = 1\n", "A = 1"),
        ("ruff.toml", None, "exclude = ['none_']\nline-length = 60\n", "line-length = 60"),
        ("pyproject.toml", PYPROJECT, PYPROJECT + "[tool.ruff.lint.per-file-ignores]\n'none_' = ['F']\n", "pytest"),
        ("setup.cfg", "[mypy]\nstrict = True\n", "[mypy]\nstrict = False\nplugins = x\n", "plugins = x\nstrict = True"),
        ("eslint.config.js", "export default [{}]\n", "export default [{ ignores: ['none_'] }]\n", "export default [{}]"),
        (".prettierignore", "dist\n", "dist\nnone_\n", "dist"),
        ("argparse.py", None, "import os\nos._exit(0)\n", None),
        ("tests/__pycache__/x.cpython-312.pyc", None, "", None),
        ("tests/x.pyc", None, "", None),
        (".mypy_cache/3.12/app.data.json", None, "{}", None),
    ],
)  # fmt: skip
def test_what_steers_tests_is_as_it_was(path: str, old: str | None, new: str | None, before: str | None) -> None:
    found = as_before(Change(path, old, new), {"npm", "test", "make"})
    assert found != new
    assert (found is None) == (before is None)
    assert before is None or before in str(found)
    for cheat in ("true\n", "makereport", "_exit", "collect_ignore", "not slow", "deselect", "none_", "--ignore", "posttest", "passWith"):  # fmt: skip
        assert cheat not in str(found) or cheat in str(old)


def test_tests_that_are_moved_taken_away_or_hidden_are_run_as_they_were() -> None:
    old = "def test_a():\n    assert x\n\n\ndef test_b():\n    assert y\n"
    moved = {"tests/test_a.py": (old, None), "tests/unit/test_a.py": (None, old)}
    away = {"tests/test_a.py": (old, None), "attic/test_a.py": (None, old)}
    unseen = {"tests/test_a.py": (old, None), "tests/build/test_a.py": (None, old)}
    refactored = {"lib/test_a.py": (old, None), "src/test_a.py": (None, old)}
    deleted = {"tests/test_a.py": (old, old + "\ndel test_b\n")}
    other = {"tests/test_a.py": (old, old + "\nif x:\n    test_b = test_a\n")}
    beside = {"tests/app.py": (None, "x = 1\n"), "tests/help.py": (None, "y = 1\n")}
    found = []
    for files in (moved, refactored, away, unseen, deleted, other, beside):
        changes = [Change(path, before, after) for path, (before, after) in files.items()]
        seen = against(
            changes, [], (), lambda _: False, lambda paths: {p: "" for p in paths if p in {"app.py", "src/x.py"}}
        )
        found.append((list(seen.restored), list(seen.lost_tests)))
    assert found == [
        ([], []),
        ([], []),
        (["tests/test_a.py"], []),
        (["tests/test_a.py"], []),
        (["tests/test_a.py"], ["tests/test_a.py: test_b: skipped"]),
        (["tests/test_a.py"], ["tests/test_a.py: test_b: skipped"]),
        (["tests/app.py"], []),
    ]


@pytest.mark.parametrize(
    ("path", "base", "hidden"),
    [
        ("makefile", {"Makefile": ""}, True),
        ("GNUmakefile", {"web/Makefile": ""}, False),
        ("web/GNUmakefile", {"web/makefile": ""}, True),
        ("pytest.ini", {"pyproject.toml": PYPROJECT}, True),
        ("tests/pytest.toml", {"setup.cfg": "[tool:pytest]\n"}, True),
        ("pytest.ini", {"pyproject.toml": "[project]\n"}, False),
        (".ruff.toml", {"pyproject.toml": "[tool.ruff]\n"}, True),
        ("app.py", {"Makefile": ""}, False),
    ],
)
def test_a_file_that_would_be_read_instead_of_one_on_the_base(path: str, base: dict[str, str], hidden: bool) -> None:  # noqa: FBT001 - a column
    assert hides(path, lambda paths: {p: base[p] for p in paths if p in base}) is hidden


@pytest.mark.parametrize(
    ("path", "text", "patched"),
    [
        ("tests/test_a.py", "import app\n\n\ndef test_x():\n    app.x = 1\n", False),
        ("tests/test_a.py", "import os\nimport app\n\nos.environ['X'] = '1'\nx = app.x\nx.y = 1\n", False),
        ("tests/test_a.py", "import app\n\nif True:\n    app.x = 1\n", True),
        ("tests/__init__.py", "from app import x\n\nx.y.z = 1\n", True),
        ("tests/test_a.py", "import app\n\nsetattr(app, 'x', 1)\n", True),
        ("tests/test_a.py", "from unittest import mock\n\nmock.patch('app.x').start()\n", True),
        ("tests/test_a.py", "pytest_plugins = ['x']\n", True),
        ("tests/test_a.py", "globals().pop('test_x')\n", True),
        ("a_test.go", "package a\n\nfunc TestMain(m *testing.M) {\n\tos.Exit(0)\n}\n", True),
        ("a_test.go", "package a\n\nfunc TestX(t *testing.T) {}\n", False),
        ("tests/test_a.py", "def", False),
    ],
)
def test_a_test_that_changes_what_others_test(path: str, text: str, patched: bool) -> None:  # noqa: FBT001 - a column
    assert patches(path, text) is patched


@pytest.mark.parametrize(
    ("command", "output", "name"),
    [
        ("python3 -m pytest -q", "", "pytest"),
        ("cd x && pytest", "collected 3 items\n", "pytest"),
        ("python3 -m pytest -q", "3 passed in 0.01s\n", ""),
        ("python3 -m pytest -q", "..                 [100%]\n", ""),
        ("python3 -m pytest -q | tail -1", "", ""),
        ("python3 -m pytest --version", "pytest 8\n", ""),
        ("python3 -m unittest discover -s tests", "", "unittest"),
        ("python3 -m unittest", "Ran 1 test in 0.1s\n\nOK\n", ""),
        ("cargo test", "Compiling\n", "cargo test"),
        ("node --test", "ℹ pass 1\n", ""),
        ("grep -q pytest setup.cfg", "", ""),
        ("pytest > log", "", ""),
    ],
)
def test_a_suite_that_ends_early_has_not_passed(command: str, output: str, name: str) -> None:
    assert ended_early(command, output) == name

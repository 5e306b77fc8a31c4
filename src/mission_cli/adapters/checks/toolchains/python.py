"""Python: uv, Poetry, PDM, Pipenv, pip; pytest, unittest, tox, nox; mypy, pyright, ruff."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from mission_cli.adapters.checks.toolchains.package import Command, Folder, Package, lint, runs_tests, types

if TYPE_CHECKING:
    from collections.abc import Iterator

_PYTEST_FILES = ("pytest.ini", "conftest.py", "tests/conftest.py")
_REPORT = '--junitxml="$MISSION_REPORTS/pytest.xml"'
_TESTS = r"(^|/)test_\w+\.py$|(^|/)\w+_test\.py$"
_MANAGERS = (
    # lock file, prefix of commands, how it installs, cache
    ("uv.lock", "uv run", "uv sync --frozen", ".cache/uv"),
    ("poetry.lock", "poetry run", "poetry install --no-interaction", ".cache/pypoetry"),
    ("pdm.lock", "pdm run", "pdm sync", ".cache/pdm"),
    ("Pipfile.lock", "pipenv run", "pipenv sync --dev", ".cache/pipenv"),
)


def python(here: Folder) -> Iterator[Package]:
    """Yield the package, if there are tests or a manager."""
    tools = _tools(here)
    prefix, install, cache = _manager(here)
    commands = [*_tests(here, tools, prefix)]
    if commands:
        commands += _types(here, tools, prefix)
        commands += _linters(here, tools, prefix)
    if commands or install:
        yield Package("python", tuple(commands), install, (cache,) if install else ())


def _manager(here: Folder) -> tuple[str, str, str]:
    """Return the prefix of commands, the command that installs, and the cache; of the first manager with a lock."""
    for lock, prefix, install, cache in _MANAGERS:
        if here.has(lock):
            return prefix, install, cache
    return "", "", ""


def _tools(here: Folder) -> dict[str, Any]:
    import tomllib

    try:
        tool = tomllib.loads(here.text("pyproject.toml")).get("tool", {})
    except tomllib.TOMLDecodeError:
        return {}
    return tool if isinstance(tool, dict) else {}


def _tests(here: Folder, tools: dict[str, Any], prefix: str) -> Iterator[Command]:
    configured = here.has(*_PYTEST_FILES) or "pytest" in tools
    configured = configured or "[tool:pytest]" in here.text("setup.cfg") or "[pytest]" in here.text("tox.ini")
    inside = sorted({path.rpartition("/")[0] for path in here.matching(_TESTS)})
    if configured:
        command = f"{prefix} pytest -q" if prefix else "python3 -m pytest -q"
        yield runs_tests(command, f"{command} {_REPORT}")
    elif "[testenv" in here.text("tox.ini") or "tox" in tools:
        yield runs_tests("tox -q")
    elif here.has("noxfile.py"):
        yield runs_tests("nox")
    else:
        interpreter = f"{prefix} python" if prefix else "python3"
        for folder in inside:
            command = f"{interpreter} -m unittest"
            command += f" discover -s {shlex.quote(folder)} -t ." if folder else ""
            yield runs_tests(command, f"{command} -v")


def _types(here: Folder, tools: dict[str, Any], prefix: str) -> Iterator[Command]:
    """Yield the type checker, if its configuration says which files it checks and a manager installs it."""
    mypy = tools.get("mypy")
    if prefix and isinstance(mypy, dict) and {"files", "packages", "modules"} & mypy.keys():
        yield types(f"{prefix} mypy")
    if prefix and ("pyright" in tools or here.has("pyrightconfig.json")):
        yield types(f"{prefix} pyright")


def _linters(here: Folder, tools: dict[str, Any], prefix: str) -> Iterator[Command]:
    if "ruff" in tools or here.has("ruff.toml", ".ruff.toml"):
        yield lint(f"{prefix} ruff check .".strip())
    if here.has(".flake8") or "[flake8]" in here.text("setup.cfg") + here.text("tox.ini"):
        yield lint(f"{prefix} flake8".strip())
    mypy = tools.get("mypy")
    if not prefix and isinstance(mypy, dict):
        yield lint("mypy")

"""Find the toolchains of a repository, each with its test and build command; all of them, not just the first."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli.domain.mission import Criterion
from mission_cli.domain.status import CriterionKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MANIFESTS = ("package.json", "pyproject.toml", "setup.cfg", "tox.ini", "Makefile", "makefile", "composer.json")
_NO_TEST = "no test specified"
_TARGET = pattern(r"^(test|check)\s*:(?!=)", re.MULTILINE)
_FIXED = (
    ("Cargo.toml", "cargo test"),
    ("go.mod", "go test ./..."),
    ("pom.xml", "mvn -q test"),
    ("build.gradle", "gradle test"),
    ("build.gradle.kts", "gradle test"),
    ("mix.exs", "mix test"),
    ("Package.swift", "swift test"),
    ("deno.json", "deno test"),
    ("dune-project", "dune test"),
    ("build.zig", "zig build test"),
)
_PYTEST_FILES = ("pytest.ini", "conftest.py", "tests/conftest.py")


def detect(files: Mapping[str, str]) -> tuple[Criterion, ...]:
    """Return a `run` criterion for each command. `files`: paths of two levels; manifests have their content."""
    commands: dict[str, None] = {}
    for folder in dict.fromkeys(["", *(p.rpartition("/")[0] + "/" for p in files if p.count("/") == 1)]):
        here = {p.removeprefix(folder): text for p, text in files.items() if p.startswith(folder)}
        for command in _folder(here):
            inside = folder.rstrip("/")
            commands[f"cd {_quoted(inside)} && {command}" if inside else command] = None
    return tuple(
        Criterion(text=f"run: `{command}`", kind=CriterionKind.RUN, command=command, index=-1) for command in commands
    )


def _folder(here: Mapping[str, str]) -> Iterator[str]:
    found = [*_python(here), *_node(here), *(command for name, command in _FIXED if name in here)]
    if any(name.endswith((".csproj", ".sln")) for name in here if "/" not in name):
        found.append("dotnet test")
    if "composer.json" in here and '"test"' in here["composer.json"]:
        found.append("composer test")
    if not found:
        found += _make(here)
    yield from found


def _python(here: Mapping[str, str]) -> Iterator[str]:
    import tomllib

    configured = any(name in here for name in _PYTEST_FILES)
    try:
        tool = tomllib.loads(here.get("pyproject.toml", "")).get("tool", {})
    except tomllib.TOMLDecodeError:
        tool = {}
    configured = configured or (isinstance(tool, dict) and "pytest" in tool)
    configured = configured or "[tool:pytest]" in here.get("setup.cfg", "") or "[pytest]" in here.get("tox.ini", "")
    tests = [p for p in here if re.search(r"(^|/)test_\w+\.py$|(^|/)\w+_test\.py$", p)]
    if configured:
        yield "python3 -m pytest -q"
    elif tests:
        inside = sorted({p.rpartition("/")[0] for p in tests})
        yield from (
            f"python3 -m unittest discover -s {_quoted(i)} -t ." if i else "python3 -m unittest" for i in inside
        )


def _node(here: Mapping[str, str]) -> Iterator[str]:
    try:
        package = json.loads(here["package.json"])
        scripts = package.get("scripts", {})
    except (KeyError, ValueError, AttributeError):
        return
    if not isinstance(scripts, dict):
        return
    runner = "pnpm" if "pnpm-lock.yaml" in here else "yarn" if "yarn.lock" in here else "npm"
    test = scripts.get("test")
    if isinstance(test, str) and _NO_TEST not in test:
        yield f"{runner} test"
    if isinstance(scripts.get("build"), str):
        yield f"{runner} run build"


def _make(here: Mapping[str, str]) -> Iterator[str]:
    text = here.get("Makefile", here.get("makefile", ""))
    target = _TARGET.search(text)
    if target:
        yield f"make {target[1]}"


def _quoted(path: str) -> str:
    import shlex

    return shlex.quote(path)

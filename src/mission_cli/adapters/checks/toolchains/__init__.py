"""The toolchains of a repository: for each package how it is tested, built, type-checked, linted and installed.

A package is a folder with a manifest. Every one is found, in folders too, and every toolchain that it has.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from mission_cli.adapters.checks.toolchains import compiled, node, others, python
from mission_cli.adapters.checks.toolchains.package import Folder, Package, Purpose
from mission_cli.domain.criteria.criterion import Criterion
from mission_cli.domain.status import CriterionKind
from mission_cli.ports.checks import Setup

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MANIFESTS = (
    *("package.json", "pyproject.toml", "setup.cfg", "tox.ini", "noxfile.py", "composer.json", "Cargo.toml", "go.mod"),
    *("pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "Gemfile", "Rakefile"),
    *("mix.exs", "deno.json", "deno.jsonc", "justfile", "Justfile", "Makefile", "makefile"),
)
"""Files that are read. `glance` also looks for them below the two top levels."""
_FINDERS = (python.python, node.node, node.deno, *compiled.FINDERS, *others.FINDERS)
_LAST = (others.just, others.make)
"""Only asked if a folder has no other toolchain, because their targets usually run one."""
_NOT_PACKAGES = frozenset({"node_modules", "vendor", "third_party", "testdata", "fixtures", "examples", "target"})
_MOST_PACKAGES = 60
_CHECKED = (Purpose.TEST, Purpose.BUILD, Purpose.TYPES)


def packages(files: Mapping[str, str]) -> tuple[Package, ...]:
    """Return every package with its toolchains. `files`: paths of a few levels; manifests have their content.

    A workspace covers those of its toolchain below it; so does any package for folders without a manifest.
    """
    found: list[Package] = []
    for folder in _folders(files):
        here = Folder({p.removeprefix(folder): text for p, text in files.items() if p.startswith(folder)})
        inside = folder.rstrip("/")
        above = [p for p in found if inside and (not p.folder or inside.startswith(f"{p.folder}/"))]
        covered = {p.toolchain for p in above if p.covers or not here.has(*MANIFESTS)}
        mine = [p for find in _FINDERS for p in find(here)] or [p for find in _LAST for p in find(here)]
        found += [p.at(inside) for p in mine if p.toolchain not in covered]
        if len(found) >= _MOST_PACKAGES:
            break
    return tuple(found)


def _folders(files: Mapping[str, str]) -> Iterator[str]:
    """Yield the folders that may be packages, the root first: those of one level, and deeper ones with a manifest."""
    yield ""
    shallow = {p.partition("/")[0] + "/" for p in files if "/" in p}
    deeper = {p.rpartition("/")[0] + "/" for p in files if p.count("/") > 1 and p.rpartition("/")[2] in MANIFESTS}
    for folder in sorted(shallow | deeper, key=lambda name: (name.count("/"), name)):
        if _NOT_PACKAGES.isdisjoint(folder.split("/")) and not folder.startswith("."):
            yield folder


def detect(files: Mapping[str, str]) -> tuple[Criterion, ...]:
    """Return a `run` criterion for each command that tests, builds or type-checks a package; its path is the folder.

    A detected command may ask its test program for a report, which the text does not show.
    """
    found: dict[str, Criterion] = {}
    for package in packages(files):
        for command in package.commands:
            if command.purpose in _CHECKED:
                text, full = (_inside(package.folder, c) for c in (command.text, command.full or command.text))
                paths = (package.folder,) if package.folder else ()
                kind, tests = CriterionKind.RUN, command.purpose is Purpose.TEST
                one = Criterion(f"run: `{text}`", kind, command=full, paths=paths, tests=tests, index=-1)
                found.setdefault(text, one)
    return tuple(found.values())


def linters(files: Mapping[str, str]) -> tuple[str, ...]:
    """Return the commands that lint: advice for a person, who may make one of them a criterion."""
    every = [(p.folder, c) for p in packages(files) for c in p.commands if c.purpose is Purpose.LINT]
    return tuple(dict.fromkeys(_inside(folder, command.text) for folder, command in every))


def setup(files: Mapping[str, str]) -> Setup:
    """Return how the dependencies of all packages are installed."""
    installs: dict[str, None] = {}
    caches: dict[str, None] = {}
    for package in packages(files):
        if package.install:
            installs[_inside(package.folder, package.install, apart=True)] = None
            caches.update(dict.fromkeys(package.caches))
    return Setup(" && ".join(installs), tuple(caches))


def _inside(folder: str, command: str, *, apart: bool = False) -> str:
    if not folder:
        return command
    words = f"cd {shlex.quote(folder)} && {command}"
    return f"({words})" if apart else words

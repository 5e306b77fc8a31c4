"""The packages of a repository: which files tell of them, and which of them a change touches."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from mission_cli.domain.criteria.criterion import Criterion

_DEEPEST = 4
_MOST_MANIFESTS, _MOST_NEAR = 200, 5_000
_ASIDE = frozenset({"node_modules", "vendor", "third_party", "testdata", "fixtures"})


def glanced(paths: Iterable[str], wanted: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the paths from which packages are found, and those among them whose content is wanted.

    The paths of the two top levels, the folders of the second one, deeper files with a wanted name, and what is next to
    those and one level below.
    """
    entries = list(paths)
    shallow = [p for p in entries if p.count("/") <= 1]
    folders = sorted({"/".join(p.split("/")[:2]) + "/" for p in entries if p.count("/") > 1})
    deep = [
        p for p in entries if 1 < p.count("/") <= _DEEPEST and _name(p) in wanted and _ASIDE.isdisjoint(p.split("/"))
    ]
    homes = {p.rpartition("/")[0] + "/" for p in deep[:_MOST_MANIFESTS]}
    near = [p for p in entries if p.count("/") > 1 and homes.intersection(_above(p))][:_MOST_NEAR] if homes else []
    return [*shallow, *folders, *near], [p for p in (*shallow, *near) if _name(p) in wanted]


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _above(path: str) -> tuple[str, str]:
    """Return the folder of a path and the one above it."""
    folder = path.rpartition("/")[0]
    return f"{folder}/", f"{folder.rpartition('/')[0]}/"


def touched(changed: Iterable[str], criteria: Sequence[Criterion]) -> tuple[Criterion, ...]:
    """Return the criteria of the packages that a change touches, and those of the root. The path of one is its package.

    A file outside of all packages may concern each of them, so then everything is returned.
    """
    folders = {path for criterion in criteria for path in criterion.paths}
    homes = {_home(path, folders) for path in changed}
    if "" in homes or not homes:
        return tuple(criteria)
    return tuple(c for c in criteria if not c.paths or homes.intersection(c.paths))


def _home(path: str, folders: Collection[str]) -> str:
    """Return the deepest of the folders that a path is in; empty: none."""
    parts = path.split("/")
    above = ("/".join(parts[:n]) for n in range(len(parts) - 1, 0, -1))
    return next((folder for folder in above if folder in folders), "")

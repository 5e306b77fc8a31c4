"""Update jobs and trees after a repository was moved or copied, because they contain its old place."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from mission_cli.adapters.executors.jobs.folder import specs_below
from mission_cli.adapters.fs.atomic import read_json, write_json, write_whole
from mission_cli.adapters.fs.locks import locked
from mission_cli.domain.host import clone_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_ALTERNATES = ".git/objects/info/alternates"


def settle_in(common_dir: Path, trees: Path, me: str) -> None:
    """Check whether the repository is at the same place and the same clone as before; fix what refers to the old place.

    If this is a copy, the jobs of the original are set aside: the original continues them.
    """
    runtime = common_dir / "mission"
    note, now = runtime / "place.json", {"clone": clone_id(me), "git": os.fspath(common_dir)}
    if not runtime.is_dir() or read_json(note) == now:
        return
    with suppress(OSError), locked(runtime / "make.lock"):
        was = read_json(note)
        if isinstance(was, dict) and was.get("clone") != now["clone"]:
            _put_aside(runtime, str(was.get("clone", "")))
        elif isinstance(was, dict):
            _mend(runtime / "jobs", trees, str(was.get("git", "")), common_dir)
        write_json(note, now)


def trees_of(root: Path, name: str, me: str) -> Path:
    """Return the folder for the trees of a clone. Its name is for people, but its end stays the same after a move."""
    wanted = root / f"{name}-{clone_id(me)}"
    if wanted.is_dir() or not root.is_dir():
        return wanted
    return next((root / n for n in sorted(os.listdir(root)) if n.endswith(f"-{clone_id(me)}")), wanted)  # noqa: PTH208 - names


def _put_aside(runtime: Path, clone: str) -> None:
    (runtime / "idle.json").unlink(missing_ok=True)
    if (runtime / "jobs").is_dir():
        (runtime / "jobs").rename(runtime / f"jobs-of-{clone or 'another'}")


def _mend(jobs: Path, trees: Path, was: str, now: Path) -> None:
    """Change the object paths of trees, and the paths in jobs that have not ended, to the new place."""
    for place in (*trees.glob(f"*/*/{_ALTERNATES}"), *trees.glob(f"*/*/*/{_ALTERNATES}")):
        lines = place.read_text().splitlines()
        corrected = [os.fspath(now / "objects") if line == f"{was}/objects" else line for line in lines]
        if corrected != lines:
            write_whole(place, ("\n".join(corrected) + "\n").encode())
    homes = {was: os.fspath(now)}
    if was.endswith("/.git") and now.name == ".git":
        homes[was.removesuffix("/.git")] = os.fspath(now.parent)
    for spec in specs_below(jobs):
        raw = read_json(spec)
        if isinstance(raw, dict) and not (spec.parent / "exit.json").exists():
            write_json(spec, {**raw, "surroundings": _moved(raw.get("surroundings", {}), homes)}, mode=0o600)


def _moved(around: Mapping[str, object], homes: Mapping[str, str]) -> dict[str, object]:
    return {
        name: [_path(v, homes) for v in value] if isinstance(value, list) else _path(value, homes)
        for name, value in around.items()
    }


def _path(value: object, homes: Mapping[str, str]) -> object:
    if not isinstance(value, str):
        return value
    for was, now in homes.items():
        if value == was or value.startswith(f"{was}/"):
            return now + value.removeprefix(was)
    return value

"""What is kept of each host in the runtime folder: how it was found last, whether it is drained, which jobs are there.

`hosts/<name>/state.json` is written by the follower of a host and by `mission hosts test`; `hosts/<name>/drained` by
people; `hosts/<name>/host.json` and `jobs/<key>/place.json` when a job is submitted.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import asdict, dataclass, replace
from mission_cli._support.text import one_line
from mission_cli.adapters.executors.jobs.folder import PLACE, JobFolder, specs_below
from mission_cli.adapters.fs.atomic import make_folder, read_json, write_json, write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HOST = "host.json"
"""The host as the settings described it when a job was submitted; removed when the host was cleaned."""
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class HostState:
    """How a host was found when it was asked last."""

    reachable: bool = True
    problem: str = ""
    """Why it could not be asked, in words for people; data."""
    since: str = ""
    """Since when it is as it is, ISO 8601."""
    free: int | None = None
    """How many more jobs it would start; None: it does not say."""
    checked: str = ""
    """When it was asked last, ISO 8601; empty: never."""
    skew_s: float = 0
    """How far its clock is ahead of this machine's; nothing is decided by it."""
    found: tuple[str, ...] = ()
    """The runners that the last test found there."""
    missing: tuple[str, ...] = ()
    """The runners that the last test did not find there."""


def hosts_folder(runtime: Path) -> Path:
    """Return the folder of all hosts."""
    return runtime / "hosts"


def read_state(folder: Path) -> HostState:
    """Return how a host was found last; of a file that cannot be read nothing counts. `folder`: that of the host."""
    found = read_json(folder / "state.json")
    if not isinstance(found, dict):
        return HostState()
    free, skew = found.get("free"), found.get("skew_s")
    return HostState(
        reachable=found.get("reachable") is not False,
        problem=_text(found.get("problem")),
        since=_text(found.get("since")),
        free=free if isinstance(free, int) and not isinstance(free, bool) else None,
        checked=_text(found.get("checked")),
        skew_s=float(skew) if isinstance(skew, int | float) else 0,
        found=_texts(found.get("found")),
        missing=_texts(found.get("missing")),
    )


def note_reached(folder: Path, now: str, *, free: int | None = None) -> None:
    """Record that a host answered."""
    before = read_state(folder)
    since = before.since if before.reachable and before.since else now
    _write(folder, replace(before, reachable=True, problem="", since=since, free=free, checked=now))


def note_tested(folder: Path, *, skew_s: float | None, found: Sequence[str], missing: Sequence[str]) -> None:
    """Record what a test of a host that answered has found; `skew_s` None: its clock is not known."""
    before = read_state(folder)
    _write(folder, replace(before, skew_s=skew_s or 0, found=tuple(found), missing=tuple(missing)))


def problem_in(words: str, host: str) -> str:
    """Return the words of an error about a host without its name: what is shown of the host names it."""
    return one_line(words.removeprefix(f"{host}: "), _LONGEST) or "it did not answer"


def note_unreachable(folder: Path, now: str, problem: str) -> None:
    """Record why a host could not be asked."""
    before = read_state(folder)
    since = now if before.reachable or not before.since else before.since
    away = replace(before, reachable=False, problem=problem[:_LONGEST], since=since, free=None, checked=now)
    _write(folder, away)


def _write(folder: Path, state: HostState) -> None:
    make_folder(folder)
    write_json(folder / "state.json", asdict(state), durable=False)


def is_drained(folder: Path) -> bool:
    """Whether a host takes nothing new."""
    return (folder / "drained").exists()


def set_drained(folder: Path, *, on: bool) -> None:
    """Keep new jobs away from a host, or let it take them again."""
    if on:
        make_folder(folder)
        write_whole(folder / "drained", b"")
    else:
        with suppress(FileNotFoundError):
            (folder / "drained").unlink()


def is_used(folder: Path) -> bool:
    """Whether something of this clone may be on a host."""
    return (folder / HOST).exists()


def write_place(job: Path, host: str) -> None:
    """Record on which host the job of a folder runs."""
    write_json(job / PLACE, {"host": host})


def place_of(job: Path) -> str:
    """Return the host on which the job of a folder runs; empty: this machine."""
    found = read_json(job / PLACE)
    return _text(found.get("host")) if isinstance(found, dict) else ""


def placed_jobs(jobs: Path) -> dict[str, list[str]]:
    """Return the keys of jobs that have not ended, by the host on which they run."""
    found: dict[str, list[str]] = {}
    for spec in specs_below(jobs):
        folder = JobFolder(spec.parent)
        host = place_of(spec.parent) if (spec.parent / PLACE).exists() and not folder.exit.exists() else ""
        if host:
            found.setdefault(host, []).append(spec.parent.relative_to(jobs).as_posix())
    return {host: sorted(keys) for host, keys in found.items()}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one[:_LONGEST] for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _text(value: object) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""

"""Laws over the log of a scripted forge: whatever happens, these must hold. Each returns what breaks it, in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.kit.forge.records import Did
from tests.kit.forge.state import OURS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from tests.kit.forge.records import Entry

    Judged = Callable[[str], bool]


def broken(
    log: Sequence[Entry],
    *,
    ours: str = OURS,
    judged: Judged | None = None,
    required: Collection[str] = (),
    bases: Collection[str] = ("main",),
    fresh: bool = False,
) -> list[str]:
    """Return every breach of a law by an account.

    `judged`: whether a commit was judged, if that law is to hold; `required`: checks that are required besides the
    forge's rules; `bases`: branches that only the forge moves; `fresh`: whether an approval of an older head does
    not count, although the forge counts it.
    """
    return [
        *_two_open(log, ours),
        *_doubled(log, ours),
        *_merges(log, ours, judged, required, fresh=fresh),
        *_orphans(log, ours),
        *_pushes(log, ours, bases),
    ]


def _two_open(log: Sequence[Entry], ours: str) -> Iterator[str]:
    """Never two open pull requests of ours from one branch."""
    mine = {entry.number for entry in log if entry.what is Did.OPENED and entry.by == ours}
    now: dict[int, str] = {}
    for entry in log:
        if entry.number not in mine:
            continue
        if entry.what in {Did.OPENED, Did.REOPENED}:
            if entry.branch in now.values():
                yield f"two pull requests are open for {entry.branch}: {sorted([*now, entry.number])}"
            now[entry.number] = entry.branch
        elif entry.what in {Did.CLOSED, Did.MERGED}:
            now.pop(entry.number, None)


def _doubled(log: Sequence[Entry], ours: str) -> Iterator[str]:
    """Never two comments on one pull request, or two issues, with one key."""
    comments = Counter((e.number, e.key) for e in log if e.what is Did.COMMENTED and e.by == ours and e.key)
    issues = Counter(e.key for e in log if e.what is Did.ISSUE_OPENED and e.by == ours and e.key)
    yield from (f"#{number} has {n} replies with the key {key}" for (number, key), n in comments.items() if n > 1)
    yield from (f"{n} issues have the key {key}" for key, n in issues.items() if n > 1)


def _merges(
    log: Sequence[Entry], ours: str, judged: Judged | None, required: Collection[str], *, fresh: bool
) -> Iterator[str]:
    """Never merged without a required check, and never a head that nobody judged."""
    for entry in log:
        if entry.what is not Did.MERGED or entry.by != ours or entry.detail == "pushed":
            continue
        missing = sorted({*entry.required, *required} - set(entry.passed))
        if missing:
            yield f"#{entry.number} was merged without {', '.join(missing)}"
        if fresh and len(entry.approved) < entry.approvals:
            yield f"#{entry.number} was merged with {len(entry.approved)} approvals of its head; {entry.approvals} are required"
        if judged is not None and not judged(entry.commit):
            yield f"#{entry.number} was merged ({entry.detail}) with {entry.commit[:7]}, which nobody judged"


def _orphans(log: Sequence[Entry], ours: str) -> Iterator[str]:
    """Never a pull request closed because we deleted its base."""
    for entry in log:
        if entry.what is Did.CLOSED and entry.by == ours and "base was deleted" in entry.detail:
            yield f"#{entry.number} was closed by the deletion of its base"


def _pushes(log: Sequence[Entry], ours: str, bases: Collection[str]) -> Iterator[str]:
    """Never a force push, a push to a base, or the deletion of a branch that an open pull request wants merged into."""
    for entry in log:
        if entry.by != ours or entry.what not in {Did.MOVED, Did.DELETED}:
            continue
        if entry.detail == "forced":
            yield f"{entry.branch} was forced to {entry.commit[:7]}"
        if entry.branch in bases:
            yield f"{entry.branch} was {'deleted' if entry.what is Did.DELETED else 'pushed to'}"

"""Check the chain of a mission's commits, and that none changes or removes a settled record or an approval."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli.app.results.verification import ChainLook, Misfit
from mission_cli.document.reading.load import load
from mission_cli.document.runs.archive import is_roll, split_roll
from mission_cli.document.runs.record import read_run
from mission_cli.domain.events import EventKind
from mission_cli.domain.evidence.chain import at_parents, before_of, link_of
from mission_cli.ports.git.state import evidence_folder, sum_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.app.verify.past import Past
    from mission_cli.domain.evidence.chain import Link, Linked, Links
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Event, Stored, Texts

_SHORT = 7
_REPLACES = frozenset({EventKind.STATE_PUT_BACK, EventKind.STATE_JOINED, EventKind.STATE_CREATED})
"""Events of commits that merge or restore the text of others: they have no link, and may take something back."""
_TAKES_BACK = _REPLACES | {EventKind.DECISION_UNDONE}
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class _Step:
    """One commit of the chain."""

    one: Linked
    event: Event
    mine: Mapping[str, Texts]

    @property
    def where(self) -> str:
        return f"commit {self.one.commit[:_SHORT]} ({self.event.subject})"


def chain_of(ctx: Context, stored: Stored, past: Sequence[Past]) -> tuple[ChainLook, list[Misfit]]:
    """Return how far the chain of a mission reaches, and every commit that does not fit it.

    `past` are its commits on the line of first parents; those of merged clones are read here.
    """
    commits, read = ctx.state.chain(), {one.event.commit: one for one in past}
    places = {link.link: n for n, one in enumerate(commits) if (link := one.links.get(stored.id)) is not None}
    known: dict[str, Links] = {}
    look, misfits = ChainLook(), list[Misfit]()
    for n, one in enumerate(commits):
        before = at_parents(known, one.parents)
        link = one.links.get(stored.id)
        known[one.commit] = {**before, **{m: (own.link,) for m, own in one.links.items()}}
        last = before.get(stored.id, ())
        step = _step(ctx, stored, one, read.get(one.commit), linked=link is not None)
        if step is None:
            continue
        if link is not None:
            look = replace(look, links=look.links + 1, since=look.since or one.commit)
            misfits += _unlinked_from(step, link, before_of(last), places.get(link.before), n, commits)
            misfits += _not_as_written(step, link, stored)
        elif last and step.mine and step.event.events and not _REPLACES & set(step.event.events):
            misfits.append(Misfit(step.where, "it looks like a commit of `mission`, and has no link of the chain"))
        if len(one.parents) < 2 and not _TAKES_BACK & set(step.event.events):  # noqa: PLR2004 - a merge has two
            misfits += _taken_away(step, stored)
    return look, misfits


def _step(ctx: Context, stored: Stored, one: Linked, read: Past | None, *, linked: bool) -> _Step | None:
    """Return a commit that changed the mission, or has a link of its chain; None for any other, and for merges."""
    if len(one.parents) > 1 and not linked:
        return None
    if read is not None:
        return _Step(one, read.event, read.mine)
    parent = one.parents[0] if one.parents else None
    mine = ctx.state.changed(parent, one.commit).get(stored.id, {})
    return _Step(one, ctx.state.event(one.commit), mine) if mine or linked else None


def _unlinked_from(
    step: _Step, link: Link, last: str, place: int | None, here: int, commits: Sequence[Linked]
) -> Iterator[Misfit]:
    """Yield that a commit does not follow the link that it names, and where that one is."""
    if link.before == last:
        return
    if place is None:
        names = "several links" if "+" in link.before else "the commit"
        words = f"{names} before it was removed or replaced: it follows the link {link.before[:_SHORT]}, which is gone"
    elif place > here:
        words = f"it was moved: it follows commit {commits[place].commit[:_SHORT]}, which now comes later"
    else:
        words = f"it follows commit {commits[place].commit[:_SHORT]}, but other links stand between them"
    yield Misfit(step.where, f"the chain is broken: {words}")


def _not_as_written(step: _Step, link: Link, stored: Stored) -> Iterator[Misfit]:
    """Yield that a commit's link does not fit what it wrote."""
    if link.link == link_of(stored.id, link.before, sum_of(step.mine)):
        return
    names = sorted(step.mine)
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    words = f"{', '.join(names[:_MOST_NAMED])}{more}" if names else "no file"
    yield Misfit(step.where, f"what it wrote does not fit its link of the chain: {words}")


def _taken_away(step: _Step, stored: Stored) -> Iterator[Misfit]:
    """Yield the settled records, evidence and approvals that a commit changed or removed."""
    by, explained = step.event.author.name, bool(step.event.events)  # other commits are reported for their records
    rolled = {text for path, (_, new) in step.mine.items() if new and is_roll(_name(path)) for text in _in(new)}
    for path, (old, new) in sorted(step.mine.items()):
        if old is None or old == new:
            continue
        how = "deleted" if new is None else "changed"
        if path.startswith(f"{stored.runs}/") and explained:
            gone = [text for text in _in(old, path) if text not in rolled and text not in _in(new or "", path)]
            settled = [r for text in gone if (r := read_run(text)) is not None and not r.open]
            yield from (Misfit(step.where, f"{path}: the settled record of {r.run} was {how} by {by}") for r in settled)
        elif path.startswith(f"{evidence_folder(stored)}/") and explained:
            yield Misfit(step.where, f"{path} was {how} by {by}")
        elif path == stored.path and new is not None and "## Approvals" in old:
            lost = _approvals(old, stored) - _approvals(new, stored)
            yield from (Misfit(step.where, f"{path}: the approval {row} was removed by {by}") for row in lost)


def _name(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".md")


def _in(text: str, path: str = "") -> list[str]:
    """Return the records in a file: one, or those of a yearly archive."""
    return [*split_roll(text).values()] if not path or is_roll(_name(path)) else [text]


def _approvals(text: str, stored: Stored) -> Counter[str]:
    rows = load(text, stored.id).mission.approvals
    return Counter(f"`{row.gate}: {row.decision}` of {row.by} at {row.at}" for row in rows)

"""Check the history of a mission: sums of commits, changes of evidence, and the contract of each milestone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import stamp
from mission_cli.app.results.verification import Contract, ContractChange, Misfit
from mission_cli.document.reading.load import load
from mission_cli.document.runs.record import read_run
from mission_cli.document.syntax.spans import results
from mission_cli.domain.events import EventKind
from mission_cli.domain.evidence.verdicts import CONTRACT, contract_hash, contract_of, rule_of
from mission_cli.domain.ids import Sha
from mission_cli.ports.git.state import evidence_folder, sum_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.app.verify.files import Files
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Event, Stored, Texts

_MOST = 100_000
_SHORT = 7
_UNSUMMED = frozenset({EventKind.STATE_PUT_BACK, EventKind.STATE_JOINED, EventKind.STATE_CREATED})
"""Events of commits that have no sum, because they merge or restore the text of other commits."""
_PERSONS = frozenset(
    {
        EventKind.DECISION_UNDONE,
        EventKind.FEATURE_ADDED,
        EventKind.FEATURE_MOVED,
        EventKind.MILESTONE_ADDED,
        EventKind.MISSION_EDITED,
        EventKind.MISSION_IMPORTED,
        EventKind.MISSION_SET,
        EventKind.MISSION_STARTED,
        EventKind.STATE_JOINED,
        EventKind.STATE_PUT_BACK,
    }
)
"""Events of commits that may change criteria. The loop, too, uses `feature.added`, for fix features."""


@dataclass(frozen=True, slots=True)
class Past:
    """One commit of the mission files: its event, and the files that it changed, each with old and new text."""

    event: Event
    everything: Mapping[str, Texts]
    """All changed files, also those of other missions."""
    mine: Mapping[str, Texts]

    @property
    def where(self) -> str:
        """The commit as messages name it."""
        return f"commit {self.event.commit[:_SHORT]} ({self.event.subject})"


def past_of(ctx: Context, stored: Stored) -> list[Past]:
    """Return the commits of a mission, oldest first."""
    found = []
    for event in reversed(ctx.state.history(stored, limit=_MOST)):
        changed = ctx.state.changed(Sha(f"{event.commit}^"), event.commit)
        everything = {path: texts for files in changed.values() for path, texts in files.items()}
        found.append(Past(event, everything, changed.get(stored.id, {})))
    return found


def misfits_of(past: Sequence[Past], stored: Stored) -> Iterator[Misfit]:
    """Yield commits that do not match their sums, and changes of evidence without an event."""
    summed = False
    for one in past:
        event = one.event
        if event.sum:
            summed = True
            if sum_of(one.everything) != event.sum:
                names = ", ".join(sorted(one.everything)) or "no file"
                yield Misfit(one.where, f"what it wrote does not fit its `Mission-Sum`: {names}")
        elif event.events and summed and not _UNSUMMED & set(event.events):
            yield Misfit(one.where, "it looks like a commit of `mission`, and has no `Mission-Sum`")
        elif not event.events:
            yield from _unexplained(one, stored)


def _unexplained(one: Past, stored: Stored) -> Iterator[Misfit]:
    """Yield the changes of evidence in a commit without an event."""
    who = one.event.author.name
    for path, (old, new) in sorted(one.mine.items()):
        record = read_run(old) if old is not None and path.startswith(f"{stored.runs}/") else None
        if path.startswith(f"{evidence_folder(stored)}/") or (
            path.startswith(f"{stored.runs}/") and (record is None or not record.open)
        ):
            yield Misfit(one.where, f"{path} was {_how(old, new)} by {who}")
        elif path == stored.path and old is not None and new is not None:
            before, after = _results(old), _results(new)
            for said in [*(before - after), *(after - before)]:
                what = "added" if said in after - before else "removed or changed"
                yield Misfit(one.where, f"the result {said} was {what} by {who}")
            yield from _verdicts_changed(one, load(old, stored.id).mission, load(new, stored.id).mission)


def _verdicts_changed(one: Past, before: Mission, after: Mission) -> Iterator[Misfit]:
    """Yield changes of the field `Passed at` of milestones."""
    for milestone in after.milestones:
        was = before.milestone(milestone.number)
        if was is not None and was.passed_at != milestone.passed_at:
            words = f"`Passed at` of milestone {milestone.number} was changed from {was.passed_at or 'nothing'}"
            yield Misfit(one.where, f"{words} to {milestone.passed_at or 'nothing'} by {one.event.author.name}")


def _how(old: str | None, new: str | None) -> str:
    return "added" if old is None else "deleted" if new is None else "changed"


def _results(text: str) -> Counter[str]:
    return Counter(found[0].strip() for line in text.split("\n") for found in results(line))


def contracts_of(past: Sequence[Past], stored: Stored, mission: Mission, files: Files) -> list[Contract]:
    """Return the contract of each started milestone with its later changes; the newest start counts."""
    found: dict[int, Contract] = {}
    for path, file in sorted(files.read_evidence().items()):
        number = int(file.subject.rpartition(" ")[2]) if file.subject[-1:].isdigit() else 0
        if file.stage != CONTRACT or not number:
            continue
        since = next((n for n, one in enumerate(past) if path in one.mine), len(past))
        rules = [(owner, rule) for owner, rule, _ in file.contract]
        changes = [change for one in past[since + 1 :] for change in _contract_changes(one, stored, number)]
        frozen, now = contract_hash(rules), contract_hash(_rules(mission, number))
        found[number] = Contract(number, file.at, frozen, now, len(rules), changes)
    return [found[number] for number in sorted(found)]


def breaches(contracts: Sequence[Contract]) -> Iterator[Misfit]:
    """Yield the changes of contracts that neither a person nor a fix feature made."""
    for contract in contracts:
        for change in contract.changes:
            if not change.allowed:
                words = f"criteria of milestone {contract.milestone} changed after its start: {change.what}"
                yield Misfit(f"commit {change.commit[:_SHORT]}", words)
        if contract.now != contract.hash and not contract.changes:
            words = f"the criteria do not fit the contract {contract.hash}, and no commit changed them"
            yield Misfit(f"milestone {contract.milestone}", words)


def _rules(mission: Mission, number: int) -> list[tuple[str, str]]:
    milestone = mission.milestone(number)
    return [(owner, rule_of(one)) for owner, one in contract_of(milestone)] if milestone is not None else []


def _contract_changes(one: Past, stored: Stored, number: int) -> Iterator[ContractChange]:
    old, new = one.mine.get(stored.path, (None, None))
    if old is None or new is None:
        return
    sides = [_told(load(text, stored.id).mission, number) for text in (old, new)]
    gone, added = sides[0] - sides[1], sides[1] - sides[0]
    if not gone and not added:
        return
    words = [f"{owner}: {text} was removed" for owner, _, text in sorted(gone)]
    words += [f"{owner}: {text} was added" for owner, _, text in sorted(added)]
    event = one.event
    allowed = not event.events or bool(_PERSONS & set(event.events))
    yield ContractChange(event.commit, stamp(event.at), event.author.name, "; ".join(words), allowed)


def _told(mission: Mission, number: int) -> Counter[tuple[str, str, str]]:
    milestone = mission.milestone(number)
    return Counter((owner, rule_of(c), c.text) for owner, c in contract_of(milestone)) if milestone else Counter()

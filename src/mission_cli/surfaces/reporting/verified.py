"""What `mission verify` found, as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted
from mission_cli.app.results.verification import Outcome
from mission_cli.surfaces.lines import BLANK, clip, columns, line, paragraph, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.app.results.verification import Contract, SignatureLook, Verification, VerifiedVerdict
    from mission_cli.surfaces.lines import Line

_SHORT = 7
_STYLES = {
    Outcome.SAME: "green",
    Outcome.PERSON: "dim",
    Outcome.REVIEWERS: "dim",
    Outcome.DIFFERS: "red",
    Outcome.CHANGED: "red",
}
_SHOWN = {
    Outcome.SAME: "same",
    Outcome.PERSON: "by a person",
    Outcome.REVIEWERS: "by reviewers",
    Outcome.NO_COMMIT: "no commit here",
}


def verified_lines(found: Verification, width: int) -> list[Line]:
    """Return the verdicts with their outcomes, then what does not fit, then the contracts and what was read."""
    table = columns([_row(verdict) for verdict in found.verdicts])
    lines: list[Line] = []
    for verdict, row in zip(found.verdicts, table, strict=True):
        lines += [clip(row, width), *_why(verdict, width)]
    lines = lines or [line("no verdict is recorded")]
    fetches = dict.fromkeys(v.detail for v in found.verdicts if v.outcome is Outcome.NO_COMMIT)
    for fetch in fetches:
        lines += [BLANK, *paragraph(f"commits that are missing here may be on the remote: {fetch}", width, "yellow")]
    if found.misfits:
        lines += [BLANK, line(("does not fit", "bold red"))]
        for misfit in found.misfits:
            lines += paragraph(f"{said(misfit.where)}: {said(misfit.what)}", width, "red")
    for contract in found.contracts:
        lines += [BLANK, *_contract(contract, width)]
    lines += [BLANK, *paragraph(_chained(found), width)]
    if found.signatures is not None:
        lines += paragraph(_signed(found.signatures), width)
    return [*lines, BLANK, *paragraph(_summary(found), width, "bold green" if found.verified else "bold red")]


def _row(one: VerifiedVerdict) -> tuple[Line, ...]:
    words = _SHOWN.get(one.outcome, str(one.outcome))
    told = said(one.criterion) + (" (with the test files of the base)" if one.side else "")
    told += f": {one.recorded}"
    style = _STYLES.get(one.outcome, "yellow")
    return (line((words, style)), line(one.subject), line((one.commit[:_SHORT], "cyan")), line(told))


def _why(one: VerifiedVerdict, width: int) -> list[Line]:
    if one.outcome not in {Outcome.DIFFERS, Outcome.CANNOT_RUN, Outcome.CHANGED}:
        return []
    now = f"now {one.now}" if one.now is not None else ""
    return paragraph(": ".join(filter(None, (now, said(one.detail)))), width, "red", 2)


def _contract(contract: Contract, width: int) -> Iterator[Line]:
    frozen = f"milestone {contract.milestone}: {counted(contract.criteria, 'criterion', 'criteria')} frozen as "
    same = "unchanged" if contract.now == contract.hash else f"now {contract.now}"
    yield from paragraph(f"{frozen}{contract.hash} at {contract.at}, {same}", width)
    for change in contract.changes:
        style = "" if change.allowed else "red"
        yield from paragraph(f"  {change.commit[:_SHORT]} by {said(change.by)}: {said(change.what)}", width, style)


def _chained(found: Verification) -> str:
    """Return how far the chain of commits reaches."""
    if not found.chain.links:
        return "chain: none, older versions of the program wrote all commits"
    return f"chain: {counted(found.chain.links, 'link')}, from commit {found.chain.since[:_SHORT]} on"


def _signed(look: SignatureLook) -> str:
    """Return the states of the signatures, and the commits without one among those that have one."""
    words = f"signatures: {look.good} good, {look.none} none, {look.bad} bad, {look.unknown} by an unknown key"
    names = ", ".join(commit[:_SHORT] for commit in look.unsigned)
    return f"{words}; without one after the first signed commit: {names}" if names else words


def _summary(found: Verification) -> str:
    same = sum(v.outcome is Outcome.SAME for v in found.verdicts)
    judged = f"{same} of {counted(len(found.verdicts), 'verdict')} the same"
    for outcome in (Outcome.PERSON, Outcome.REVIEWERS):
        count = sum(v.outcome is outcome for v in found.verdicts)
        judged += f", {count} {_SHOWN[outcome]}" if count else ""
    read = f"{counted(found.records, 'run record')}, {counted(found.files, 'evidence file')} and "
    read += counted(found.commits, "commit")
    odd = f"{counted(len(found.misfits), 'thing')} that {'does' if len(found.misfits) == 1 else 'do'} not fit"
    sums = f"sums compared at {counted(found.sums, 'commit')}"
    end = "" if found.finished else "; the mission is not finished"
    return f"{found.id}: {judged}; {read} read, {odd if found.misfits else 'all fit'}; {sums}{end}"

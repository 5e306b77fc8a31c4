"""Compare the files of a mission with their seals, their names, and the work tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli.app.results.verification import Misfit
from mission_cli.document.runs import evidence, record
from mission_cli.document.runs.archive import is_roll, split_roll
from mission_cli.document.runs.evidence import EvidenceFile, misnamed, read_evidence
from mission_cli.document.runs.record import is_sealed, read_run
from mission_cli.ports.git.state import evidence_folder, folder_of, research_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.domain.ids import Sha
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Stored


@dataclass(frozen=True, slots=True)
class Files:
    """The committed files of a mission, by path."""

    records: Mapping[str, str]
    """Run records by path; those in a yearly archive by its path, `#` and the attempt."""
    evidence: Mapping[str, str]
    texts: Mapping[str, str]
    """All files, as they are."""

    def read_records(self) -> list[RunRecord]:
        """Return the records that can be read."""
        return [record for record in map(read_run, self.records.values()) if record is not None]

    def read_evidence(self) -> dict[str, EvidenceFile]:
        """Return the evidence files that can be read, by path."""
        read = {path: read_evidence(text) for path, text in self.evidence.items()}
        return {path: file for path, file in read.items() if file is not None}


def files_at(ctx: Context, stored: Stored, head: Sha) -> Files:
    """Return the files of a mission at a commit."""
    run_files = {f"{stored.runs}/{name}.md": (name, text) for name, text in ctx.state.run_files(stored, head).items()}
    records: dict[str, str] = {}
    for path, (name, text) in run_files.items():
        rolled = split_roll(text) if is_roll(name) else {}
        records |= {f"{path}#{attempt}": one for attempt, one in rolled.items()} if is_roll(name) else {path: text}
    proofs = {f"{evidence_folder(stored)}/{n}": text for n, text in ctx.state.evidence(stored, head).items()}
    found = {f"{research_folder(stored)}/{n}": text for n, text in ctx.state.found(stored, head).items()}
    plain = {path: text for path, (_, text) in run_files.items()}
    return Files(records, proofs, {stored.path: stored.text, **plain, **proofs, **found})


def broken_files(files: Files) -> Iterator[Misfit]:
    """Yield files that do not match their own hash or cannot be read."""
    for path, text in files.records.items():
        run, name = read_run(text), path.rpartition("/")[2].rpartition("#")[2].removesuffix(".md")
        if run is None:
            yield Misfit(path, "this run record cannot be read")
        elif str(run.run).rpartition("/")[2] != name:
            yield Misfit(path, f"this is the record of {run.run}")
        elif not run.open and is_sealed(text) is False:
            yield Misfit(path, "its content was changed after it was sealed")
        yield from _unbound(path, record.unbound(text))
    for path, text in files.evidence.items():
        why = misnamed(path.rpartition("/")[2], text)
        if why:
            yield Misfit(path, why)
        elif read_evidence(text) is None:
            yield Misfit(path, "this evidence file cannot be read")
        yield from _unbound(path, evidence.unbound(text))


def _unbound(path: str, criteria: list[str]) -> Iterator[Misfit]:
    for criterion in criteria:
        yield Misfit(path, f"the verdict on {criterion} does not fit its hash")


def uncommitted(ctx: Context, stored: Stored, files: Files) -> Iterator[Misfit]:
    """Yield differences between the work tree and the committed files; none if there is no work tree."""
    if ctx.state.text_on_disk(stored) is None and not any(e.path == stored.path for e in ctx.state.edits()):
        return
    for path, text in files.texts.items():
        there = ctx.state.text_on_disk(replace(stored, path=path))
        if there is None:
            yield Misfit(path, "it is committed, and the file does not exist")
        elif there != text:
            yield Misfit(f"{path}:{_first_difference(text, there)}", "the file differs from what is committed")
    kept = (f"{stored.runs}/", f"{evidence_folder(stored)}/", f"{folder_of(stored)}/research/")
    for edit in ctx.state.edits():
        if edit.path.startswith(kept) and edit.path not in files.texts:
            yield Misfit(edit.path, "the file is not committed")


def _first_difference(one: str, other: str) -> int:
    """Return the number of the first line that differs."""
    lines = zip(one.split("\n"), other.split("\n"), strict=False)
    return next((n for n, (a, b) in enumerate(lines, 1) if a != b), min(one.count("\n"), other.count("\n")) + 2)

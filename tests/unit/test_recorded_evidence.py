"""Recorded evidence: hashes that bind verdicts to what was judged, and to the files that hold them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from mission_cli._support.dataclass import replace
from mission_cli._support.text import sha256_of
from mission_cli.document.criteria.parse import read_criterion
from mission_cli.document.runs.evidence import EvidenceFile, misnamed, read_evidence, write_evidence
from mission_cli.document.runs.record import is_sealed, read_run, write_run
from mission_cli.domain.criteria.criterion import Criterion, Result
from mission_cli.domain.evidence.verdicts import RecordedVerdict, rule_of
from mission_cli.domain.ids import RunId
from mission_cli.domain.runs.record import RunRecord
from mission_cli.domain.status import Cause, CriterionKind, RecordState, Verdict

VERDICT = RecordedVerdict(
    criterion="run: `pytest -q`",
    kind=CriterionKind.RUN,
    verdict=Verdict.PASSED,
    rule=rule_of(read_criterion("run: `pytest -q`")),
    at="2026-11-28T10:00:00Z",
    commit="1" * 40,
    tree="2" * 40,
    exit="exited 0",
    output=sha256_of("3 passed"),
)
RECORD = RunRecord(
    run=RunId("m/1.1-a1"),
    state=RecordState.SETTLED,
    cause=Cause.DONE,
    onto="3" * 40,
    judged=(VERDICT, replace(VERDICT, side="base", commit="4" * 40)),
    prompt="Make it so.\n---\nseal: " + "0" * 64 + "\n---",
    evidence="run: `pytest -q`: passed\n3 passed",
)
FILE = EvidenceFile(
    "m", "milestone 1", "validation", "2026-11-28T10:00:00Z", verdicts=(VERDICT,), outputs=("3 passed \udce9",)
)

FIELDS: tuple[str, ...] = RecordedVerdict.__match_args__


def test_a_record_keeps_its_verdicts_and_is_sealed_when_it_is_settled() -> None:
    text = write_run(RECORD)
    assert read_run(text) == RECORD
    assert is_sealed(text) is True
    assert is_sealed(write_run(replace(RECORD, state=RecordState.INTENDED))) is None


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_no_byte_of_a_record_changes_without_its_seal(place: int, bits: int) -> None:
    data = bytearray(write_run(RECORD).encode())
    data[place % len(data)] ^= bits
    assert is_sealed(data.decode("utf-8", "surrogateescape")) is not True


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_no_byte_of_an_evidence_file_changes_without_its_name(place: int, bits: int) -> None:
    name, text = write_evidence(FILE)
    data = bytearray(text.encode())
    data[place % len(data)] ^= bits
    assert misnamed(name, data.decode("utf-8", "surrogateescape"))


@given(st.integers(0, 10**6), st.integers(1, 127))
def test_no_character_of_the_name_of_an_evidence_files_hash_changes_unseen(place: int, bits: int) -> None:
    name, text = write_evidence(FILE)
    start = name.rindex("-") + 1
    place = start + place % (len(name) - start)
    assert misnamed(name[:place] + chr(ord(name[place]) ^ bits) + name[place + 1 :], text)


def test_an_evidence_file_is_json_under_a_name_that_says_when_and_what() -> None:
    name, text = write_evidence(FILE)
    assert name == snapshot("2026-11-28T10-00-00Z-milestone-1-validation-6e9e2fcde75daa13.json")
    assert text == snapshot("""\
{
 "mission": "m",
 "subject": "milestone 1",
 "stage": "validation",
 "at": "2026-11-28T10:00:00Z",
 "verdicts": [
  {
   "criterion": "run: `pytest -q`",
   "kind": "run",
   "verdict": "passed",
   "rule": "250802c2486a87ec",
   "at": "2026-11-28T10:00:00Z",
   "commit": "1111111111111111111111111111111111111111",
   "tree": "2222222222222222222222222222222222222222",
   "exit": "exited 0",
   "output": "61affed06dc6ccb76520673de0b462156a4f4f1e0ed67cc6450fe0c2da8c5d07",
   "sha256": "425000d4975a58809ca4fb8f8edc5a7a27125f53d67f90ee8ae651535b4b2758",
   "end_of_output": "3 passed ?"
  }
 ]
}
""")
    assert read_evidence(text) == replace(FILE, outputs=("3 passed ?",))
    assert misnamed(name, text) == ""
    assert misnamed("notes.json", text) == "its name is not that of an evidence file"
    assert [read_evidence(odd) for odd in ("", "[]", "{", '{"mission": 1}', "[" * 9999)] == [None] * 5


def test_a_rule_is_what_is_checked_and_nothing_else() -> None:
    one = Criterion("run: `a`", CriterionKind.RUN, command="a")
    result = Result(Verdict.PASSED, "", "")
    same = (one, replace(one, ticked=True, result=result, line=9, index=3), replace(one, text="run:  `a`"))
    assert len({rule_of(c) for c in same}) == 1
    others = (
        one,
        replace(one, command="b"),
        replace(one, text="run: `b`"),
        replace(one, timeout=timedelta(minutes=3)),
        replace(one, kind=CriterionKind.METRIC, bound=Decimal("1.0")),
        replace(one, kind=CriterionKind.METRIC, bound=Decimal(1)),
        replace(one, kind=CriterionKind.FILE, paths=("a", "b")),
        replace(one, negated=True),
    )
    assert len({rule_of(c) for c in others}) == len(others)


def test_a_digest_covers_every_field() -> None:
    changed = [replace(VERDICT, **{name: "x"}) for name in FIELDS]  # type: ignore[arg-type]  # only hashed
    assert len({one.digest for one in [VERDICT, *changed]}) == len(FIELDS) + 1

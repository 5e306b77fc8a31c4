"""Read and write evidence files: what the criteria of a milestone said, as JSON, under a name with its hash.

`evidence/<time>-<subject>-<hash>.json`: the hash is the beginning of the SHA-256 of the file, so no byte of it can
change without its name. Only this program writes them.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import sha256_of
from mission_cli.document.runs.verdicts import facts_of, is_bound, verdict_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.evidence.verdicts import RecordedVerdict

_NAME = pattern(r"[0-9TZ-]+-[a-z0-9.-]+-(?P<hash>[0-9a-f]{16})\.json")
_SHORT = 16
_OUTPUT = 4000
"""How much of an output is kept, in characters."""


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """One evidence file: the contract of a milestone, or the verdicts of one validation."""

    mission: str
    subject: str
    """`milestone N`, or `mission`."""
    stage: str
    at: str
    contract: tuple[tuple[str, str, str], ...] = ()
    """(owner, rule, text) of each criterion when the milestone started."""
    verdicts: tuple[RecordedVerdict, ...] = ()
    outputs: tuple[str, ...] = ()
    """The end of the output for each verdict."""


def write_evidence(file: EvidenceFile) -> tuple[str, str]:
    """Return name and text of the file."""
    facts: dict[str, Any] = {"mission": file.mission, "subject": file.subject, "stage": file.stage, "at": file.at}
    if file.contract:
        facts["contract"] = [{"owner": o, "rule": rule, "criterion": text} for o, rule, text in file.contract]
    if file.verdicts:
        shown = [output[-_OUTPUT:] for output in file.outputs]
        pairs = zip(file.verdicts, shown, strict=True)
        facts["verdicts"] = [facts_of(verdict) | {"end_of_output": output} for verdict, output in pairs]
    text = json.dumps(facts, indent=1, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n"
    day = re.sub(r"[^0-9TZ-]", "-", file.at)
    subject = re.sub(r"[^a-z0-9]+", "-", f"{file.subject} {file.stage}".casefold()).strip("-")
    return f"{day}-{subject}-{sha256_of(text)[:_SHORT]}.json", text


def read_evidence(text: str) -> EvidenceFile | None:
    """Return the contents of an evidence file; None if the text is not one."""
    try:
        facts = json.loads(text)
        contract = tuple(
            (str(one["owner"]), str(one["rule"]), str(one["criterion"])) for one in facts.get("contract", ())
        )
        rows: Sequence[Any] = facts.get("verdicts", ())
        return EvidenceFile(
            str(facts["mission"]),
            str(facts["subject"]),
            str(facts["stage"]),
            str(facts["at"]),
            contract,
            tuple(map(verdict_from, rows)),
            tuple(str(row.get("end_of_output", "")) for row in rows),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def unbound(text: str) -> list[str]:
    """Return the criteria of the verdicts that do not fit their hashes; none if the file cannot be read."""
    if read_evidence(text) is None:
        return []
    return [str(facts["criterion"]) for facts in json.loads(text).get("verdicts", ()) if not is_bound(facts)]


def misnamed(name: str, text: str) -> str:
    """Return why an evidence file does not have the content that its name says; empty if it has."""
    found = _NAME.fullmatch(name)
    if found is None:
        return "its name is not that of an evidence file"
    return "" if sha256_of(text)[:_SHORT] == found["hash"] else "its content does not have the hash in its name"

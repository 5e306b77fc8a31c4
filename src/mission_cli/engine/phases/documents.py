"""The documents that people decide about, among the findings: their ids, and whether they can be read."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from mission_cli.domain.phases.look import Document
from mission_cli.domain.phases.proposals import REQUIREMENTS, SUGGESTIONS
from mission_cli.domain.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def problem_of(name: str, text: str) -> str:
    """Return why a document of a phase cannot be read; empty if it can. Other documents are for people only."""
    from mission_cli.interchange.proposals.requirements import read_requirements  # pydantic: most pulses need none
    from mission_cli.interchange.proposals.suggestions import read_suggestions

    read = {SUGGESTIONS: read_suggestions, REQUIREMENTS: read_requirements}.get(name)
    found = read(text) if read is not None else None
    return f"line {found.line}: {found.message}" if isinstance(found, Problem) else ""


def documents_of(found: Mapping[str, str], names: Iterable[str]) -> dict[str, Document]:
    """Return those of the findings that are named, by path; empty ones are left out."""
    texts = {name: found[name] for name in dict.fromkeys(names) if found.get(name, "").strip()}
    return {name: Document(blob_id(text), text) for name, text in texts.items()}


def blob_id(text: str) -> str:
    """Return the id that git gives a file with this text."""
    content = text.encode("utf-8", "surrogateescape")
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()

"""The rows of `## Previews`: what is recorded of each preview of a mission, before anything starts."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

LOG = "preview"
"""What stands for the newest preview in an address: `ID/preview`."""
LONGEST_URL = 500
_URL = pattern(r"https?://[A-Za-z0-9\[][A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*")
_REPORT = pattern(r"mission-preview: (?P<state>ready|failed)(?: (?P<words>.*))?")
_LONGEST = 300


class PreviewStatus(StrEnum):
    """How far a preview is."""

    PLANNED = "planned"
    """It is to be started."""
    STARTING = "starting"
    """Its job is submitted, and nothing answers yet."""
    READY = "ready"
    """It can be opened at its URL."""
    FAILED = "failed"
    """It could not be shown, or ended by itself."""
    CLOSING = "closing"
    """Its job is being stopped, then it is cleaned up."""
    CLOSED = "closed"
    """Nothing of it is left."""


UP = frozenset({PreviewStatus.PLANNED, PreviewStatus.STARTING, PreviewStatus.READY})
"""Previews that are shown, or about to be."""


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One row. The newest one counts; earlier ones are only ended."""

    number: int
    """From 1, never used again."""
    commit: str
    """The commit that it shows."""
    status: PreviewStatus = PreviewStatus.PLANNED
    url: str = ""
    """Empty until it is ready."""
    since: str = ""
    """Since when it has this status, ISO 8601."""
    expires: str = ""
    """When a ready one ends, ISO 8601."""
    reason: str = ""
    """Who asked for it, or why it failed or ended."""
    phase: str = ""
    """The phase that it belongs to; empty: a person asked for it."""
    line: int = 0

    @property
    def up(self) -> bool:
        """Whether it is shown, or about to be."""
        return self.status in UP

    @property
    def going(self) -> bool:
        """Whether something of it is left."""
        return self.status is not PreviewStatus.CLOSED

    @property
    def short(self) -> str:
        """The commit as people read it."""
        return self.commit[:7]


@dataclass(frozen=True, slots=True)
class Reported:
    """What a deployment reported about itself."""

    ready: bool
    words: str = ""
    """Its URL if it is ready, else why it failed."""


def newest(rows: Iterable[PreviewRow]) -> PreviewRow | None:
    """Return the row that counts, or None."""
    return max(rows, key=lambda row: row.number, default=None)


def job_key(mission: str, number: int) -> str:
    """Return the executor's key for a preview."""
    return f"{mission}/{LOG}-{number}"


def cleanup_key(mission: str, number: int) -> str:
    """Return the executor's key for what cleans up after a preview."""
    return f"{job_key(mission, number)}-cleanup"


def is_url(text: str) -> bool:
    """Whether a text is an address that can be opened, without a character that anything could misread."""
    return len(text) <= LONGEST_URL and _URL.fullmatch(text) is not None


def report_line(reported: Reported) -> str:
    """Return the line by which a deploy command reports on its output."""
    return f"mission-preview: {'ready' if reported.ready else 'failed'} {one_line(reported.words, LONGEST_URL)}"


def reported_in(output: str) -> Reported | None:
    """Return what the last line of a deploy command's output reports: a URL alone, or a line of `report_line`."""
    last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "")
    if is_url(last):
        return Reported(ready=True, words=last)
    found = _REPORT.fullmatch(last)
    if found is None:
        return None
    words = one_line(found["words"] or "", _LONGEST)
    if found["state"] == "failed":
        return Reported(ready=False, words=words)
    return Reported(ready=True, words=words) if is_url(words) else None

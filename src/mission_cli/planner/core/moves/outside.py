"""Transitions of what exists outside the mission file: pull requests, issues, previews, deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass

if TYPE_CHECKING:
    from mission_cli.domain.deploys.rows import DeployRow
    from mission_cli.domain.events import EventKind
    from mission_cli.domain.forge.rows import PullRow
    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.preview.rows import PreviewRow


@dataclass(frozen=True, slots=True)
class WritePull:
    """Write the row of a pull request: a new one, or what is known of it now."""

    row: PullRow
    event: EventKind
    why: str


@dataclass(frozen=True, slots=True)
class WritePreview:
    """Write the row of a preview: a new one, or what is known of it now."""

    row: PreviewRow
    event: EventKind
    why: str


@dataclass(frozen=True, slots=True)
class WriteDeploy:
    """Write the row of a deployment: a new one, or what is known of it now."""

    row: DeployRow
    event: EventKind
    why: str


@dataclass(frozen=True, slots=True)
class LinkIssue:
    """Name the issue of a feature in its Task ID cell, which is empty."""

    number: FeatureNumber
    task: str
    why: str

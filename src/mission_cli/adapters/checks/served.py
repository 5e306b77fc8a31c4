"""Describe a check to the program that judges it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import asdict

if TYPE_CHECKING:
    from mission_cli.domain.criteria.criterion import Criterion


def request_of(criterion: Criterion, shell: str) -> str:
    """Return what a judge reads, as JSON. It contains no value of a secret."""
    told = criterion.conditions
    return json.dumps(
        {
            "kind": str(criterion.kind),
            "http": asdict(criterion.http) if criterion.http is not None else None,
            "browser": asdict(criterion.browser) if criterion.browser is not None else None,
            "serve": told.serve,
            "ready_s": told.ready_s,
            "cwd": told.cwd,
            "env": dict(told.env),
            "secrets": [name for name, _ in told.secrets],
            "shell": shell,
        }
    )

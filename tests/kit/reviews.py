"""Answers of reviewers, as they write them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mission_cli.domain.reviews.rules import DIMENSIONS

if TYPE_CHECKING:
    from collections.abc import Sequence


def answer(*scores: float, findings: Sequence[dict[str, object]] = (), **more: object) -> str:
    """An answer that gives each criterion one score in every dimension."""
    criteria = [
        {"id": f"c{n}", "scores": {d.name: score for d in DIMENSIONS}, "reason": f"it is a {score:g}"}
        for n, score in enumerate(scores, 1)
    ]
    return json.dumps({"criteria": criteria, "findings": list(findings), "summary": "done", **more})


def finding(title: str = "it is wrong", **more: object) -> dict[str, object]:
    """One finding about a line of a file."""
    return {
        "title": title,
        "body": "The handler ignores an empty request.",
        "file": "src/app.py",
        "first_line": 10,
        "last_line": 12,
        "priority": 1,
        "confidence": 0.9,
        **more,
    }

"""Answers to judgments, as a model writes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mission_cli.domain.judgments.answers import EXAMPLES

if TYPE_CHECKING:
    from mission_cli.domain.judgments.rules import JudgmentKind


def judgment(kind: JudgmentKind, **more: object) -> str:
    """An answer of a kind, as JSON."""
    return json.dumps({**EXAMPLES[kind], "reason": "it looks so", "alternatives": ["wait"], **more})

"""Pictures and traces of checks: stored in the mission's folder `assets/`, and shown to later checks."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from mission_cli._support.slug import slug
from mission_cli._support.text import digest
from mission_cli.domain.status import PASSES, CriterionKind
from mission_cli.planner.core.moves.milestones import MarkCriteria
from mission_cli.ports.git.state import Write, assets_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Transition

_FAILED = "failed-"
_LONGEST = 30


def stem(criterion: Criterion) -> str:
    """Return how the files of a criterion begin: the same for equal criteria of several features."""
    told = "\n".join([criterion.command, *(f"{name}: {value}" for name, value in criterion.fields)])
    return f"{slug(criterion.command, _LONGEST) or 'page'}-{digest(told)}-"


def kept(ctx: Context, case: Case, transitions: Sequence[Transition]) -> Iterator[Write]:
    """Yield the files of checks in a browser whose verdicts are recorded.

    A pass replaces the accepted picture and removes the files of failures; a failure leaves the accepted picture.
    """
    marks = [mark for move in transitions if isinstance(move, MarkCriteria) for mark in move.marks]
    marks = [mark for mark in marks if mark.criterion.kind is CriterionKind.BROWSER and mark.check and mark.result]
    before = ctx.state.assets(case.stored, case.head) if marks else {}
    new: dict[str, str | None] = {}
    for mark in marks:
        name = stem(mark.criterion)
        passed = mark.result is not None and mark.result.verdict in PASSES
        new |= {old: None for old in before if old.startswith(f"{name}{_FAILED}")}
        for file, content in ctx.executor.kept_files(f"{case.mission.id}/checks/{mark.check}").items():
            new[f"{name}{'' if passed else _FAILED}{file}"] = content.decode("utf-8", "surrogateescape")
    for name, text in new.items():
        if before.get(name) != text:
            yield Write(f"{assets_folder(case.stored)}/{name}", text, before.get(name))


def accepted(ctx: Context, case: Case, criterion: Criterion) -> str:
    """Return the accepted pictures of a criterion, as its judge reads them; empty if it compares none."""
    if criterion.browser is None or criterion.browser.tolerance is None:
        return ""
    name = stem(criterion)
    found = {
        file.removeprefix(name): base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()
        for file, text in ctx.state.assets(case.stored, case.head).items()
        if file.startswith(name) and not file.startswith(f"{name}{_FAILED}")
    }
    return json.dumps(found)

"""Which changes to tests and checks the plan, or a person, has asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli.domain.status import Cause, FeatureStatus
from mission_cli.planner.milestones.judgment import says_yes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.runs.record import RunRecord

ACCEPT_CHANGE = "accept the changes to tests and checks"
"""Part of the question to a person about changed tests or checks: a yes covers the paths that it names."""
_SHORTEST_NAME = 5


def meant(mission: Mission, feature: Feature | None, records: Sequence[RunRecord]) -> Callable[[str], bool]:
    """Return a function that tells whether a change to a path, or to a test of that name, was asked for.

    It looks in the titles and descriptions of the feature and of finished ones, and in changes that a person has
    accepted or made. Fix features are left out: their titles are texts of criteria. With None every feature counts.
    """
    texts = [
        f"{f.title}\n{f.description}"
        for f in mission.features()
        if not f.fixes and (feature is None or f.number == feature.number or f.status is FeatureStatus.DONE)
    ]
    texts += [r.prompt for r in mission.requests if ACCEPT_CHANGE in r.prompt and not r.open and says_yes(r.response)]
    texts += [r.evidence for r in records if r.by and r.cause is Cause.DONE]
    words = "\n".join(texts)

    def asked(name: str) -> bool:
        base = name.rpartition("/")[2]
        names = {name, base} if "/" in name or "." in name else {name}
        return any(
            len(n) >= _SHORTEST_NAME and re.search(rf"(?<![\w.-]){re.escape(n)}(?![\w-])", words) is not None
            for n in names
        )

    return asked

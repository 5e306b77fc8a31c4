"""What earlier missions learned, for the prompt of an attempt and for the end of a mission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.domain.skills.choosing import chosen, query_words, usable
from mission_cli.engine.learning.pasts import known_skills

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.domain.skills.standing import Standing
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.moves.mission import Finish


class Advice:
    """The skills for the prompts of one round; git is read when the first prompt needs them."""

    def __init__(self, ctx: Context, mission: Mission) -> None:
        self._ctx, self._mission = ctx, mission
        self._known: Mapping[str, Standing] | None = None

    def of(self, record: RunRecord) -> tuple[Standing, ...]:
        """Return the skills for the prompt of an attempt; none if learning is switched off."""
        feature = self._mission.feature(record.feature)
        settings = self._ctx.settings.skills
        if feature is None or not settings.learn or not settings.tokens:
            return ()
        known = self._usable()
        if not known:
            return ()
        texts = {name: f"{one.skill.text} {name.replace('-', ' ')}" for name, one in known.items()}
        matches = self._ctx.skills.search(self._words(feature), texts)
        return chosen(matches, known, settings.tokens)

    def _usable(self) -> Mapping[str, Standing]:
        if self._known is None:
            stack = self._mission.preferences.tech_stack
            found = known_skills(self._ctx, self._ctx.clock.now(), stack, but=self._mission.id)
            self._known = usable(found.values())
        return self._known

    def _words(self, feature: Feature) -> Sequence[str]:
        milestone = self._mission.milestone_holding(feature.number)
        criteria = (*feature.criteria, *(milestone.criteria if milestone else ()))
        goal = self._mission.goal or self._mission.title
        return query_words(feature.title, feature.description, *(c.text for c in criteria), goal)


def finished(ctx: Context, mission: Mission, records: Sequence[RunRecord], move: Finish) -> Finish:
    """Return the end of a mission with what was learned; as it is if learning is switched off."""
    if not ctx.settings.skills.learn:
        return move
    from mission_cli.planner.learning.learned import learned

    known = known_skills(ctx, ctx.clock.now(), mission.preferences.tech_stack, but=mission.id)
    rows = learned(mission, records, known, ctx.settings.tree.setup)
    return replace(move, learned=rows)

"""One pull request with everything that is known about it, and what can be decided about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.events import EventKind
from mission_cli.domain.forge.look import PullLook
from mission_cli.domain.forge.rows import MISSION, TODO
from mission_cli.domain.ids import feature_number
from mission_cli.domain.notice import NO_ADVICE, Advice
from mission_cli.domain.status import FeatureStatus, HoldKind, MilestoneStatus
from mission_cli.planner.core.moves.outside import WritePull

if TYPE_CHECKING:
    from mission_cli.domain.forge.facts import PullFacts, PullState
    from mission_cli.domain.forge.look import ForgeState
    from mission_cli.domain.forge.rows import PullRow
    from mission_cli.domain.mission import Feature, Milestone
    from mission_cli.planner.core.draft import Draft


@dataclass(frozen=True, slots=True)
class Subject:
    """A pull request of a feature, of a milestone or of the mission."""

    draft: Draft
    row: PullRow
    look: PullLook
    feature: Feature | None
    milestone: Milestone | None
    """The one that it is for; of the mission the last one that passed."""

    @classmethod
    def of(cls, draft: Draft, row: PullRow) -> Subject:
        """Return the subject of a row."""
        mission = draft.mission
        feature = next((f for f in mission.features() if f.number == row.subject), None)
        milestone = next((m for m in mission.milestones if str(m.number) == row.subject), None)
        if row.subject == MISSION:
            passed = [m for m in mission.milestones if m.status is MilestoneStatus.PASSED]
            milestone = passed[-1] if passed else None
        return cls(draft, row, draft.observation.pulls.get(row.subject, PullLook()), feature, milestone)

    @property
    def about(self) -> str:
        """The subject of its holds: a feature, a milestone, or empty for the mission."""
        return "" if self.row.subject == MISSION else self.row.subject

    @property
    def address(self) -> str:
        """What a command takes for it: `portal/1.2`, or the mission."""
        return f"{self.draft.mission.id}/{self.about}" if self.about else str(self.draft.mission.id)

    @property
    def forge(self) -> ForgeState:
        """What is known of the forge."""
        return self.draft.observation.forge

    @property
    def facts(self) -> PullFacts:
        """What the forge says of the pull request, which exists."""
        if self.look.facts is None:
            raise ValueError(f"{self.row.branch} has no pull request")
        return self.look.facts

    @property
    def state(self) -> PullState:
        """Whether it is open, as the forge says."""
        return self.facts.pull.state

    @property
    def is_dropped(self) -> bool:
        """Whether nobody wants its feature any more."""
        number = feature_number(self.row.subject)
        return number is not None and (self.feature is None or self.feature.status is FeatureStatus.SKIPPED)

    @property
    def in_review(self) -> bool:
        """Whether its work waits for the merge: no attempt at its feature is due or under way."""
        if self.row.subject == TODO:
            return True
        if self.feature is None:
            return self.milestone is not None and self.milestone.finished
        return self.feature.status is FeatureStatus.REVIEW and not any(
            record.open for record in self.draft.records_of(self.feature.number)
        )

    def write(self, event: EventKind, why: str, row: PullRow) -> None:
        """Record what is known of it now."""
        self.draft.transitions.append(WritePull(row, event, why))

    def note(self, why: str, row: PullRow) -> None:
        """Record what was handled."""
        self.write(EventKind.PULL_UPDATED, why, row)

    def hold(self, words: str, *, unblock: Advice = NO_ADVICE, person: bool = False) -> None:
        """Hold it: for a person of this mission, or until the forge is asked again."""
        until = None if person else self.forge.again
        words = f"{self.row.name}: {words}"
        self.draft.hold(self.about, HoldKind.PULL, words, until=until, unblock=unblock, person=person)

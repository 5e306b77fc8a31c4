"""Three questions for each class of missions, which find what plans usually miss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.interview.classes import MissionClass
from mission_cli.domain.interview.question import Form, Option, Question

if TYPE_CHECKING:
    from collections.abc import Mapping

CRITERION, CONSTRAINT = "criterion", "constraint"


@dataclass(frozen=True, slots=True)
class Probe:
    """A question, and what its answer becomes in the plan."""

    question: Question
    part: str
    """`criterion`: a line of the success criteria; `constraint`: one of the constraints."""


def _probe(identity: str, label: str, text: str, why: str, part: str, *options: str, form: Form = Form.TEXT) -> Probe:
    """Return a probe; its first option is recommended."""
    offered = tuple(Option(value, recommended=not at) for at, value in enumerate(options))
    return Probe(Question(identity, text, why, form, offered, label=label), part)


_PREMORTEM = _probe(
    *("premortem", "Most likely reason to fail"),
    "It is three months later, and this has failed. What was the reason?",
    "The plan puts work against the most likely reason first, and workers know of it.",
    CONSTRAINT,
    "It grew larger than the budget before anything worked",
    "It broke something that works today",
    "It was finished, but its users needed something else",
    "A library or service that it depends on did not do what was expected",
)
_JOURNEY = _probe(
    *("journey", "First user"),
    "Who uses it first, and what do they do, step by step?",
    "The first milestone makes this journey possible, and the last one is checked by it.",
    CRITERION,
    "A developer installs it, runs one command of the README, and sees the result",
    "A visitor opens the page, does the main thing once, and sees that it worked",
    "Another program calls it and gets a documented answer, or a documented error",
)
_MUST = _probe(
    *("must", "Not negotiable"),
    "What has to be true at the end, or the whole is worth nothing?",
    "It becomes a criterion of the mission, and no later change of the plan may drop it.",
    CRITERION,
    "Everything that it says it does is covered by tests that pass",
    "What works today still works the same way",
    "It answers as fast as its users expect",
    "No data of its users is lost or shown to others",
)
_ROLLBACK = _probe(
    *("rollback", "Way back"),
    "How do you go back if it goes wrong?",
    "The plan builds the way back before the step that may need it.",
    CONSTRAINT,
    "The old way stays in place until the new one has proved itself, and one switch selects it",
    "From a backup that was restored once as a test",
    "By reverting the commits; no data changes its form",
    "There is no way back: everything has to be checked before",
)
_INTEGRITY = _probe(
    *("integrity", "Data integrity"),
    "How do you know afterwards that no data was lost or changed?",
    "It becomes a criterion that a program checks after the move.",
    CRITERION,
    "Counts and checksums of both sides are equal",
    "The same tests pass against the old and the new side",
    "A sample is compared by hand",
    "No data is moved",
)
_PACE = _probe(
    *("pace", "Pace"),
    "In small steps, or all at once?",
    "It decides the milestones: each small step can be shipped alone; all at once needs one rehearsed moment.",
    CONSTRAINT,
    "Incremental: part by part, each of which works and can be shipped alone",
    "Big bang: everything is prepared, and moved in one moment",
    "Both run in parallel, and users are moved group by group",
)
_DECIDES = _probe(
    *("decides", "What decides"),
    "What decides between the options?",
    "The research compares the options by this, and by nothing else.",
    CRITERION,
    "Whether it does what we need today, shown by a small proof",
    "What it costs in a year, in money and in work",
    "How well it is kept: releases, maintainers, open problems",
    "How easily we could leave it again",
)
_DELIVERABLE = _probe(
    *("deliverable", "Deliverable"),
    "What do you hold in your hands at the end?",
    "It becomes a criterion: the mission is not done without it.",
    CRITERION,
    "A page with the decision, the options, the sources and the pitfalls",
    "A table of the options with figures that can be measured again",
    "A proof of concept that runs",
    "A plan for the next mission",
)
_TIMEBOX = _probe(
    *("timebox", "Time-box"),
    "After how many hours of work does it end, with whatever is known by then?",
    "Research has no natural end. It is the cap in hours, unless the budget has one already.",
    CONSTRAINT,
    "8 h",
    "2 h",
    "24 h",
    "unlimited",
    form=Form.HOURS,
)
_OUTAGE = _probe(
    *("outage", "Allowed outage"),
    "What may stop working while this is done, and for how long?",
    "It decides whether the plan needs a second system beside the first.",
    CONSTRAINT,
    "Nothing: it is switched over without an outage",
    "A few minutes, announced before",
    "A night or a weekend",
    "It has no users yet",
)
_NOTICED = _probe(
    *("noticed", "How a failure is noticed"),
    "How do you notice that it is broken?",
    "It becomes a criterion: a check that fails when it is broken.",
    CRITERION,
    "A check asks it every minute and reports to us",
    "The next deployment fails",
    "Its log has an error that is reported",
    "Its users tell us",
)

PROBES: Mapping[MissionClass, tuple[Probe, Probe, Probe]] = {
    MissionClass.GREENFIELD: (_PREMORTEM, _JOURNEY, _MUST),
    MissionClass.ENHANCEMENT: (_PREMORTEM, _JOURNEY, _MUST),
    MissionClass.MIGRATION: (_ROLLBACK, _INTEGRITY, _PACE),
    MissionClass.RESEARCH: (_DECIDES, _DELIVERABLE, _TIMEBOX),
    MissionClass.INFRASTRUCTURE: (_OUTAGE, _ROLLBACK, _NOTICED),
}
TIMEBOX = _TIMEBOX.question.id

"""The plan of a mission with phases: what workers find out before people decide what is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.document.plans.model import Plan, PlanFeature, PlanGate, PlanMilestone, PlanPhase
from mission_cli.domain.phases.presets import PRESETS
from mission_cli.domain.phases.proposals import REQUIREMENTS, SUGGESTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_TITLE = 80
_RESEARCH = "research"
"""The type of missions whose results are files in that folder."""
_FOLDER = "missions/ID/"
"""What stands for the folder of the mission in the criteria of a plan with phases, or of research."""
_RULE = "1 approval; 3 revisions"
_ANALYSIS = """\
Read the code, its history and the open issues, and suggest at most five features that are worth building next. A
person chooses one. The result is `research/suggestions.json`, and the reasons in `research/analysis.md`."""
_PLAN = """\
Write the requirements for what is to be built: `research/prd.json`. A person reads, changes and approves them; then
their tasks become milestones and features of this mission."""


def phased_plan(goal: str, kind: str) -> Plan:
    """Return the plan of a mission of a type that has phases. Raises KeyError for another type."""
    phases = PRESETS[kind]
    gates = [PlanGate(name=p.gate, kind="approval", rule=_RULE) for p in phases if p.gate]
    rows = [PlanPhase(name=p.name, worker=p.worker, gate=p.gate, on_reject=p.on_reject) for p in phases]
    title = one_line(goal.strip().partition("\n")[0], _LONGEST_TITLE)
    return Plan(title=title, goal=goal, type=kind, gates=gates, phases=rows, milestones=list(_milestones(kind)))


def with_folder(plan: Plan, mission: str) -> Plan:
    """Return a plan with phases, or of research, whose criteria name its folder instead of `missions/ID/`."""
    if not named_folder(plan.type, phased=bool(plan.phases)):
        return plan
    folder = f"missions/{mission}/"

    def named(texts: list[str]) -> list[str]:
        return [text.replace(_FOLDER, folder) for text in texts]

    milestones = [
        m.model_copy(
            update={
                "validation": named(m.validation),
                "features": [f.model_copy(update={"criteria": named(f.criteria)}) for f in m.features],
            }
        )
        for m in plan.milestones
    ]
    return plan.model_copy(update={"milestones": milestones})


def named_folder(kind: str, *, phased: bool) -> bool:
    """Whether `missions/ID/` in the criteria of a plan of this type is the folder of its mission."""
    return phased or kind == _RESEARCH


def _milestones(kind: str) -> Iterator[PlanMilestone]:
    """Yield the milestones that the phases of a type name, in order."""
    named = [phase.worker for phase in PRESETS[kind] if phase.worker.startswith("milestone ")]
    if len(named) > 1:
        yield _milestone("Analysis", "Analyze the repository", _ANALYSIS, SUGGESTIONS)
    yield _milestone("Plan", "Write the requirements", _PLAN, REQUIREMENTS)


def _milestone(name: str, title: str, description: str, document: str) -> PlanMilestone:
    criterion = rf"grep: `\S` in `{_FOLDER}research/{document}`"
    feature = PlanFeature(title=title, description=description, research=True, criteria=[criterion])
    return PlanMilestone(name=name, validation=[criterion], features=[feature])

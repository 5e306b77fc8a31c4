"""The tools by which an agent plans for its person. None of them is a decision of the person's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.errors import DocumentError
from mission_cli.surfaces.mcp.desk import Answer

if TYPE_CHECKING:
    from mission_cli.surfaces.mcp.desk import Desk
    from mission_cli.surfaces.mcp.given import Adding, Creating


def create(desk: Desk, given: Creating) -> Answer:
    """Make a mission from a plan (`mission new --plan`). It is not started."""
    from mission_cli.app.results.files import CreatedFromPlan
    from mission_cli.document.plans.plan import read_plan
    from mission_cli.surfaces.new_mission import Place, make_mission
    from mission_cli.wiring.host import git_person

    desk.refuse_others()
    if given.homeless:
        desk.stay_here("a mission without a repository")
    read = read_plan(given.plan.model_dump_json(exclude_unset=True))
    if read.plan is None:
        raise DocumentError.of("plan", [p for p in read.problems if p.severity == "error"])
    actor = desk.actor(git_person(desk.repo))
    place = Place(desk.repo, base=given.base, homeless=given.homeless, actor=actor)
    mission, path = make_mission(read.plan, place)
    return Answer(CreatedFromPlan(mission, path, [p for p in read.problems if p.severity == "warning"]))


def add_task(desk: Desk, given: Adding) -> Answer:
    """Add a feature to a mission (`mission add`)."""
    from mission_cli.app.commands.steer.add import add_feature
    from mission_cli.app.results.changes import AddedFeature
    from mission_cli.document.plans.model import PlanFeature

    names = given.model_fields_set & PlanFeature.model_fields.keys()
    feature = PlanFeature(**{name: getattr(given, name) for name in names})
    opened = desk.open()
    done = add_feature(opened.context, given.mission, feature, milestone=given.milestone)
    facts = AddedFeature(done.address.mission.id, done.words, done.commit or "", done.about)
    return desk.finish(opened, done, facts)

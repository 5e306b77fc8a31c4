"""The tools by which an agent plans for its person. None of them is a decision of the person's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.errors import DocumentError, UsageError
from mission_cli.surfaces.mcp.desk import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.problems import Problem
    from mission_cli.surfaces.mcp.desk import Desk
    from mission_cli.surfaces.mcp.given import Adding, Creating, Nothing, OnePlaybook


def create(desk: Desk, given: Creating) -> Answer:
    """Make a mission from a plan (`mission new --plan`). It is not started."""
    from mission_cli.app.results.files import CreatedFromPlan
    from mission_cli.surfaces.new_mission import Place, make_mission
    from mission_cli.wiring.host import git_person

    desk.refuse_others()
    if given.homeless:
        desk.stay_here("a mission without a repository")
    plan, problems = _plan(desk, given)
    actor = desk.actor(git_person(desk.repo))
    place = Place(desk.repo, base=given.base, homeless=given.homeless, actor=actor)
    mission, path = make_mission(plan, place)
    return Answer(CreatedFromPlan(mission, path, [p for p in problems if p.severity == "warning"]))


def _plan(desk: Desk, given: Creating) -> tuple[Plan, Sequence[Problem]]:
    """Return the plan that was given, or that a playbook makes, and its problems."""
    from mission_cli.app.playbooks.library import plan_by_name
    from mission_cli.document.plans.plan import read_plan
    from mission_cli.wiring.host import playbook_files

    if (given.plan is None) == (not given.playbook) or (given.values and not given.playbook):
        raise UsageError("name either `plan` or `playbook`", hint="`values` are those of a playbook")
    if given.plan is None:
        return plan_by_name(playbook_files(desk.repo), given.playbook, given.values)
    read = read_plan(given.plan.model_dump_json(exclude_unset=True))
    if read.plan is None:
        raise DocumentError.of("plan", [p for p in read.problems if p.severity == "error"])
    return read.plan, read.problems


def playbooks(desk: Desk, given: Nothing) -> Answer:
    """List playbooks (`mission playbooks list`)."""
    from mission_cli.app.playbooks.library import listed
    from mission_cli.wiring.host import playbook_files

    del given
    return Answer(listed(playbook_files(desk.repo)))


def playbook(desk: Desk, given: OnePlaybook) -> Answer:
    """Show the parameters and the plan of a playbook (`mission playbooks show`)."""
    from mission_cli.app.playbooks.library import choose_known, shown
    from mission_cli.wiring.host import playbook_files

    return Answer(shown(choose_known(playbook_files(desk.repo), given.name)))


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

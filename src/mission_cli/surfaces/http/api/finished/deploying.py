"""Operations on deployments: the same as `mission deploy`, with the user as the actor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.deciding.access import Scope
from mission_cli.surfaces.http.api.operation import Field, Operation
from mission_cli.surfaces.http.api.posting import changed, post

if TYPE_CHECKING:
    from mission_cli.app.results.changes import Changed
    from mission_cli.surfaces.http.api.operation import Call


def _deploy(call: Call) -> Changed:
    from mission_cli.app.deploys.commands import deploy, to_deploy

    wanted = to_deploy(call.ctx, call.mission, call.get("target"), call.get("commit"))
    return changed(deploy(call.ctx, wanted))


def _roll_back(call: Call) -> Changed:
    from mission_cli.app.deploys.commands import roll_back

    return changed(roll_back(call.ctx, call.mission, call.get("target")))


def _drop(call: Call) -> Changed:
    from mission_cli.app.deploys.commands import drop

    return changed(drop(call.ctx, call.mission, call.get("target")))


def operations() -> tuple[Operation, ...]:
    """Return them. Deploying approves a deployment to production, so it needs the same scope as landing."""
    one, approve = "/missions/{id}/deployments", Scope.APPROVE
    target = Field("target", "a [deploy.NAME] table of the settings; default: the one of the mission")
    commit = Field("commit", "a commit other than the finished work")
    return (
        post("deploy_mission", one, "Deploy the finished work to a target.", approve, _deploy, target, commit),
        post("roll_back_deployment", f"{one}/rollback", "Take back what is live.", approve, _roll_back, target),
        post("drop_deployment", f"{one}/drop", "Drop what is planned, or has failed.", Scope.MANAGE, _drop, target),
    )

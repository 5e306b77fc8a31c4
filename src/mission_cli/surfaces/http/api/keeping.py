"""Operations on mails, the archive, and everything in a repository at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.app.mail.decide import MailDeed, decide_mail
from mission_cli.app.results.changes import AllStopped, Changed, StopLifted
from mission_cli.domain.deciding.access import Scope
from mission_cli.surfaces.http.api.operation import Field, Operation
from mission_cli.surfaces.http.api.posting import REASON, changed, post

if TYPE_CHECKING:
    from mission_cli.surfaces.http.api.operation import Call, Everything


def _mail(call: Call) -> Changed:
    deed = MailDeed(call.get("decision"))
    return changed(decide_mail(call.ctx, call.mission, call.get("number"), deed, reason=call.get("reason")))


def _archive(call: Call) -> Changed:
    from mission_cli.app.commands.steer.archive import archive

    return changed(archive(call.ctx, call.mission, reason=call.get("reason")))


def _restore(call: Call) -> Changed:
    from mission_cli.app.commands.steer.archive import restore

    return changed(restore(call.ctx, call.mission, reason=call.get("reason")))


def _discard(call: Call) -> Changed:
    from mission_cli.app.commands.steer.archive import discard

    return changed(discard(call.ctx, call.mission, reason=call.get("reason")))


def _stop(everything: Everything) -> AllStopped:
    from mission_cli.app.pulses.stop import stop_all

    ctx = everything.only()
    return stop_all(ctx.runtime, ctx.executor, ctx.person().name)


def _lift(everything: Everything) -> StopLifted:
    from mission_cli.app.pulses.stop import lift_stop

    ctx = everything.only()
    was = lift_stop(ctx.runtime)
    ctx.again()
    return StopLifted(was)


def operations() -> tuple[Operation, ...]:
    """Return them."""
    one, manage = "/missions/{id}", Scope.MANAGE
    repo = Field("repo", "the repository, if the server has several")
    decision = Field("decision", "what becomes of it", required=True, choices=tuple(MailDeed))
    return (
        post("decide_mail", f"{one}/mails/{{number}}", "Decide about a mail.", Scope.APPROVE, _mail, decision, REASON),
        post("archive_mission", f"{one}/archive", "Hide it; nothing is deleted.", manage, _archive, REASON),
        Operation(
            *("delete_mission", "DELETE", one, "Cancel it and hide it; files and commits stay.", manage, Changed),
            act=_discard,
            body=(REASON,),
        ),
        post("restore_mission", f"{one}/restore", "Take it out of the archive.", manage, _restore, REASON),
        Operation(
            *("stop_all", "POST", "/stop", "Stop everything in a repository at once.", manage, AllStopped, None, _stop),
            body=(repo,),
        ),
        Operation(
            *("lift_stop", "POST", "/resume", "Lift STOP in a repository.", manage, StopLifted, None, _lift),
            body=(repo,),
        ),
    )

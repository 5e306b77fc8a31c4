"""The commands that steer a mission: change its plan, pause it or stop it. The latter work with invalid settings."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mission_cli.domain.errors import UsageError
from mission_cli.domain.notice import do
from mission_cli.surfaces.cli.commands.lifecycle import finish, pulse_and_tell
from mission_cli.surfaces.cli.shell import Identity, Reason, Shell, Thing, Until, Yes, command
from mission_cli.surfaces.plain import stop_everything, why_ask_before_stop

if TYPE_CHECKING:
    from mission_cli.document.plans.model import PlanFeature

_Mission = Annotated[str, typer.Argument(metavar="ID", help="The mission; a prefix is enough.")]
_Title = Annotated[str, typer.Argument(metavar="TITLE", help="What is built.")]
_Criterion = Annotated[
    list[str] | None, typer.Option("--criterion", help="How it is checked, for example 'run: pytest -q'; repeatable.")
]
_Estimate = Annotated[str, typer.Option("--estimate", help="For example 2h.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "set", help="Set one value of a mission's front matter, for example a cap.")(set_value)
    command(app, "add", help="Add a feature to a mission, even while it runs.")(add)
    command(app, "add-milestone", help="Add a milestone after the last one.")(add_milestone)
    command(app, "move", help="Move a feature that has not started to another milestone; references follow.")(move)
    command(app, "sync", help="Merge the base branch into the work of a running mission now.")(sync)
    command(app, "tell", help="Tell the worker of a feature something; the next attempt reads it.")(tell)
    command(app, "note", help="Record in the journal what happened or was said.")(note)
    command(app, "ask", help="Ask a person something; a feature waits for the answer.")(ask)
    command(app, "signal", help="Report that the external event that a feature waits for has happened.")(signal)
    command(app, "mail", help="List the mails of a mission, show one, or decide about it.")(mail)
    command(app, "hold-out", help="Add a criterion that no worker sees, or list those of a mission.")(hold_out)
    command(app, "edit", help="Edit the mission file; the text is checked, merged and committed in your name.")(edit)
    command(app, "pause", help="Start nothing new; running workers finish.")(pause)
    command(app, "resume", help="Continue after a pause.")(resume)
    command(app, "archive", help="Hide a mission that is no longer needed; nothing is deleted.")(archive)
    command(app, "cancel", help="End the mission; workers are stopped, their work is kept.")(cancel)
    command(app, "stop", help="Stop everything in this repository at once.")(stop)


def set_value(
    shell: Shell,
    mission: _Mission,
    key: Annotated[str, typer.Argument(metavar="KEY", help="Dotted name, for example budget.money_usd.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The new value; an empty one unsets the key.")],
    yes: Yes = False,
) -> int:
    """Set one value; ask first if the mission may then use or do more than before."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.commands import set_value as setting
    from mission_cli.app.commands.steer.quarantine import concerns_quarantine, lift
    from mission_cli.app.given import moment

    opened = shell.open()
    if concerns_quarantine(key):
        return finish(shell, opened, lift(opened.context, mission, key, value))
    if value.strip() and key in {"deadline", "end_date"}:
        value = moment(key, value, opened.context.clock.now())
    wanted = setting.setting(resolve(opened.context.state.snapshot(), mission), key, value)
    if wanted.wider and not shell.agreed(f"`{wanted.key}` {wanted.wider}", yes=yes, question="Set it?"):
        return 0
    return finish(shell, opened, setting.set_value(opened.context, mission, key, value))


def add(
    shell: Shell,
    mission: Annotated[str, typer.Argument(metavar="ID", help="The mission, or ID/2 for its second milestone.")],
    title: _Title,
    milestone: Annotated[
        int | None, typer.Option("--milestone", help="Number of the milestone; default: the first unfinished one.")
    ] = None,
    criterion: _Criterion = None,
    depends: Annotated[
        list[str] | None, typer.Option("--depends", help="A feature that has to be done first, N.M; repeatable.")
    ] = None,
    estimate: _Estimate = "",
    description: Annotated[str, typer.Option("--description", help="What the worker has to know.")] = "",
    research: Annotated[bool, typer.Option("--research", help="Its result is its findings, not code.")] = False,
    topic: Annotated[
        str, typer.Option("--topic", help="What it finds out: its result is the document research/TOPIC.md.")
    ] = "",
    on: Annotated[
        list[str] | None, typer.Option("--on", help="What its machine has to offer: a label or a host; repeatable.")
    ] = None,
) -> int:
    """Add a feature."""
    from mission_cli.app.commands.steer.add import add_feature
    from mission_cli.app.results.changes import AddedFeature

    more = {"depends": depends, "estimate": estimate, "description": description, "on": on}
    feature = _feature(title, criterion, research=research, topic=topic, **more)
    opened = shell.open()
    done = add_feature(opened.context, mission, feature, milestone=milestone)
    facts = AddedFeature(done.address.mission.id, done.words, done.commit or "", done.about)
    return finish(shell, opened, done, facts=facts)


def add_milestone(
    shell: Shell,
    mission: _Mission,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What is reached with it.")],
    criterion: _Criterion = None,
    estimate: _Estimate = "",
    feature: Annotated[
        list[str] | None, typer.Option("--feature", help="Title of a feature in it; repeatable.")
    ] = None,
) -> int:
    """Add a milestone."""
    from mission_cli.app.commands.steer import add as adding
    from mission_cli.app.results.changes import AddedMilestone

    opened = shell.open()
    features = [_feature(title, None) for title in feature or ()]
    done = adding.add_milestone(
        opened.context, mission, name, estimate=estimate, criteria=criterion or (), features=features
    )
    facts = AddedMilestone(done.address.mission.id, done.words, done.commit or "", int(done.about))
    return finish(shell, opened, done, facts=facts)


def move(
    shell: Shell, feature: Thing, to: Annotated[int, typer.Option("--to", help="Number of the other milestone.")]
) -> int:
    """Move a feature to another milestone."""
    from mission_cli.app.commands.steer.move import move as moving
    from mission_cli.app.results.changes import MovedFeature

    opened = shell.open()
    done = moving(opened.context, feature, to)
    was = done.address.feature or ""
    facts = MovedFeature(done.address.mission.id, done.words, done.commit or "", was, done.about)
    return finish(shell, opened, done, facts=facts)


def sync(shell: Shell, mission: _Mission = "") -> int:
    """Merge the base branch into the work of a mission."""
    from mission_cli.app.commands.steer.sync import sync as merge_base

    opened = shell.open()
    return finish(shell, opened, merge_base(opened.context, mission))


def tell(
    shell: Shell,
    feature: Thing,
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="What the worker should know.")],
) -> int:
    """Tell the worker of a feature something."""
    from mission_cli.app.commands.steer.tell import tell as telling

    opened = shell.open()
    return finish(shell, opened, telling(opened.context, feature, message))


def note(
    shell: Shell,
    about: Annotated[str, typer.Argument(metavar="ID[/N.M]", help="The mission, or one of its features.")],
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="What happened, or was said.")],
    kind: Annotated[
        str, typer.Option(help="user_message, agent_message, external_event or progress.")
    ] = "user_message",
) -> int:
    """Note something in the journal of a mission."""
    from mission_cli.app.commands.steer.tell import note as noting

    opened = shell.open()
    return finish(shell, opened, noting(opened.context, about, message, kind=kind))


def ask(
    shell: Shell,
    about: Annotated[str, typer.Argument(metavar="ID[/N.M]", help="The mission, or the feature that waits.")],
    prompt: Annotated[str, typer.Argument(metavar="QUESTION")],
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="LABEL[=MEANING]", help="A possible answer; repeatable. None: any text."),
    ] = None,
    free_text: Annotated[bool, typer.Option("--free-text", help="Any other text is an answer, too.")] = False,
    urgency: Annotated[str, typer.Option(help="low, normal, high or urgent.")] = "normal",
    expires: Annotated[str, typer.Option(help="For example 2h; default: `request_lifetime` of the settings.")] = "",
    context: Annotated[
        str, typer.Option(metavar="FILE", help="A JSON file with background information; `-` reads standard input.")
    ] = "",
) -> int:
    """Ask a question about a mission or a feature."""
    from mission_cli.app.commands.steer import ask as asking
    from mission_cli.app.results.changes import AskedQuestion
    from mission_cli.surfaces.cli.commands.transfer import given_file

    told = given_file(context) if context else None
    opened = shell.open()
    given = asking.Given(prompt, option or (), free_text, urgency, expires, told)
    done = asking.ask(opened.context, about, given)
    facts = AskedQuestion(done.address.mission.id, done.words, done.commit or "", int(done.about))
    return finish(shell, opened, done, facts=facts)


def signal(
    shell: Shell,
    feature: Thing,
    data: Annotated[
        str | None,
        typer.Option(metavar="JSON", help="Data of the event, for the worker; `-` reads standard input."),
    ] = None,
    event: Annotated[str, typer.Option(help="The event, as under `Waiting for`; default: all of the feature.")] = "",
    reason: Reason = "",
) -> int:
    """Report that the event that a feature waits for has happened."""
    from mission_cli.app.commands import signal as signals

    told = signals.data_from(sys.stdin.buffer) if data == "-" else data
    opened = shell.open()
    return finish(shell, opened, signals.signal(opened.context, feature, reason=reason, data=told, event=event))


def mail(
    shell: Shell,
    mission: Identity = "",
    number: Annotated[int, typer.Argument(metavar="[NUMBER]", help="The mail; none: list them.")] = 0,
    approve: Annotated[bool, typer.Option("--approve", help="Send this draft.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="Do not send it.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Send it again, even though it may have arrived.")] = False,
    sent: Annotated[bool, typer.Option("--sent", help="Mark an unsure mail as sent.")] = False,
    reason: Reason = "",
) -> int:
    """List the mails of a mission, show one with its replies, or decide about it."""
    from mission_cli.app.mail.decide import MailDeed, decide_mail
    from mission_cli.app.mail.shown import mails_of
    from mission_cli.surfaces.views.mail.mails import mail_lines

    chosen = [deed for deed, on in zip(MailDeed, (approve, reject, again, sent), strict=True) if on]
    if not chosen:
        found = mails_of(shell.look().context, mission, number)
        shell.draw(lambda _: mail_lines(found, whole=bool(number)), found, long=bool(number))
        return 0
    if len(chosen) > 1 or not number:
        raise UsageError("decide one thing about one mail", hint=do("mail", mission or "ID", "NUMBER", "--approve"))
    opened = shell.open()
    return finish(shell, opened, decide_mail(opened.context, mission, number, chosen[0], reason=reason))


def hold_out(
    shell: Shell,
    mission: _Mission,
    criterion: Annotated[
        str, typer.Argument(metavar="[CRITERION]", help="For example 'run: pytest -q tests/hidden'; none: list them.")
    ] = "",
    milestone: Annotated[
        int | None, typer.Option("--milestone", help="Number of the milestone; default: the last one.")
    ] = None,
) -> int:
    """Seal a criterion into the mission file, or list the sealed ones."""
    from mission_cli.app.commands.steer import hold_out as holding

    opened = shell.open()
    if criterion:
        return finish(shell, opened, holding.hold_out(opened.context, mission, criterion, milestone))
    found = holding.held_out(opened.context, mission)
    lines = [
        f"{one.number}  milestone {one.milestone}  {one.text or 'sealed with another key'}  {one.results}".rstrip()
        for one in found.criteria
    ]
    shell.show("\n".join(lines) or f"{found.id} has no held-out criterion", found)
    return 0


def edit(shell: Shell, mission: Identity = "") -> int:
    """Edit a copy of the mission file, merge it with what was committed meanwhile, and commit it."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.results.changes import Edited
    from mission_cli.engine.loop import pulse
    from mission_cli.surfaces.cli.mission_edit import MissionEdit

    opened = shell.open()
    stored = resolve(opened.context.state.snapshot(), mission).stored
    done = MissionEdit(shell, opened.context, stored).run()
    if done is not None:
        pulse(opened.context, [stored.id])
        shell.say(done.words, Edited(stored.id, done.commit or ""))
    return 0


def pause(
    shell: Shell,
    mission: Identity = "",
    reason: Reason = "",
    now: Annotated[bool, typer.Option("--now", help="Also stop running workers; their work is kept.")] = False,
) -> int:
    """Pause a mission: start nothing new."""
    from mission_cli.app.commands import features

    opened = shell.open_at_any_rate()
    return finish(shell, opened, features.pause(opened.context, mission, reason=reason, now=now), only=True)


def resume(
    shell: Shell,
    mission: Identity = "",
    reason: Reason = "",
    until: Until = "",
    everywhere: Annotated[bool, typer.Option("--all", help="Lift STOP in this repository.")] = False,
) -> int:
    """Continue a paused mission, or lift STOP with --all."""
    from mission_cli.app.commands import features

    if everywhere:
        return _lift(shell)
    opened = shell.open()
    return finish(shell, opened, features.resume(opened.context, mission, reason=reason, until=until))


def archive(
    shell: Shell,
    mission: Identity = "",
    restored: Annotated[bool, typer.Option("--restore", help="Take it out of the archive.")] = False,
    reason: Reason = "",
) -> int:
    """Archive a mission, or take it out of the archive."""
    from mission_cli.app.commands.steer.archive import archive as archiving
    from mission_cli.app.commands.steer.archive import restore

    opened = shell.open()
    return finish(shell, opened, (restore if restored else archiving)(opened.context, mission, reason=reason))


def cancel(shell: Shell, mission: Identity = "", reason: Reason = "", yes: Yes = False) -> int:
    """End the mission."""
    from mission_cli.app.commands import features
    from mission_cli.app.queries.before.consequences import of_cancel

    opened = shell.open_at_any_rate()
    if not shell.consents(of_cancel(opened.state, opened.executor.running(), mission), yes=yes):
        return 0
    return finish(shell, opened, features.cancel(opened.context, mission, reason=reason), only=True)


def stop(
    shell: Shell,
    everything: Annotated[
        bool, typer.Option("--all", help="Required; confirms that every mission of this repository is stopped.")
    ] = False,
    yes: Yes = False,
) -> int:
    """Set STOP and end all jobs; ask first on a terminal if several missions are under way.

    Needs no settings, no mission file and no free space on the disk.
    """
    if not everything:
        raise UsageError(
            "`stop` stops every mission of this repository",
            hint="mission stop --all; for one mission: mission pause ID --now",
        )
    meant = why_ask_before_stop(shell.repo) if shell.interactive and not yes else None
    if shell.consents(meant, yes=yes, question="Stop?"):
        shell.say(*stop_everything(shell.repo))
    return 0


def _feature(title: str, criteria: list[str] | None, **more: Any) -> PlanFeature:
    from mission_cli.document.plans.model import PlanFeature

    if not title.strip():
        raise UsageError("the title of a feature is empty", hint="name what is built")
    given = {name: value for name, value in more.items() if value}
    return PlanFeature(title=title, criteria=criteria or [], **given)


def _lift(shell: Shell) -> int:
    """Lift STOP, and run a pulse if the settings are valid."""
    from mission_cli.app.pulses.stop import lift_stop
    from mission_cli.app.results.changes import StopLifted
    from mission_cli.wiring.emergency import open_brake

    was = lift_stop(open_brake(shell.repo).runtime)
    opened = shell.open_at_any_rate()
    if not opened.problems:
        pulse_and_tell(shell, opened)
    shell.say("STOP is lifted" if was else "STOP was not set", StopLifted(was))
    return 0

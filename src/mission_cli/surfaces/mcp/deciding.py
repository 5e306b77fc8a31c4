"""The tools that carry out a decision of a person: the person is asked first, unless the settings trust the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted
from mission_cli.app.addressing import resolve
from mission_cli.domain.budget.amounts import CATEGORIES, show_amount
from mission_cli.domain.deciding.access import Scope
from mission_cli.domain.errors import BlockedError, UsageError
from mission_cli.domain.notice import do
from mission_cli.surfaces.mcp.asking import COMMENT
from mission_cli.surfaces.mcp.desk import Answer, Question
from mission_cli.surfaces.mcp.looking import briefing
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from mission_cli.surfaces.mcp.desk import Desk
    from mission_cli.surfaces.mcp.given import Approving, Completing, Resuming, Starting, Updating, UpdatingTask
    from mission_cli.wiring.opened import Opened

FREE_KEYS = frozenset({"priority", "type"})
"""Keys of the front matter that an agent may set; all others change what is built, or what it may cost."""


def start(desk: Desk, given: Starting) -> Answer:
    """Start a mission (`mission start`), after the person has seen what it may cost."""
    from mission_cli.app.commands import lifecycle
    from mission_cli.app.commands.start_checks import on_base, refuse_start, weak_points
    from mission_cli.app.queries.outlook import outlook
    from mission_cli.app.results.changes import Started
    from mission_cli.engine.loop import pulse
    from mission_cli.surfaces.views.consent import kept_words

    opened = desk.open()
    base = given.base
    address = resolve(opened.context.state.snapshot(), given.mission)
    if not base and not address.mission.base:
        base = opened.default_base()
    address = on_base(address, base)
    refuse_start(opened.context, address)
    mission = address.mission
    weak, ahead = weak_points(opened.context, address), outlook(opened.context, mission)
    features = counted(sum(not f.finished for f in mission.features()), "unfinished task")
    limits = mission.limits
    amounts = (show_amount(name, cap) for name in CATEGORIES if (cap := getattr(limits, name)) is not None)
    caps = ", ".join([*amounts, *(f"unlimited {name}" for name in sorted(limits.unlimited))])
    text = f"Start {mission.id} ({clean(mission.title)})? {features}; it may use at most: {caps}."
    opened = desk.confirm(opened, text, do("start", mission.id), state=address.stored.text)
    lifecycle.start(opened.context, mission.id, scheduled=given.scheduled, base=base)
    pulse(opened.context)
    after = resolve(opened.context.state.snapshot(), mission.id).mission
    status = str(after.status) if given.scheduled else "active"
    return Answer(Started(after.id, status, weak, kept_words(address.loaded), ahead))


def resume(desk: Desk, given: Resuming) -> Answer:
    """Return what a new conversation needs to know (`mission context`), and continue a paused mission if asked."""
    if given.unpause:
        unpause(desk, given.mission)
    return briefing(desk, given)


def unpause(desk: Desk, mission: str, reason: str = "") -> Answer:
    """Continue a paused mission (`mission resume`)."""
    from mission_cli.app.commands import features

    opened, found, title = _mission(desk, mission)
    opened = desk.confirm(opened, f"Continue {title}?", do("resume", found))
    return desk.finish(opened, features.resume(opened.context, found, reason=reason))


def cancel(desk: Desk, given: Updating) -> Answer:
    """End a mission (`mission cancel`)."""
    from mission_cli.app.commands import features

    opened, found, title = _mission(desk, given.mission, at_any_rate=True)
    text = f"Cancel {title}? Running workers are stopped; their work is kept."
    opened = desk.confirm(opened, text, do("cancel", found))
    return desk.finish(opened, features.cancel(opened.context, found, reason=given.reason), only=True)


def set_value(desk: Desk, given: Updating) -> Answer:
    """Set one value of the front matter (`mission set`); the person decides, unless it is harmless."""
    from mission_cli.app.commands import set_value as setting
    from mission_cli.app.given import moment

    opened = desk.open()
    value = given.value
    if value and given.key == "deadline":
        value = moment("deadline", value, opened.context.clock.now())
    address = resolve(opened.context.state.snapshot(), given.mission)
    wanted = setting.setting(address, given.key, value)
    found = address.mission.id
    if wanted.key not in FREE_KEYS:
        wider = f" `{wanted.key}` {wanted.wider}." if wanted.wider else ""
        text = f"Change {found} ({clean(address.mission.title)})? {clean(wanted.words)}.{wider}"
        opened = desk.confirm(opened, text, do("set", found, wanted.key, value))
    return desk.finish(opened, setting.set_value(opened.context, found, given.key, value))


def retry_or_skip(desk: Desk, given: UpdatingTask) -> Answer:
    """Try a task again, or continue without it (`mission retry`, `mission skip`)."""
    from mission_cli.app.commands import features

    opened = desk.open()
    address = resolve(opened.context.state.snapshot(), given.task)
    feature = address.need_feature()
    where, title = f"{address.mission.id}/{feature.number}", clean(feature.title)
    if given.status == "pending":
        opened = desk.confirm(opened, f"Try {where} ({title}) again?", do("retry", where))
        return desk.finish(opened, features.retry(opened.context, where, reason=given.reason))
    if not given.reason.strip():
        raise UsageError("a reason is needed to skip a task", hint="give `reason`; it is recorded in the Decision Log")
    text = f"Continue without {where} ({title})? Reason: {clean(given.reason)}"
    opened = desk.confirm(opened, text, do("skip", where, "--reason", given.reason))
    return desk.finish(opened, features.skip(opened.context, where, reason=given.reason))


def approve(desk: Desk, given: Approving) -> Answer:
    """Approve or reject a gate (`mission approve`, `mission reject`): as the person says, for what they were shown."""
    from mission_cli.app.commands import gates
    from mission_cli.app.commands.phases.decide import at_gate

    opened = desk.open(scope=Scope.APPROVE)
    address = resolve(opened.context.state.snapshot(), given.mission)
    mission, gate = address.mission, at_gate(opened.context, address, given.gate)
    about = f"\n{clean(gate.message)}" if gate.message else ""
    what = f"The document research/{clean(gate.document)}" if gate.document else "The work"
    at = f" {what} is at {gate.saw[:7]}." if gate.saw else ""
    choice = {"type": "string", "title": "Your decision", "enum": ["approve", "reject"]}
    question = Question(
        f"Decide the gate `{clean(gate.name)}` of {mission.id} ({clean(mission.title)}).{at}{about}",
        {"decision": choice, "comment": COMMENT},
        f"{gate.saw} {gate.state}",
    )
    command = do("approve" if given.approved else "reject", mission.id, gate.name)
    said = desk.decide(opened.context, question, command)
    opened = desk.decided(opened)
    done = gates.decide_gate(
        opened.context,
        mission.id,
        gate.name,
        approved=said.get("decision", "approve" if given.approved else "reject") == "approve",
        comment=str(said.get("comment") or "") if said else given.comment,
        saw=gate.saw,
    )
    return desk.finish(opened, done)


def complete(desk: Desk, given: Completing) -> Answer:
    """Bring the finished work to the base branch (`mission land`)."""
    from mission_cli.app import pull_requests
    from mission_cli.app.commands import gates
    from mission_cli.app.pulses.after import follow_landing
    from mission_cli.app.queries.before.landing import landing_preview

    opened = desk.open(scope=Scope.APPROVE)
    if pull_requests.proposes(opened.context, given.mission):
        raise BlockedError("the forge merges the pull requests of this mission", hint=do("land", given.mission))
    preview = landing_preview(opened.context, given.mission, squash=given.squash)
    what = f"Land {counted(len(preview.features), 'feature')} of {preview.id} on {preview.base}?"
    opened = desk.confirm(opened, what, do("land", preview.id), state=f"{preview.work} {given.squash}")
    ctx = opened.context
    done = gates.land(ctx, preview.id, squash=given.squash)
    return Answer(follow_landing(ctx, done, settings_valid=not opened.problems).result)


def _mission(desk: Desk, name: str, *, at_any_rate: bool = False) -> tuple[Opened, str, str]:
    """Return the repository, the id of a mission, and its id with its title for a question."""
    opened = desk.open(at_any_rate=at_any_rate)
    mission = resolve(opened.context.state.snapshot(), name).mission
    return opened, mission.id, f"{mission.id} ({clean(mission.title)})"

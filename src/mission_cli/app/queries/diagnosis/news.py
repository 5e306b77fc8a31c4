"""Whether notifications can be sent: for `status`, cheaply, and for `doctor`. No text contains the URL of a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.shown import moment
from mission_cli._support.text import counted, parse_stamp
from mission_cli.domain.news.rules import nameless
from mission_cli.domain.notice import Finding, doubtful, fine, wrong
from mission_cli.domain.problems import Problem, Severity
from mission_cli.engine.news.outbox import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.news.outbox import Failing
    from mission_cli.engine.context import Context

SUBJECT = "notifications"
INSTALL = "pip install apprise"


def news_findings(ctx: Context, *, thorough: bool = False) -> list[Finding]:
    """Return what keeps notifications from being sent; `thorough` also checks addresses and templates."""
    if not ctx.settings.notifications:
        return []
    found = [*_obstacle(ctx), *_channels(ctx, thorough=thorough)]
    if found or not thorough:
        return found
    rules = ctx.settings.notifications.values()
    channels = counted(sum(len(rule.channels) for rule in rules), "channel")
    return [fine(SUBJECT, f"{counted(len(rules), 'rule')}, {channels}")]


def name_problems(ctx: Context, loaded: Loaded) -> Iterator[Problem]:
    """Yield a warning for each name in `notify` and on gates that nothing acts on: no rule has it, and no command."""
    if ctx.settings.notify:
        return
    rules, mission = [*ctx.settings.notifications], loaded.mission
    places = [(name, loaded.layout.front.line_of("notify")) for name in mission.notify]
    places += [(name, gate.line) for gate in mission.gates for name in gate.recipients]
    places += [(name, feature.line) for feature in mission.features() for name in feature.notify]
    unknown = set(nameless([name for name, _ in places], rules))
    for name, line in places:
        if name in unknown:
            hint = f"rules are: {', '.join(rules)}" if rules else "add a table [notifications.NAME] to .mission.toml"
            words = f"no one is notified as `{name}`: no rule has this name, and the setting `notify` is empty"
            yield Problem(line, 1, words, hint, Severity.WARNING)


def _obstacle(ctx: Context) -> Iterator[Finding]:
    obstacle = ctx.messenger.obstacle()
    if obstacle:
        kept = len({p.message.id for p in ctx.runtime.outbox().parcels})
        waiting = f"; {counted(kept, 'message')} waiting" if kept else ""
        yield wrong(SUBJECT, f"nothing is sent: {obstacle}{waiting}", INSTALL)


def _channels(ctx: Context, *, thorough: bool) -> Iterator[Finding]:
    box = ctx.runtime.outbox()
    failing = {(f.rule, f.channel): f for f in box.failing}
    for name, rule in ctx.settings.notifications.items():
        for number, channel in enumerate(rule.channels, 1):
            of = f"rule `{name}`, channel {number}" if len(rule.channels) > 1 else f"rule `{name}`"
            problem = ctx.messenger.problem(channel) if thorough else ctx.messenger.unset(channel)
            if problem:
                yield wrong(
                    SUBJECT, f"{of}: {problem}", f"correct `channels` in [notifications.{name}] or the key file"
                )
            elif found := failing.get((name, key_of(channel))):
                lost = box.left_out(name, key_of(channel))
                left = f"; {counted(lost, 'older message')} left out" if lost else ""
                words = f"{of}: {_failure(ctx, found)}{left}"
                yield doubtful(SUBJECT, words, "check the service, and the address of the channel")
        bad = ctx.messenger.bad_template(rule.template) if rule.template and thorough else ""
        if bad:
            yield doubtful(SUBJECT, f"rule `{name}`: {bad}; messages are one sentence each", "correct `template`")


def _failure(ctx: Context, found: Failing) -> str:
    again, now = parse_stamp(found.again), ctx.clock.now()
    when = "at the next pulse" if again is None or again <= now else f"at {moment(again, now)}"
    tries = "1 try" if found.tries == 1 else f"{found.tries} tries"
    return f"{found.reason} ({tries}); the next try is {when}"

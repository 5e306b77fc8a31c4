"""What is wrong with hosts: for `mission doctor`, for `mission lint` and before a start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted, did_you_mean
from mission_cli.domain.hosts.host import HERE
from mission_cli.domain.hosts.look import usable
from mission_cli.domain.notice import advise, do, doubtful, fine
from mission_cli.domain.problems import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.hosts.look import HostLook
    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.notice import Finding
    from mission_cli.engine.context import Context

_MOST_SKEW_S = 120.0


def host_findings(ctx: Context) -> list[Finding]:
    """Return what is known of each host, without asking any."""
    return [_finding(look) for look in ctx.hosts.looks()]


def _finding(look: HostLook) -> Finding:
    subject, test = f"host {look.name}", do("hosts", "test", look.name)
    if look.problem:
        return doubtful(subject, f"it cannot be reached since {look.since}: {look.problem}", test)
    if look.drained:
        return doubtful(subject, "it is drained: nothing new starts there", do("hosts", "drain", look.name, "--undo"))
    if not look.checked:
        return doubtful(subject, "it was never tested", test)
    if abs(look.skew_s) > _MOST_SKEW_S:
        way = "ahead of" if look.skew_s > 0 else "behind"
        words = f"its clock is {abs(look.skew_s):.0f} s {way} this machine's: times in its logs differ"
        return doubtful(subject, words, advise("set the clock there"))
    return fine(subject, f"{counted(look.running, 'attempt')} of {look.workers}; asked {look.checked}")


def host_problems(ctx: Context, loaded: Loaded) -> Iterator[Problem]:
    """Yield a warning for everything in a mission file about hosts that fits none, or that fits but is never used."""
    looks, mission = ctx.hosts.looks(), loaded.mission
    names = [look.name for look in looks]
    line = loaded.layout.front.line_of("preferences", "hosts")
    for name in mission.preferences.hosts:
        if name != HERE and name not in names:
            hint = did_you_mean(name, [HERE, *names], str(do("hosts", "add", name, "me@machine")))
            yield Problem(line, 1, f"there is no host `{name}`", hint, Severity.WARNING)
    for feature in mission.features():
        words = why_nowhere(mission, feature, looks)
        if words and not feature.finished:
            yield Problem(feature.line, 1, f"{feature.number} runs nowhere: {words}", _hint(looks), Severity.WARNING)


def why_nowhere(mission: Mission, feature: Feature, looks: Sequence[HostLook]) -> str:
    """Return why no machine will ever take a feature as the settings are now, or the empty string."""
    if not feature.on:
        return "" if _usable(mission, looks) or _here(mission) else "none of the hosts of the mission is configured"
    if _here(mission) and set(feature.on) == {HERE}:
        return ""
    fit = [look for look in looks if all(map(look.offers, feature.on))]
    wanted = ", ".join(f"`{one}`" for one in feature.on)
    if not fit:
        return f"no host offers {wanted}"
    if _usable(mission, fit):
        return ""
    if mission.poc and not mission.preferences.hosts:
        return "a POC uses only hosts that `preferences.hosts` names"
    return f"`preferences.hosts` names no host that offers {wanted}"


def _here(mission: Mission) -> bool:
    return not mission.preferences.hosts or HERE in mission.preferences.hosts


def _usable(mission: Mission, looks: Sequence[HostLook]) -> list[HostLook]:
    return usable(looks, mission.preferences.hosts, poc=mission.poc)


def _hint(looks: Sequence[HostLook]) -> str:
    known = sorted({word for look in looks for word in (look.name, *look.labels)})
    return f"hosts offer {', '.join(known)}" if known else str(do("hosts", "add", "NAME", "me@machine"))

"""What `mission hosts` prints, as text."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mission_cli._support.text import counted, parse_stamp, show_bytes, show_duration
from mission_cli.domain.notice import do
from mission_cli.surfaces.lines import columns, line, plain, said

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mission_cli.app.hosts.results import CleanedHost, CleanedPart, DrainedHost, HostList, HostShown, TestedHost

_SKEW_WORTH_A_LINE_S = 5
HEADS = ("NAME", "KIND", "WHERE", "RUNNING", "FREE", "LABELS", "STATE")


def listed_text(found: HostList, now: datetime) -> str:
    """Return a table of hosts, with the problem of one that cannot be reached below it."""
    if not found.hosts:
        add = do("hosts", "add", "NAME", "me@machine")
        return f"there are no hosts: every attempt runs on this machine\n  {add}"
    rows = [HEADS, *(_row(one, now) for one in found.hosts)]
    table = [
        text.rstrip() for text in plain(columns([[line(said(cell)) for cell in row] for row in rows])).splitlines()
    ]
    lines = [table[0]]
    for one, row in zip(found.hosts, table[1:], strict=True):
        lines += [row, *([f"  {said(one.problem)}: {do('hosts', 'test', one.name)}"] if one.problem else [])]
        lines += [f"  {clock_words(one.skew_s)}"] if abs(one.skew_s) > _SKEW_WORTH_A_LINE_S else []
    return "\n".join(lines)


def clock_words(skew_s: float) -> str:
    """Return how far the clock of a host differs from this machine's."""
    return f"its clock is {show_duration(timedelta(seconds=abs(skew_s)))} {'ahead' if skew_s > 0 else 'behind'}"


def _row(one: HostShown, now: datetime) -> Sequence[str]:
    since = parse_stamp(one.since)
    age = f" for {show_duration(now - since)}" if since is not None and since <= now and one.state != "drained" else ""
    running = f"{one.running} of {one.workers}"
    return one.name, one.kind, one.where or "–", running, str(one.free), ", ".join(one.labels) or "–", one.state + age


def tested_text(found: Sequence[TestedHost]) -> str:
    """Return one line for each finding, and what to do below those that failed."""
    lines: list[str] = []
    for host in found:
        lines.append(f"{host.name}: {'ready' if host.ok else 'not ready'}")
        width = max((len(part.name) for part in host.findings), default=0)
        for part in host.findings:
            lines.append(f"  {'ok  ' if part.ok else 'FAIL'}  {said(part.name):{width}}  {said(part.words)}".rstrip())
            lines += [f"        {' ' * width}{said(part.hint)}"] if part.hint and not part.ok else []
    return "\n".join(lines) or "there are no hosts to test"


def cleaned_text(done: CleanedHost) -> str:
    """Return one line for each thing that goes or stays, and what to do about one that stays below it."""
    goes = "would remove" if done.dry_run else "removed"
    lines = [f"{goes} {_thing(one)}" for one in done.removed]
    for one in done.kept:
        lines += [f"kept {_thing(one)}", f"  {said(one.why)}"]
    return "\n".join(lines) or f"nothing of mission is on {done.name}"


def _thing(one: CleanedPart) -> str:
    return f"{said(one.what)}: {said(one.where)}{f', {show_bytes(one.bytes)}' if one.bytes else ''}"


def drained_text(done: DrainedHost) -> str:
    """Return what happens with a host from now on."""
    if not done.drained:
        return f"{done.name} takes attempts again"
    rest = (
        f"; {counted(done.running, 'attempt')} there {'goes' if done.running == 1 else 'go'} on" if done.running else ""
    )
    return f"{done.name} takes nothing new{rest}; to take it back: {do('hosts', 'drain', done.name, '--undo')}"

"""List, test, drain and clean hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import counted
from mission_cli.app.hosts.results import (
    CleanedHost,
    CleanedPart,
    DrainedHost,
    HostList,
    HostShown,
    TestedHost,
    TestedHosts,
    TestedPart,
)
from mission_cli.domain.errors import BlockedError
from mission_cli.domain.notice import advise, do
from mission_cli.ports.outside.hosts import no_such_host

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mission_cli.domain.hosts.look import HostLook
    from mission_cli.engine.context import Context


def listed(ctx: Context) -> HostList:
    """Return all hosts. Asks none of them."""
    return listed_of([("", ctx)])


def listed_of(contexts: Iterable[tuple[str, Context]]) -> HostList:
    """Return all hosts of repositories, each with the name that people see. Asks none of them."""
    return HostList([shown(look, repo=repo) for repo, ctx in contexts for look in ctx.hosts.looks()])


def shown(look: HostLook, *, repo: str = "") -> HostShown:
    """Return one host for people and programs."""
    room = look.workers - look.running
    free = 0 if look.drained or look.problem else max(0, room if look.free is None else min(room, look.free))
    return HostShown(
        repo=repo,
        name=look.name,
        kind=str(look.kind),
        where=look.where,
        state=look.state,
        problem=look.problem,
        since=look.since,
        checked=look.checked,
        workers=look.workers,
        running=look.running,
        free=free,
        labels=look.labels,
        runners=look.runners,
        found=look.found,
        missing=look.missing,
        skew_s=look.skew_s,
        jobs=look.jobs,
    )


def look_of(ctx: Context, name: str) -> HostLook:
    """Return one host. Raises NotFoundError for an unknown one."""
    looks = {look.name: look for look in ctx.hosts.looks()}
    if name not in looks:
        raise no_such_host(name, [*looks])
    return looks[name]


def examined(ctx: Context, names: Sequence[str], *, whole: bool = True) -> TestedHosts:
    """Test hosts one after the other; without names all. A pulse is requested if one can be reached again.

    Without `whole`, only whether they can be reached is asked.
    """
    found = []
    for name in names or [look.name for look in ctx.hosts.looks()]:
        away = bool(look_of(ctx, name).problem)
        parts = [TestedPart(one.name, one.ok, one.words, one.hint) for one in ctx.hosts.test(name, whole=whole)]
        found.append(TestedHost(name, all(part.ok for part in parts), parts))
        if away and not look_of(ctx, name).problem:
            _go_on(ctx)
    return TestedHosts(all(one.ok for one in found), found)


def drain(ctx: Context, name: str, *, on: bool) -> DrainedHost:
    """Keep new attempts away from a host, or let it take them again. What runs there goes on."""
    ctx.hosts.drain(name, on=on)
    if not on:
        _go_on(ctx)
    return DrainedHost(name, on, look_of(ctx, name).running)


def clean(
    ctx: Context, name: str, *, everything: bool = False, discard: bool = False, dry_run: bool = False
) -> CleanedHost:
    """Remove this clone's files from a host; `everything`: those of other clones, too.

    Raises BlockedError while attempts run there, and for results that were not taken over unless they are discarded.
    """
    done = ctx.hosts.clean(name, everything=everything, discard=discard, dry_run=dry_run)
    if done.busy:
        words = f"{counted(len(done.busy), 'attempt')} {'is' if len(done.busy) == 1 else 'are'} on {name}"
        hint = advise("keep new ones away, and wait: ", do("hosts", "drain", name))
        raise BlockedError(f"{words}: {', '.join(done.busy)}", hint=hint)
    if done.unread:
        words = f"results on {name} were not taken over: {', '.join(done.unread)}"
        raise BlockedError(words, hint=advise("take them over with ", do("pulse"), ", or add --discard"))
    removed, kept = (
        [CleanedPart(one.what, one.where, one.bytes, one.why) for one in some] for some in (done.removed, done.kept)
    )
    return CleanedHost(name, dry_run, removed, kept)


def _go_on(ctx: Context) -> None:
    """Have a pulse start what waited for a host."""
    ctx.runtime.request_pulse()
    ctx.again()

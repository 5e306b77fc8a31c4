"""`mission doctor`: check the forge, the token for it, and what the rules of the base demand.

The forge is contacted only if an unfinished mission opens pull requests.
"""

from __future__ import annotations

from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mission_cli._support.shown import moment
from mission_cli._support.text import counted, one_line, parse_stamp
from mission_cli.app.queries.diagnosis.doctor import looked
from mission_cli.domain.errors import MissionError
from mission_cli.domain.forge.rows import Proposing
from mission_cli.domain.notice import Finding, doubtful, fine, wrong
from mission_cli.planner.pulls.rows import proposing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mission_cli.domain.forge.facts import Rules
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.forge import Forge, ForgePlace

FORGE, TOKEN, RULES = "forge", "forge token", "forge rules"
_MOST_NAMES = 3
_LONGEST = 200
_SOON = timedelta(days=14)
_NO_CHECKS = "use a token of a person or of an app, not that of a CI job"


def forge_findings(ctx: Context, missions: Sequence[Mission], *, offline: bool) -> list[Finding]:
    """Check the forge of a repository; `missions` are the unfinished ones."""
    asking = [m for m in missions if proposing(m) is not Proposing.NONE or any(row.going for row in m.pulls)]
    place = ctx.forge.place() if ctx.forge.remote else None
    if not asking:
        return [] if place is None else [fine(FORGE, f"{_where(ctx, place)}; no mission opens pull requests")]
    if place is None:
        todo = "add a remote with `git remote add`, or set `kind` and `url` in [forge] of .mission.toml"
        return [wrong(FORGE, f"{_names(asking)} cannot open pull requests: {ctx.forge.ready()}", todo)]
    found = [fine(FORGE, _where(ctx, place))]
    if find_spec("httpx") is None:
        return [*found, wrong(FORGE, "the Python package httpx is not installed (extra http)", "pip install httpx")]
    try:
        forge = ctx.forge.connect()
    except MissionError as error:
        return [*found, wrong(TOKEN, error.message, error.hint)]
    if offline:
        return [*found, fine(TOKEN, f"from {place.token}")]
    found += looked(TOKEN, lambda: [*_token(ctx, forge, place)])
    found += looked(FORGE, lambda: [*_repository(ctx, forge)])
    bases = sorted({mission.base for mission in asking if mission.base})
    return [
        *found,
        *looked(RULES, lambda: [fine(RULES, f"{base}: {rules_words(forge.rules(base))}") for base in bases]),
    ]


def _where(ctx: Context, place: ForgePlace) -> str:
    token = "" if place.token else ", without a token"
    return f"{one_line(place.name)} on {one_line(place.host)} ({place.kind}), by the remote `{ctx.forge.remote}`{token}"


def _names(missions: Sequence[Mission]) -> str:
    more = f" and {len(missions) - _MOST_NAMES} more" if len(missions) > _MOST_NAMES else ""
    return ", ".join(mission.id for mission in missions[:_MOST_NAMES]) + more


def _token(ctx: Context, forge: Forge, place: ForgePlace) -> Iterator[Finding]:
    """Yield whose token it is, of which kind, with which rights and until when, and whether it starts checks."""
    account, now = forge.account(), ctx.clock.now()
    scopes = f", with the rights {one_line(', '.join(account.scopes), _LONGEST)}" if account.scopes else ""
    kind = f" ({one_line(account.kind)})" if account.kind else ""
    words = f"from {place.token or 'the settings'}, of {one_line(account.login)}{kind}{scopes}"
    ends = parse_stamp(account.expires)
    if ends is None:
        yield fine(TOKEN, words)
    elif ends <= now:
        yield wrong(TOKEN, f"{words}; it expired at {moment(ends, now)}", "make a new token")
    elif ends - now < _SOON:
        yield doubtful(TOKEN, f"{words}; it expires at {moment(ends, now)}", "make a new token before that")
    else:
        yield fine(TOKEN, f"{words}; it expires at {moment(ends, now)}")
    if not account.starts_checks:
        yield doubtful(TOKEN, "what it opens starts no checks, so required checks never begin", _NO_CHECKS)


def _repository(ctx: Context, forge: Forge) -> Iterator[Finding]:
    """Yield what the token may do in the repository, and how it may be merged."""
    found, told = forge.repository(), ctx.settings.forge
    name, methods = one_line(found.name), ", ".join(found.methods)
    if found.archived:
        yield wrong(FORGE, f"{name} is archived: nothing can be pushed or merged", "unarchive it at the forge")
    elif not found.may_push and not told.fork:
        todo = "give its account write access, or set `fork = true` in [forge] of .mission.toml"
        yield wrong(FORGE, f"the token may not push to {name}", todo)
    if told.merge and told.merge not in found.methods:
        ways = f"set `merge` in [forge] of .mission.toml to one of {methods}, or leave it out"
        yield wrong(FORGE, f"{name} does not allow to merge by `{told.merge}`", ways)
    extras = ", auto-merge is allowed" if found.auto_merge else ""
    yield fine(FORGE, f"{name} allows to merge by {methods}{extras}")


def rules_words(rules: Rules) -> str:
    """Return the rules for merging into a base in words; `no rules` if there are none."""
    names = ", ".join(f"`{one_line(name)}`" for name in rules.required)
    parts = [f"requires the check{'s' if len(rules.required) > 1 else ''} {names}"] if names else []
    parts += [f"{counted(rules.approvals, 'approving review')}"] if rules.approvals else []
    flags = {
        "a review of code owners": rules.code_owners,
        "an approval by someone other than the last pusher": rules.last_push,
        "resolved threads": rules.conversations,
        "branches that contain the base": rules.strict,
        "signed commits": rules.signed,
        "a linear history": rules.linear,
        "a merge queue": rules.queue,
        "no one may merge into it": rules.locked,
    }
    parts += [words for words, on in flags.items() if on]
    parts += [f"and the forge applies {one_line(', '.join(rules.others), _LONGEST)}"] if rules.others else []
    return ", ".join(parts) or "no rules"

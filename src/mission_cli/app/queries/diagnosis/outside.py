"""Whether people can decide from outside, for `doctor`; and who tried in vain."""

from __future__ import annotations

from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mission_cli._support.text import counted, parse_stamp
from mission_cli.domain.notice import Finding, doubtful, fine, wrong
from mission_cli.settings.outside import SECRETS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.engine.context import Context

SUBJECT = "outside"
PACKAGES = ("starlette", "uvicorn")
"""What the server needs."""
_RECENT = timedelta(days=7)


def outside_findings(ctx: Context) -> list[Finding]:
    """Return what keeps people from deciding from outside; nothing if nobody is to do so."""
    settings = ctx.settings
    if not (settings.deciders or settings.serve.url or any(getattr(settings.serve, name) for name in SECRETS)):
        return []
    found = [*_packages(), *_secrets(ctx), *_people(ctx), *_refused(ctx)]
    return found or [fine(SUBJECT, f"{counted(len(settings.deciders), 'person', 'people')} may decide from outside")]


def missing_packages() -> str:
    """Return the first package that the server lacks; empty if it has all."""
    return next((name for name in PACKAGES if find_spec(name) is None), "")


def _packages() -> Iterator[Finding]:
    missing = missing_packages()
    if missing:
        words = f"the server cannot run: the Python package {missing} is not installed (extra http)"
        yield wrong(SUBJECT, words, f"pip install {' '.join(PACKAGES)}")


def _secrets(ctx: Context) -> Iterator[Finding]:
    for name in SECRETS:
        reference = getattr(ctx.settings.serve, name)
        problem = ctx.messenger.unset(reference) if reference else ""
        if problem:
            yield wrong(SUBJECT, f"`serve.{name}`: {problem}", "correct it, or put the secret into the key file")


def _people(ctx: Context) -> Iterator[Finding]:
    serve, rules = ctx.settings.serve, ctx.settings.notifications.values()
    for name, one in ctx.settings.deciders.items():
        if not one.may:
            yield doubtful(SUBJECT, f"the decider `{name}` may decide nothing", f"set `may` in [deciders.{name}]")
    if serve.url and not any(rule.decider for rule in rules):
        words = "no message contains links to decide: no rule in [notifications.NAME] has a `decider`"
        yield doubtful(SUBJECT, words, "set `decider` in a rule that reaches one person")
    if not serve.url and any(rule.decider for rule in rules):
        words = "no message contains links to decide: `serve.url` is empty"
        yield doubtful(SUBJECT, words, "set `url` in [serve] to the public address of the server")


def _refused(ctx: Context) -> Iterator[Finding]:
    with ctx.runtime.deciding() as book:
        traces = book.ledger.traces
    since = ctx.clock.now() - _RECENT
    recent = [one for one in traces if (at := parse_stamp(one.at)) is not None and at > since]
    if recent:
        last = recent[-1]
        about = f" about {last.subject}" if last.subject else ""
        words = f"{counted(len(recent), 'decision')} from outside refused in 7 days; the last one: {last.why}"
        yield doubtful(SUBJECT, f"{words} ({last.person}{about}, {last.door}, {last.at})", "ask that person")

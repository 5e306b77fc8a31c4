"""What is odd about a plan, as far as the base, this machine and the forecast tell."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from mission_cli._support.shown import quantity_of
from mission_cli.document.plans.advice import FREE
from mission_cli.document.plans.at_base import BaseFacts, base_problems
from mission_cli.document.plans.plan import check_plan, parse_yaml
from mission_cli.document.plans.problems import place_of
from mission_cli.domain.problems import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import yaml

    from mission_cli.app.results.outlook import Forecast
    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.ids import Sha
    from mission_cli.engine.context import Context

_BUILT_IN = frozenset({
    ".", ":", "[", "[[", "alias", "bg", "bind", "break", "builtin", "caller", "cd", "command", "compgen", "continue",
    "declare", "dirs", "disown", "echo", "enable", "eval", "exec", "exit", "export", "false", "fc", "fg", "getopts",
    "hash", "jobs", "kill", "let", "local", "mapfile", "popd", "printf", "pushd", "pwd", "read", "readonly", "return",
    "set", "shift", "shopt", "source", "suspend", "test", "time", "times", "trap", "true", "type", "typeset", "ulimit",
    "umask", "unalias", "unset", "wait",
})  # fmt: skip
"""Commands of the shell itself."""
_UNITS = {"usd": "money_usd", "hours": "time_hours", "tokens": "token_limit"}


def facts_at(ctx: Context, commit: Sha | None) -> BaseFacts:
    """Return what is known of a commit and of this machine; without a commit, of an empty tree."""

    def read(paths: Iterable[str]) -> Mapping[str, str]:
        return ctx.code.read(commit, paths) if commit is not None else {}

    return BaseFacts(read, partial(_lacks, ctx), bash=not _missing(ctx, "bash"))


def _lacks(ctx: Context, criterion: Criterion) -> Iterator[str]:
    """Yield the programs of a criterion that are not on PATH, unless a setup of the tree may install them."""
    for need in ctx.checks.needs(criterion) if not ctx.settings.tree.setup else ():
        if need not in _BUILT_IN and " " not in need and _missing(ctx, need):
            yield need


def _missing(ctx: Context, program: str) -> bool:
    obstacle = ctx.machine.runner_obstacle((program,), {})
    return obstacle is not None and obstacle.program


def problems_of(ctx: Context, text: str, commit: Sha | None, forecast: Forecast | None = None) -> tuple[Problem, ...]:
    """Return everything that is wrong or odd about a plan file, with its places."""
    parsed = parse_yaml(text)
    if isinstance(parsed, Problem):
        return (parsed,)
    root, loaded = parsed
    read = check_plan(root, loaded)
    if read.plan is None:
        return read.problems
    found = {*read.problems, *base_problems(read.plan, root, facts_at(ctx, commit))}
    return tuple(sorted(found | set(_free(read.plan, root, forecast))))


def _free(plan: Plan, root: yaml.Node, forecast: Forecast | None) -> Iterator[Problem]:
    """Yield a warning for each cap of which the forecast leaves less than a fifth free in half of all cases."""
    for category, needed in _needed(forecast).items():
        cap = getattr(plan.budget, _UNITS[category])
        if isinstance(cap, str) or not cap or float(needed) <= cap * (1 - FREE):
            continue
        half = f"half of such missions use more than {quantity_of(category, needed)}"
        words = f"{half}, and the cap is {quantity_of(category, Decimal(str(cap)))}"
        hint = "leave a fifth free for failed attempts and fixes: plan less, or raise the cap"
        yield Problem(*place_of(root, ("budget", _UNITS[category])), words, hint, Severity.WARNING)


def _needed(forecast: Forecast | None) -> dict[str, Decimal]:
    if forecast is None:
        return {}
    usd = {"usd": forecast.usd.p50} if forecast.usd is not None else {}
    tokens = {"tokens": Decimal(forecast.tokens.p50)} if forecast.tokens is not None else {}
    return {**usd, "hours": forecast.hours.p50, **tokens}

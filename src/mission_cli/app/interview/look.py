"""The look at a repository before the first question, and what budgets buy there."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import counted, one_line
from mission_cli.domain.errors import MissionError
from mission_cli.domain.ids import MissionId
from mission_cli.domain.interview.facts import Facts
from mission_cli.domain.interview.interview import BUDGETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mission_cli.app.forecasting.results import Bargain
    from mission_cli.engine.context import Context

_ANY = MissionId("new")
_MOST_READ = 60
"""Files that are read for open TODOs."""
_MOST_TODOS = 5
_TODO = pattern(r"\b(?:TODO|FIXME)\b[:( ].*")
_TESTS = pattern(r"(?:^|/)(?:tests?|spec|__tests__)/|(?:^|/)test_[^/]*$|[._]test\.[a-z]+$|_test\.go$|\.spec\.[a-z]+$")
_CI = (
    ".github/workflows", ".gitlab-ci.yml", ".forgejo/workflows", ".gitea/workflows", ".circleci", "Jenkinsfile",
    ".travis.yml", "azure-pipelines.yml", ".woodpecker",
)  # fmt: skip


def look(ctx: Context, base: str) -> Facts:
    """Return what is known of the repository at a branch, and what budgets buy."""
    from mission_cli.engine.phases.facts import languages_of

    commit = ctx.code.heads(_ANY, base).base
    paths: Mapping[str, str] = ctx.code.glance(commit, ctx.checks.manifest_names) if commit is not None else {}
    code = [path for path in paths if languages_of([path])]
    texts = ctx.code.read(commit, code[:_MOST_READ]) if commit is not None and code else {}
    buys, unknown = _buys(ctx)
    return Facts(
        files=len(code),
        languages=tuple(languages_of(paths)),
        commands=tuple(criterion.command for criterion in ctx.checks.detect(paths)),
        tests=any(_TESTS.search(path) for path in paths),
        ci=any(path.startswith(_CI) for path in paths),
        readme=any(path.casefold().startswith("readme") for path in paths),
        todos=tuple(_todos(texts)),
        buys=buys,
        why_unknown=unknown,
    )


def _todos(texts: Mapping[str, str]) -> Iterator[str]:
    """Yield the first lines that say that something is to be done, with their files."""
    found = 0
    for path in sorted(texts):
        for line in texts[path].splitlines():
            words = _TODO.search(line) if len(line) < 1000 else None  # noqa: PLR2004 - longer lines are not written by people
            if words is not None:
                yield one_line(f"{path}: {words[0]}", 120)
                found += 1
            if found == _MOST_TODOS:
                return


def _buys(ctx: Context) -> tuple[dict[str, str], str]:
    """Return what budgets pay for, in words, by their dollars; or why that is not known."""
    from mission_cli.app.forecasting.buying import bargain

    try:
        amounts = [text.removeprefix("$") for text in BUDGETS]
        return {amount: _bought(bargain(ctx, {"usd": Decimal(amount)}, None)) for amount in amounts}, ""
    except MissionError as error:
        return {}, one_line(error.message)


def _bought(found: Bargain) -> str:
    sums: list[int] = []
    for one in found.bought[:3]:
        sums.append(one.features + (sums[-1] if sums else 0))
    safe, likely, stretch = (*sums, 0, 0, 0)[:3]
    return f"{counted(safe, 'feature')} in 9 of 10 cases, {likely} in half of them, at best {stretch}"

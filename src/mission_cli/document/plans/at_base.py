"""Criteria of a plan that prove nothing on the base, or cannot be run: they pass before any work, or lack a program."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.shell_words import simple_commands
from mission_cli._support.text import one_line
from mission_cli.document.criteria.item import asked_criterion
from mission_cli.document.plans.problems import place_of
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.status import CriterionKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import yaml

    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.criteria.criterion import Criterion

_WORD = pattern(r"[A-Za-z0-9_.+-]+")
_ESCAPED = pattern(r"\\.")
_REPEATS = frozenset("*+{(|?")
"""Patterns with one of these may take forever, so they are not searched for here."""


@dataclass(frozen=True, slots=True)
class BaseFacts:
    """What is known of the base and of the machine."""

    read: Callable[[Iterable[str]], Mapping[str, str]]
    """Returns the texts of those paths that are files of the base."""
    lacks: Callable[[Criterion], Iterable[str]]
    """Returns the programs that a criterion certainly runs and that do not exist on this machine."""
    bash: bool = True
    """Whether commands run in bash, which notices a failure before a pipe."""


def base_problems(plan: Plan, root: yaml.Node | None, facts: BaseFacts) -> Iterator[Problem]:
    """Yield a warning for each criterion that passes on the base, or whose program is installed by nothing."""
    criteria = [(place, asked_criterion(text)) for place, text in criteria_of(plan)]
    texts = facts.read({path for _, one in criteria for path in one.paths})
    told = _told(plan)
    for place, one in criteria:
        if one.wrong:
            continue
        shown = f"the criterion `{one_line(one.text, 80)}`"
        if _passes(one, texts):
            words, hint = f"{shown} passes on the base, before any work", "write one that only the work makes pass"
            yield Problem(*place_of(root, place), words, hint, Severity.WARNING)
        if not facts.bash and _pipes(one):
            words = f"{shown}: without bash, only the exit code of the last program of a pipe counts"
            yield Problem(*place_of(root, place), words, "install bash, or write it without a pipe", Severity.WARNING)
        for program in facts.lacks(one):
            if program not in told:
                words = f"{shown} needs `{program}`, which is not installed here, and nothing in the plan installs it"
                hint = "use another program, or name it in the feature that installs it, or under `resources`"
                yield Problem(*place_of(root, place), words, hint, Severity.WARNING)


def criteria_of(plan: Plan) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every criterion of a plan with its place."""
    for m, milestone in enumerate(plan.milestones):
        for index, text in enumerate(milestone.validation):
            yield ("milestones", m, "validation", index), text
        for n, feature in enumerate(milestone.features):
            for index, text in enumerate(feature.criteria):
                yield ("milestones", m, "features", n, "criteria", index), text


def _passes(criterion: Criterion, texts: Mapping[str, str]) -> bool:
    """Whether a criterion certainly passes with the files of the base. `not grep` is left out: it may hold before."""
    if not criterion.paths:
        return False
    if criterion.kind is CriterionKind.FILE:
        return all(texts.get(path, "") for path in criterion.paths)
    simple = not _REPEATS & set(_ESCAPED.sub("", criterion.pattern))
    if criterion.kind is not CriterionKind.GREP or criterion.negated or not simple:
        return False
    try:
        wanted = re.compile(criterion.pattern, re.MULTILINE)
    except re.error:
        return False
    return any(wanted.search(texts.get(path, "")) for path in criterion.paths)


def _pipes(criterion: Criterion) -> bool:
    commands = simple_commands(criterion.command) if criterion.kind is CriterionKind.RUN else None
    return any(one.operator in {"|", "|&"} for one in commands or ())


def _told(plan: Plan) -> frozenset[str]:
    """Return the words of everything that may install a program."""
    features = [feature for milestone in plan.milestones for feature in milestone.features]
    texts = [text for one in features for text in (one.title, one.description, *one.files)]
    texts += [text for one in plan.resources for text in (one.name, one.purpose, one.notes)]
    return frozenset(word for text in (*texts, *plan.constraints, *plan.assumptions) for word in _WORD.findall(text))

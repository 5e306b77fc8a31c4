"""Read plan files of people and models, with line and hint for each problem, and turn them into mission files."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from mission_cli._support.dataclass import asdict, dataclass
from mission_cli._support.text import one_line
from mission_cli.document.plans.advice import shape_problems, sum_problems
from mission_cli.document.plans.checks import (
    check,
    check_values,
    named_feature,
    titles_of,
)
from mission_cli.document.plans.model import Plan, PlanDecision, PlanFeature
from mission_cli.document.plans.problems import (
    model_problem,
    place_of,
    repeated_keys,
)
from mission_cli.document.plans.researched import probe_problems, research_problems, with_research
from mission_cli.document.reading.features import (
    Draft,
    read_row,
    resolve,
    titled,
)
from mission_cli.document.syntax import escape
from mission_cli.document.syntax.yaml_text import (
    UnsafeError,
    load_texts,
    without_nothing,
)
from mission_cli.domain.budget.amounts import LABELS
from mission_cli.domain.errors import UsageError
from mission_cli.domain.ids import FeatureNumber
from mission_cli.domain.interview.scope import ANSWERED
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.research.topics import topic_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mission_cli.domain.interview.follow_ups import FollowUp
    from mission_cli.domain.interview.scope import Scope


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """A plan, or None if there are errors among the problems."""

    plan: Plan | None
    problems: tuple[Problem, ...]


def read_plan(text: str) -> ReadPlan:
    """Read YAML or JSON. Mistakes are errors; what is missing before `start` is a warning."""
    parsed = parse_yaml(text)
    return ReadPlan(None, (parsed,)) if isinstance(parsed, Problem) else check_plan(*parsed)


def parse_yaml(text: str, *, aliases: bool = True) -> tuple[yaml.Node, dict[Any, Any]] | Problem:
    """Return the nodes, which hold the places, and the mapping of a YAML or JSON text; or the problem."""
    try:
        root, loaded = load_texts(text.lstrip("\ufeff"), aliases=aliases)
    except yaml.MarkedYAMLError as error:
        return _unreadable(text, error)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return _undecodable(text, error)
    if root is None or not isinstance(loaded, dict):
        return Problem(1, 1, "a plan is a mapping", "begin with `title:` and `milestones:`")
    return root, loaded


_QUOTE = 'put texts, especially criteria, in double quotes: "run: `pytest -q`"'
_HINTS = {
    "cannot start any token": _QUOTE,
    "mapping values are not allowed": _QUOTE,
    "did not find expected": f"look at the line before, too; {_QUOTE}",
    "expected alphabetic or numeric character": _QUOTE,
    "undefined alias": _QUOTE,
}


def _unreadable(text: str, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if isinstance(error, UnsafeError):
        return Problem(line, column, error.problem or "", "write it out")
    words = error.problem or "it cannot be read"
    if mark and text.split("\n")[mark.line : mark.line + 1] and text.split("\n")[mark.line][mark.column :][:1] == "\t":
        return Problem(line, column, "not valid YAML: a tab at the beginning of a line", "indent with spaces")
    hint = next((hint for part, hint in _HINTS.items() if part in words), "")
    return Problem(line, column, f"not valid YAML: {words}", hint)


def _undecodable(text: str, error: Exception) -> Problem:
    """Return the problem for a character that YAML does not allow, or for nesting that is too deep."""
    at = getattr(error, "position", None)
    if isinstance(error, yaml.reader.ReaderError) and isinstance(at, int):
        line = text.count("\n", 0, at) + 1
        column = at - (text.rfind("\n", 0, at) + 1) + 1
        code = ord(error.character) if isinstance(error.character, str) else int(error.character)
        shown = f"U+{code:04X}"
        return Problem(line, column, f"not valid YAML: the character {shown} is not allowed", "remove it")
    return Problem(1, 1, f"not valid YAML: {str(error).splitlines()[0] if str(error) else type(error).__name__}")


def check_plan(root: yaml.Node, loaded: dict[Any, Any]) -> ReadPlan:
    """Return the plan in a mapping, and what is wrong or missing in it."""
    wrong = list(repeated_keys(root))
    try:
        plan = Plan.model_validate(without_nothing(loaded))
    except ValidationError as error:
        return ReadPlan(None, tuple(sorted({*wrong, *(model_problem(Plan, root, e) for e in error.errors())})))
    before = (*research_problems(plan, root), *probe_problems(plan, root))
    problems = tuple(sorted({*wrong, *check(plan, root), *before, *circles(plan, root)}))
    failed = any(p.severity is Severity.ERROR for p in problems)
    if not failed:
        problems = tuple(sorted({*problems, *shape_problems(plan, root), *sum_problems(plan, root)}))
    return ReadPlan(None if failed else plan, problems)


def circles(plan: Plan, root: yaml.Node | None) -> Iterator[Problem]:
    """Yield the errors of circular dependencies."""
    drafts: list[Draft] = []
    for number, _, cell in feature_rows(plan):
        m, n = (int(x) - 1 for x in number.split("."))
        line, column = place_of(root, ("milestones", m, "features", n))
        drafts.append(read_row({"feature": cell}, number=number, line=line, column=column))
    yield from (p for p in resolve(drafts)[1] if "wait for each other" in p.message)


def write_plan(plan: Plan) -> str:
    """Return the plan as YAML that `read_plan` reads back; default values are left out."""
    values = plan.model_dump(exclude_defaults=True)
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(yaml.SafeDumper):
    """Writes no anchors, because people edit the file."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def feature_rows(plan: Plan) -> Iterator[tuple[FeatureNumber, PlanFeature, str]]:
    """Yield every feature with its number and the text of its Feature cell."""
    titles = titles_of(plan)
    for m, milestone in enumerate(plan.milestones, 1):
        for n, feature in enumerate(milestone.features, 1):
            title, *notes = _cell_parts(feature, titles)
            cell = " ".join([escape.cell(title), *(f"`{escape.cell(note)}`" for note in notes)])
            yield FeatureNumber(f"{m}.{n}"), feature, cell


def feature_cell(feature: PlanFeature, titles: Mapping[str, list[FeatureNumber]]) -> str:
    """Return the text of a Feature cell, not yet escaped for a table: the title and the annotations."""
    title, *notes = (one_line(part, len(part) + 1) for part in _cell_parts(feature, titles))
    return " ".join([title, *(f"`{note}`" for note in notes)])


def _cell_parts(feature: PlanFeature, titles: Mapping[str, list[FeatureNumber]]) -> list[str]:
    depends = [named_feature(name, titles) for name in feature.depends]
    notes = [f"[depends:{','.join(depends)}]"] if depends else []
    for name, value in (
        ("assign", feature.assign),
        ("model", feature.model),
        ("parallel-group", feature.parallel_group),
    ):
        notes += [f"[{name}:{value}]"] if value else []
    notes += [f"[limits:{feature.limits}]"] if feature.limits else []
    notes += [f"[files:{','.join(feature.files)}]"] if feature.files else []
    notes += [f"[needs:{','.join(feature.needs)}]"] if feature.needs else []
    notes += [f"[notify:{','.join(feature.notify)}]"] if feature.notify else []
    topic = topic_of(feature.topic)
    notes += [f"[research:{topic}]"] if topic else ["[research]"] if feature.research else []
    notes += [f"[worth:{feature.worth}]"] if feature.worth != 1 else []
    notes += [f"[on:{','.join(feature.on)}]"] if feature.on else []
    notes += ["[side-effects]"] if feature.side_effects else []
    return [titled(feature.title), *notes]


def template_values(
    plan: Plan, *, mission_id: str, created: str, created_by: str, repo: str, base: str
) -> dict[str, Any]:
    """Return the values for the template `mission.md.j2`; topics are features in it."""
    plan = with_research(plan)
    rows = {number: (feature, cell) for number, feature, cell in feature_rows(plan)}
    milestones = []
    for m, milestone in enumerate(plan.milestones, 1):
        features = []
        for n in range(1, len(milestone.features) + 1):
            number = FeatureNumber(f"{m}.{n}")
            feature, cell = rows[number]
            features.append({**feature.model_dump(), "number": number, "cell": cell})
        milestones.append({**milestone.model_dump(), "features": features})
    values = plan.model_dump()
    values["preferences"]["land"] = plan.preferences.land or ("auto" if plan.mode == "poc" else "ask")
    values.update(
        id=mission_id,
        status="planning",
        created=created,
        created_by=created_by,
        repo=repo,
        base=base,
        goal=plan.goal or plan.title,
        budget={k: _amount(v) for k, v in plan.budget.model_dump().items()},
        milestones=milestones,
        summary=[[LABELS[c], "-", "-", "-", "-"] for c in ("hours", "usd", "tokens")],
    )
    return values


def _amount(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:f}".rstrip("0").rstrip(".") or "0"


def with_runner(plan: Plan, runner: str) -> Plan:
    """Return the plan with a runner, if it names none."""
    named = plan.preferences.runner or runner
    return plan.model_copy(update={"preferences": plan.preferences.model_copy(update={"runner": named})})


def override(plan: Plan, given: Mapping[str, str], budget: Mapping[str, str], runner: str = "") -> Plan:
    """Return the plan with the values of the command line, by dotted key. Raises UsageError for a wrong value."""
    values = plan.model_dump()
    for path, value in given.items():
        group, _, key = path.rpartition(".")
        (values[group] if group else values)[key] = value
    values["budget"] = {**values["budget"], **{k: v if v == "unlimited" else _number(k, v) for k, v in budget.items()}}
    if runner:
        values["preferences"] = {**values["preferences"], "runner": runner}
    try:
        changed = Plan.model_validate(values)
    except ValidationError as error:
        problem = model_problem(Plan, None, error.errors()[0])
        raise UsageError(problem.message, hint=problem.hint) from error
    for problem in check_values(changed, None):
        raise UsageError(problem.message, hint=problem.hint)
    return changed


def with_assumptions(plan: Plan, questions: Iterable[FollowUp], before: Iterable[str] = ()) -> Plan:
    """Return the plan with what it assumes for questions that no person has answered, and with earlier assumptions."""
    lines = [*before, *plan.assumptions, *(one.assumption for one in questions)]
    return plan.model_copy(update={"assumptions": list(dict.fromkeys(lines))})


def with_confirmed(plan: Plan, answers: Iterable[tuple[FollowUp, str]]) -> Plan:
    """Return the plan after a person has answered questions of its model: decisions, and not assumptions any more."""
    assumptions, constraints, rows = list(plan.assumptions), list(plan.constraints), list(plan.decisions)
    for question, answer in answers:
        assumptions = [line for line in assumptions if line != question.assumption]
        constraints += [f"{question.question} {answer}"] if answer != question.assumed else []
        others = "; ".join(one for one in (question.assumed, *question.options) if one != answer)
        row = PlanDecision(decision=f"{question.question} {answer}", rationale=ANSWERED, alternatives=others)
        rows += [row] if row not in rows else []
    lines = list(dict.fromkeys(constraints))
    return plan.model_copy(update={"assumptions": assumptions, "constraints": lines, "decisions": rows})


def with_scope(plan: Plan, scope: Scope) -> Plan:
    """Return the plan with what an interview has said."""
    rows = [PlanDecision(**asdict(row)) for row in scope.decisions]
    keys = ("success_criteria", "non_goals", "constraints")
    lines = {key: list(dict.fromkeys([*getattr(scope, key), *getattr(plan, key)])) for key in keys}
    return plan.model_copy(update={**lines, "decisions": [*rows, *(row for row in plan.decisions if row not in rows)]})


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"`{text}` is not a number", hint=f"{name} is a number, or unlimited")
    return number

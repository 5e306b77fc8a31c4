"""Plan files: what a person or a model hands in, checked with line and hint before it becomes a mission file."""

from __future__ import annotations

import difflib
import math
import re
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mission_cli.budget.amounts import LABELS
from mission_cli.document import escape
from mission_cli.document.features import Draft, read_row, resolve
from mission_cli.document.keys import MOMENT_HINT, SCHEDULE_HINT
from mission_cli.document.yaml_text import UnsafeError, load_values
from mission_cli.domain.errors import UsageError
from mission_cli.domain.ids import FeatureNumber, why_bad_id
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.records import dataclass
from mission_cli.domain.schedule import why_no_schedule
from mission_cli.domain.text import parse_stamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def _text(value: object) -> object:
    """YAML reads `1.10` as a number, `2026-11-20` as a date and `1h` as text; all are text here."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _list(value: object) -> object:
    return [value] if isinstance(value, str | int | float) else value


Text = Annotated[str, BeforeValidator(_text)]
Texts = Annotated[list[Text], BeforeValidator(_list)]
Amount = Annotated[float, Field(ge=0)] | Literal["unlimited"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PlanFeature(_Strict):
    """One feature; `depends` names others by number (`1.1`, `2.*`) or title."""

    title: Annotated[Text, Field(min_length=1)]
    description: Text = ""
    estimate: Text = ""
    criteria: Texts = []
    depends: Texts = []
    assign: Text = ""
    model: Text = ""
    parallel_group: Text = ""
    side_effects: bool = False
    """What it does cannot be taken back: a person says whether it is tried again."""
    task: Text = ""


class PlanMilestone(_Strict):
    """One milestone and what must hold at its end."""

    name: Annotated[Text, Field(min_length=1)]
    estimate: Text = ""
    validation: Texts = []
    independent: bool = False
    features: Annotated[list[PlanFeature], Field(min_length=1)]


class PlanBudget(_Strict):
    """Caps; 0 means none."""

    time_hours: Amount = 0.0
    money_usd: Amount = 0.0
    token_limit: Amount = 0.0
    alert_threshold_pct: Annotated[float, Field(gt=0, le=100)] = 80.0
    per_feature_usd: Annotated[float, Field(ge=0)] = 0.0


class PlanModels(_Strict):
    """Model tier by role."""

    orchestrator: Text = "opus"
    workers: Text = "sonnet"
    research: Text = "haiku"
    validation: Text = "sonnet"
    economy: Text = ""
    escalate: Text = ""


class PlanPreferences(_Strict):
    """How the person wants the work done."""

    tech_stack: Texts = []
    deploy_target: Text = ""
    test_framework: Text = ""
    ci_provider: Text = ""
    coding_style: Text = ""
    max_parallel_workers: Annotated[int, Field(ge=1, le=64)] = 2
    runner: Text = "opencode"
    land: Literal["", "ask", "auto"] = ""
    """Empty: a POC lands by itself, else somebody looks first."""
    worker_command: Text = ""


class PlanResource(_Strict):
    """Something that the mission needs; credentials by reference only."""

    name: Text
    type: Text = ""
    purpose: Text = ""
    status: Text = "needed"
    notes: Text = ""


class PlanGate(_Strict):
    """A gate between features."""

    name: Text
    kind: Literal["checkpoint", "approval", "quality", "delay"]
    after: Texts = []
    blocks: Texts = []
    rule: Text = ""
    notify: Text = ""


class PlanAgent(_Strict):
    """Somebody who works in the mission; `assign` of a feature names one."""

    name: Text
    role: Text = ""
    runner: Text = ""
    model: Text = ""
    max_parallel: Text = ""
    volatile: bool = False
    """Made for this mission only."""


class Plan(_Strict):
    """A whole plan file, see `docs/cli.md`."""

    title: Annotated[Text, Field(min_length=1)]
    goal: Text = ""
    id: Text = ""
    type: Text = "development"
    mode: Literal["full", "poc"] = "full"
    priority: Literal["low", "normal", "high", "urgent"] = "normal"
    deadline: Text = ""
    schedule: Text = ""
    end_date: Text = ""
    base: Text = ""
    budget: PlanBudget = PlanBudget()
    model_routing: PlanModels = PlanModels()
    preferences: PlanPreferences = PlanPreferences()
    non_goals: Texts = []
    constraints: Texts = []
    resources: list[PlanResource] = []
    team: list[PlanAgent] = []
    gates: list[PlanGate] = []
    milestones: Annotated[list[PlanMilestone], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """A plan, or None where errors stand among the problems."""

    plan: Plan | None
    problems: tuple[Problem, ...]


def read_plan(text: str) -> ReadPlan:
    """Read YAML or JSON. What cannot be meant is an error, what `start` will miss is a warning."""
    parsed = parse_yaml(text)
    return ReadPlan(None, (parsed,)) if isinstance(parsed, Problem) else check_plan(*parsed)


def parse_yaml(text: str, *, aliases: bool = True) -> tuple[yaml.Node, dict[Any, Any]] | Problem:
    """Return the nodes, for places, and the mapping of a YAML or JSON text; or why there is none."""
    try:
        root, loaded = load_values(text, aliases=aliases)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        words = error.problem if isinstance(error, UnsafeError) else f"it is no YAML: {error.problem}"
        return Problem(line, column, words or "", "write it out" if isinstance(error, UnsafeError) else "")
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return Problem(1, 1, f"it is no YAML: {str(error).splitlines()[0]}")
    if root is None or not isinstance(loaded, dict):
        return Problem(1, 1, "a plan is a mapping", "begin with `title:` and `milestones:`")
    return root, loaded


def check_plan(root: yaml.Node, loaded: dict[Any, Any]) -> ReadPlan:
    """Return the plan that a mapping stands for, and what is wrong or missing in it."""
    try:
        plan = Plan.model_validate(loaded)
    except ValidationError as error:
        return ReadPlan(None, tuple(sorted(_problem(root, e) for e in error.errors())))
    problems = tuple(sorted(_check(plan, root)))
    failed = any(p.severity is Severity.ERROR for p in problems)
    return ReadPlan(None if failed else plan, problems)


def write_plan(plan: Plan) -> str:
    """Return the plan as YAML that `read_plan` reads back; what is as it always is, is left out."""
    values = plan.model_dump(exclude_defaults=True)
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(yaml.SafeDumper):
    """Never writes anchors: people edit it."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def feature_rows(plan: Plan) -> Iterator[tuple[FeatureNumber, PlanFeature, str]]:
    """Every feature with its number and the text of its Feature cell."""
    titles = {
        f.title.casefold(): f"{m}.{n}"
        for m, milestone in enumerate(plan.milestones, 1)
        for n, f in enumerate(milestone.features, 1)
    }
    for m, milestone in enumerate(plan.milestones, 1):
        for n, feature in enumerate(milestone.features, 1):
            depends = [titles.get(d.casefold(), d) for d in feature.depends]
            notes = [f"[depends:{','.join(depends)}]"] if depends else []
            for name, value in (
                ("assign", feature.assign),
                ("model", feature.model),
                ("parallel-group", feature.parallel_group),
            ):
                notes += [f"[{name}:{value}]"] if value else []
            notes += ["[side-effects]"] if feature.side_effects else []
            title = escape.cell(re.sub(r"[\[\]]", "", feature.title) if "[" in feature.title else feature.title)
            yield FeatureNumber(f"{m}.{n}"), feature, " ".join([title, *(f"`{escape.cell(note)}`" for note in notes)])


def template_values(
    plan: Plan, *, mission_id: str, created: str, created_by: str, repo: str, base: str
) -> dict[str, Any]:
    """Return what `mission.md.j2` is filled with."""
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


def _check_times(plan: Plan, root: yaml.Node | None) -> Iterator[Problem]:
    words = why_no_schedule(plan.schedule) if plan.schedule else ""
    if words:
        yield Problem(*place_of(root, ("schedule",)), f"`schedule` is `{plan.schedule}`: {words}", SCHEDULE_HINT)
    for name, text in (("deadline", plan.deadline), ("end_date", plan.end_date)):
        if text and parse_stamp(text) is None:
            yield Problem(*place_of(root, (name,)), f"`{name}` is no date: `{text}`", MOMENT_HINT)


def _check(plan: Plan, root: yaml.Node | None) -> Iterator[Problem]:
    if plan.id and why_bad_id(plan.id):
        yield Problem(*place_of(root, ("id",)), f"{plan.id!r} cannot be an id: {why_bad_id(plan.id)}")
    yield from _check_times(plan, root)
    drafts: list[Draft] = []
    for number, _, cell in feature_rows(plan):
        m, n = (int(x) - 1 for x in number.split("."))
        line, column = place_of(root, ("milestones", m, "features", n))
        drafts.append(read_row({"feature": cell}, number=number, line=line, column=column))
    yield from resolve(drafts)[1]
    for m, milestone in enumerate(plan.milestones):
        if not milestone.validation:
            line, column = place_of(root, ("milestones", m))
            yield Problem(
                line,
                column,
                f"milestone {m + 1} has no criterion",
                "without `validation:` only the tests and builds that are found there are run",
                Severity.WARNING,
            )
        for n, feature in enumerate(milestone.features):
            if not feature.criteria:
                line, column = place_of(root, ("milestones", m, "features", n))
                yield Problem(
                    line,
                    column,
                    f"feature {m + 1}.{n + 1} has no criterion",
                    "without `criteria:` any change that keeps the tests green counts",
                    Severity.WARNING,
                )
    budget = plan.budget
    if not (budget.money_usd or budget.time_hours or budget.token_limit):
        yield Problem(
            *place_of(root, ("budget",)),
            "the plan has no budget cap",
            "`start` insists on one: set budget.money_usd, time_hours or token_limit, or write unlimited",
            Severity.WARNING,
        )


def _problem(root: yaml.Node | None, error: Mapping[str, Any]) -> Problem:
    place = tuple(
        p
        for p in error["loc"]
        if not (isinstance(p, str) and (p == "constrained-float" or p.startswith(("literal[", "float"))))
    )
    line, column = place_of(root, place)
    name = ".".join(str(p + 1) if isinstance(p, int) else p for p in place)
    if error["type"] == "extra_forbidden":
        known = _known_keys(place)
        close = difflib.get_close_matches(str(place[-1]), known, n=1)
        hint = f"did you mean `{close[0]}`?" if close else f"known are {', '.join(known)}"
        return Problem(line, column, f"unknown key `{name}`", hint)
    if error["type"] == "missing":
        return Problem(line, column, f"`{name}` is missing")
    return Problem(line, column, f"`{name}`: {error['msg']}")


def _known_keys(place: tuple[str | int, ...]) -> list[str]:
    model: type[BaseModel] = Plan
    for key in place[:-1]:
        annotation = model.model_fields[key].annotation if isinstance(key, str) and key in model.model_fields else None
        for candidate in (annotation, *getattr(annotation, "__args__", ())):
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                model = candidate
    return list(model.model_fields)


def place_of(root: yaml.Node | None, place: tuple[str | int, ...]) -> tuple[int, int]:
    """Line and column (from 1) of the deepest node on the way to `place`."""
    node = root
    mark = root.start_mark if root is not None else None
    for step in place:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if getattr(k, "value", None) == step), None)
            if found is None:
                break
            mark, node = found[0].start_mark, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            mark = node.start_mark
        else:
            break
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def override(plan: Plan, given: Mapping[str, str], budget: Mapping[str, str], runner: str = "") -> Plan:
    """Return the plan with what the command line said. Raises UsageError for values that cannot be meant."""
    values = plan.model_dump()
    values.update(given)
    values["budget"] = {**values["budget"], **{k: v if v == "unlimited" else _number(k, v) for k, v in budget.items()}}
    if runner:
        values["preferences"] = {**values["preferences"], "runner": runner}
    try:
        return Plan.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"`{'.'.join(map(str, first['loc']))}`: {first['msg']}") from error


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"`{text}` is no number", hint=f"{name} is a number, or unlimited")
    return number

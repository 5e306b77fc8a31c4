"""Read the requirements that a worker wrote: JSON, alone, in a fence or within prose; other text is read as Markdown.

A person approves them before anything is built, so their criteria may be commands, as in a plan that a model writes.
What a person decides otherwise (budget, runners, secrets for checks) is not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import counted, one_line
from mission_cli.document.criteria.item import asked_criterion, item_text
from mission_cli.document.criteria.parse import kind_meant
from mission_cli.document.plans.answer import LONGEST as LONGEST_OF
from mission_cli.document.plans.checks import check
from mission_cli.document.plans.model import Plan, PlanFeature, PlanMilestone
from mission_cli.document.plans.plan import circles
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.status import EXECUTABLE_KINDS
from mission_cli.interchange.criteria import words
from mission_cli.interchange.from_markdown import read_markdown
from mission_cli.interchange.from_prd import CRITERIA, DEPENDS, KEYS, LISTS, TITLES, stories_in
from mission_cli.interchange.proposals.lenient import (
    LONGEST,
    lines_of,
    lists_in,
    printable,
    prose_of,
    values_of,
    without_controls,
)
from mission_cli.interchange.sources import said

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_STAGES = ("milestones", "phases", "stages", "epics")
_ABOUT = ("summary", "goal", "objective", "overview", "description")
_VALIDATION = ("validation", "validation_criteria", *CRITERIA)
_WISH = ("iWant", "i_want", "want", "story")
_MORE = ("description", "details", "notes", "user_story")
_RANKS = (
    ("urgent", "critical", "blocker", "must", "must have", "must-have", "p0"),
    ("high", "should", "should have", "should-have", "p1"),
    ("", "normal", "medium", "p2"),
    ("low", "could", "could have", "could-have", "minor", "p3"),
    ("optional", "lowest", "won't", "wont", "p4"),
)
_NUMBER = pattern(r"[+-]?\d{1,6}(?:\.\d{1,6})?")
_MARK = "manual: "
_MOST_TASKS, _MOST_MILESTONES, _MOST_CRITERIA, _MOST_DEPENDS = 100, 20, 30, 30
_HINT = "reject it with a comment, and it is written again; or correct the file"


@dataclass(frozen=True, slots=True)
class Requirements:
    """What is to be built: a plan with title, goal, milestones and features. Nothing else of the plan is set."""

    plan: Plan
    warnings: tuple[Problem, ...] = ()
    """What `mission lint` would say about the criteria."""
    notes: tuple[str, ...] = ()
    """What was left out or changed, one sentence each."""


def read_requirements(text: str) -> Requirements | Problem:
    """Return the requirements in a document; the problem if it says nothing to do or cannot be read."""
    if len(text) > LONGEST:
        return Problem(1, 1, f"it has {len(text)} characters", f"at most {LONGEST} are read")
    plain = without_controls(text)
    if not plain.strip():
        return Problem(1, 1, "it is empty", _HINT)
    values = values_of(plain)
    if isinstance(values, Problem):
        return values
    for one in values:
        notes: list[str] = []
        plan = _plan(one.source.value, notes, alone=one.whole)
        if plan is not None:
            return _checked(plan, notes)
    if any(one.whole for one in values):
        return Problem(*values[0].source.at(), "it contains no task", "it needs a list called `tasks`")
    taken = read_markdown(plain)
    if taken.plan is None:
        return taken.problems[0]
    notes = []
    return _checked(_bounded(_with_commands(taken.plan, notes), notes), notes)


def _checked(plan: Plan, notes: list[str]) -> Requirements | Problem:
    """Return the requirements if they could be written into a mission file."""
    found = [*check(plan, None), *circles(plan, None)]
    wrong = next((p for p in found if p.severity is Severity.ERROR), None)
    warnings = tuple(p for p in found if "budget" not in p.message)
    return wrong or Requirements(plan, warnings, tuple(dict.fromkeys(notes)))


def _plan(value: object, notes: list[str], *, alone: bool) -> Plan | None:
    """Return the plan in a JSON value; None if there is none. A value that stands `alone` may be a single task."""
    inner = value.get("prd") if isinstance(value, dict) else None
    value = inner if isinstance(inner, dict) else value
    document: Mapping[str, Any] = value if isinstance(value, dict) else {}
    stages = list(_stages(document))
    if not stages:
        found = stories_in(value)
        document = (found[0] if found else {}) or document
        tasks = found[1] if found else [document] if alone and _is_task(document) else []
        stages = [_Stage("", _ordered(tasks), [])] if _ordered(tasks) else []
    if not stages:
        return None
    goal = printable(said(document, *_ABOUT))[: LONGEST_OF["description"]]
    title = one_line(said(document, "title", "project", "name") or goal, LONGEST_OF["title"])
    milestones = list(_milestones(stages, notes))
    title = title or milestones[0].features[0].title
    return _bounded(Plan(title=title, goal=goal or title, milestones=milestones), notes)


@dataclass(frozen=True, slots=True)
class _Stage:
    """A milestone of the document; its tasks are in the order of their priorities."""

    name: str
    tasks: list[Mapping[str, Any]]
    criteria: list[str]


def _stages(document: Mapping[str, Any]) -> Iterator[_Stage]:
    """Yield the milestones of a document that have tasks."""
    stages = next(lists_in(document, _STAGES), [])
    for stage in (s for s in stages if isinstance(s, dict)):
        tasks = _ordered(next((stage[name] for name in LISTS if isinstance(stage.get(name), list)), []))
        if tasks:
            yield _Stage(said(stage, *TITLES), tasks, _criteria_in(stage, _VALIDATION))


def _is_task(document: Mapping[str, Any]) -> bool:
    """Whether a document without a list of tasks is one task itself."""
    return bool(said(document, *TITLES[:4])) and not any(name in document for name in (*LISTS, *_STAGES))


def _ordered(entries: Sequence[object]) -> list[Mapping[str, Any]]:
    """Return the tasks in a list, the most urgent first."""
    told = [{"title": entry} if isinstance(entry, str) else entry for entry in entries]
    named = ({"title": said(t, *_WISH), **t} for t in told if isinstance(t, dict))
    return sorted((t for t in named if one_line(said(t, *TITLES))), key=_rank)


def _milestones(stages: Sequence[_Stage], notes: list[str]) -> Iterator[PlanMilestone]:
    numbers: dict[str, str] = {}
    for m, stage in enumerate(stages, 1):
        for n, task in enumerate(stage.tasks, 1):
            for key in (*KEYS, *TITLES):
                numbers.setdefault(said(task, key).casefold(), f"{m}.{n}")
    for m, stage in enumerate(stages, 1):
        yield PlanMilestone(
            name=one_line(stage.name, LONGEST_OF["name"]) or "Build",
            features=[_feature(task, numbers, f"{m}.{n}", notes) for n, task in enumerate(stage.tasks, 1)],
            validation=_criteria(stage.criteria, notes),
        )


def _feature(task: Mapping[str, Any], numbers: Mapping[str, str], own: str, notes: list[str]) -> PlanFeature:
    title = one_line(said(task, *TITLES), LONGEST_OF["title"])
    about = prose_of(task, LONGEST_OF["description"], *_MORE)
    depends: list[str] = []
    for name in (name for key in DEPENDS for name in lines_of(task.get(key), LONGEST_OF["title"])):
        number = numbers.get(name.casefold())
        if number is None:
            notes.append(f"`{title}` depends on `{one_line(name, 60)}`, which is not in the document: left out")
        elif number != own:
            depends.append(number)
    if len(depends) > _MOST_DEPENDS:
        notes.append(f"`{title}` depends on {len(depends)} tasks: only the first {_MOST_DEPENDS} are taken")
    return PlanFeature(
        title=title,
        description="" if about == title else about,
        estimate=one_line(said(task, "estimate", "effort"), LONGEST_OF["estimate"]),
        criteria=_criteria(_criteria_in(task, CRITERIA), notes),
        depends=list(dict.fromkeys(depends))[:_MOST_DEPENDS],
    )


def _rank(task: Mapping[str, Any]) -> float:
    """Return the place of a task by its priority: the most urgent first, a number as it is."""
    word = said(task, "priority").casefold()
    if _NUMBER.fullmatch(word):
        return float(word)
    return next((float(rank) for rank, names in enumerate(_RANKS) if word in names), 2.0)


def _criteria_in(value: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    return [text for name in names for text in _criterion_texts(value.get(name))]


def _criterion_texts(value: object) -> Iterator[str]:
    """Yield the criteria that a model wrote as texts, or as mappings such as `{"run": "pytest"}`."""
    if isinstance(value, str):
        yield from lines_of(value, LONGEST_OF["criterion"])
    for one in value if isinstance(value, list) else [value] if isinstance(value, dict) else []:
        if isinstance(one, dict):
            kinds = [(name, text) for name, text in one.items() if name in {*map(str, EXECUTABLE_KINDS), "command"}]
            name, text = kinds[0] if len(kinds) == 1 else ("", None)
            if isinstance(text, str) and text.strip():
                yield f"{'run' if name == 'command' else name}: {text.strip()}"
                continue
        yield from lines_of([one], LONGEST_OF["criterion"])


def _criteria(texts: Sequence[str], notes: list[str]) -> list[str]:
    """Return criteria that can be written into a mission file; what cannot be run as it is becomes a question."""
    found = [_criterion(text, notes) for text in dict.fromkeys(texts)]
    if len(found) > _MOST_CRITERIA:
        notes.append(f"{len(found)} criteria in one list: only the first {_MOST_CRITERIA} are taken")
    return found[:_MOST_CRITERIA]


def _criterion(text: str, notes: list[str]) -> str:
    asked = asked_criterion(text)
    shown = one_line(text, 80)
    if asked.conditions.secrets:
        notes.append(f"the criterion `{shown}` asks for a secret, which only a person may give: a person judges it")
    elif asked.wrong or not item_text(asked) or (asked.kind not in EXECUTABLE_KINDS and kind_meant(text)):
        notes.append(f"the criterion `{shown}` cannot be run as it is written: a person judges it")
    elif len(text) <= LONGEST_OF["criterion"]:
        return text
    return words(one_line(text, LONGEST_OF["criterion"]))


def _with_commands(plan: Plan, notes: list[str]) -> Plan:
    """Return a plan from Markdown, in which criteria that are commands were marked as questions, with the commands."""

    def unmarked(texts: Sequence[str]) -> list[str]:
        bare = [text.removeprefix(_MARK) for text in texts]
        runs = [asked_criterion(text).kind in EXECUTABLE_KINDS for text in bare]
        return _criteria([b if run else t for b, t, run in zip(bare, texts, runs, strict=True)], notes)

    milestones = [
        m.model_copy(
            update={
                "validation": unmarked(m.validation),
                "features": [f.model_copy(update={"criteria": unmarked(f.criteria)}) for f in m.features],
            }
        )
        for m in plan.milestones
    ]
    return Plan(title=plan.title, goal=plan.goal, milestones=milestones)


def _bounded(plan: Plan, notes: list[str]) -> Plan:
    """Return the plan with at most as many milestones and tasks as a person can approve."""
    left, kept = _MOST_TASKS, list[PlanMilestone]()
    for milestone in plan.milestones[:_MOST_MILESTONES]:
        features = milestone.features[:left]
        left -= len(features)
        kept += [milestone.model_copy(update={"features": features})] if features else []
    numbers = {f"{m}.{n}" for m, one in enumerate(kept, 1) for n in range(1, len(one.features) + 1)}
    total = sum(len(m.features) for m in plan.milestones)
    if total == len(numbers):
        return plan
    notes.append(f"{counted(total - len(numbers), 'task')} left out: at most {_MOST_TASKS} are taken")
    cut = [
        m.model_copy(
            update={
                "features": [
                    f.model_copy(update={"depends": [d for d in f.depends if d in numbers]}) for f in m.features
                ]
            }
        )
        for m in kept
    ]
    return plan.model_copy(update={"milestones": cut})

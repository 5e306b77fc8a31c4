"""Read a plan from a model's answer: untrusted text, of which only some keys are accepted.

A model may decide what is to be done and by which criteria it is checked. Budget, runners, landing, and commands other
than criteria are a person's decision: such keys are dropped, and a note says so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import counted, one_line
from mission_cli.document.criteria.item import asked_criterion
from mission_cli.document.plans.advice import sum_problems
from mission_cli.document.plans.at_base import base_problems
from mission_cli.document.plans.checks import cap_problems
from mission_cli.document.plans.model import (
    Plan,
    PlanFeature,
    PlanMilestone,
    PlanProbe,
    PlanResearch,
    PlanResource,
)
from mission_cli.document.plans.plan import check_plan, parse_yaml
from mission_cli.document.plans.problems import place_of
from mission_cli.domain.interview.model_questions import read_questions
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.status import EXECUTABLE_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import yaml

    from mission_cli.document.plans.at_base import BaseFacts
    from mission_cli.domain.interview.follow_ups import FollowUp

MILESTONES = (3, 7)
FEATURES = (2, 5)
"""The least and the most milestones that a model is asked for, and features in each; a small goal has one of both."""
LONGEST = {"title": 200, "name": 200, "description": 4000, "estimate": 40, "criterion": 1000, "line": 500, "path": 200}
"""The longest text of each kind, in characters."""
_MOST_LINES = 30

_FENCE = pattern(r"(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})(?P<rest>.*)")
_INDEPENDENT = pattern(r"\[independent\]", re.IGNORECASE)
_NAMES = frozenset({"", "yaml", "yml", "json"})
DECIDED_OF_PLAN = frozenset({
    "title", "non_goals", "constraints", "assumptions", "resources", "milestones", "research", "probe",
})  # fmt: skip
_RESEARCH = frozenset({"topic", "question", "sources", "needed_by"})
_PROBE = frozenset({"assumption", "command", "task"})
_MOST_TOPICS = 5
DECIDED_OF_MILESTONE = frozenset({"name", "estimate", "validation", "features"})
DECIDED_OF_FEATURE = frozenset({"title", "description", "estimate", "criteria", "depends", "files", "needs", "topic"})
_RESOURCE = frozenset({"name", "type", "purpose", "notes"})
_SETTINGS = frozenset({
    "commands", "copy", "env", "hooks", "host", "land", "managed", "model", "protect", "runner", "runners", "sandbox",
    "settings", "setup", "status", "tree",
})  # fmt: skip
_UNQUOTED = ("cannot start any token", "did not find expected", "mapping values are not allowed", "valid string")
_FORMS = "write it as run:, file:, grep:, not grep: or metric:, in quotes"


@dataclass(frozen=True, slots=True)
class Block:
    """The text in a fence; `line` is the line of the answer, from 1, in which it begins."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """A plan, or None if there are errors among the problems; their lines count from the beginning of the block."""

    plan: Plan | None
    problems: tuple[Problem, ...]
    block: Block
    notes: tuple[str, ...] = ()
    """One sentence for each dropped key."""
    questions: tuple[FollowUp, ...] = ()
    """What the model would like to know."""
    doubts: tuple[Problem, ...] = ()
    """Why the model is asked once to correct a plan that could be used."""

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that are errors."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)

    @property
    def found(self) -> tuple[Problem, ...]:
        """The errors, with lines that count from the beginning of the answer."""
        return tuple(replace(p, line=p.line + self.block.line - 1) for p in self.errors)


def read_answer(text: str, *, facts: BaseFacts | None = None, bounded: bool = True) -> ReadAnswer:
    """Return the last block of an answer that is a plan; if none is, the problems of the most likely one.

    `facts`: what is known of the base. `bounded`: whether the numbers of milestones and features are checked.
    """
    asked = _Asked(facts, bounded)
    blocks = list(blocks_of(text))
    if not blocks:
        return _without_fence(text, asked)
    likeliest: ReadAnswer | None = None
    for block in reversed(blocks):
        read = _read(block, asked)
        if read.plan is not None:
            return read
        if likeliest is None or ("milestones:" in block.text and "milestones:" not in likeliest.block.text):
            likeliest = read
    if likeliest is None:
        raise AssertionError("there is at least one block")
    return likeliest


def _without_fence(text: str, asked: _Asked) -> ReadAnswer:
    """Read an answer without a fence: the whole answer may be the plan."""
    read = _read(Block(text, 1), asked)
    if read.plan is not None or "milestones:" in text:
        return read
    return replace(read, problems=(Problem(1, 1, "the answer contains no plan", "end with one fenced yaml block"),))


def blocks_of(text: str) -> Iterator[Block]:
    """Yield the fenced blocks that may be YAML or JSON, in order; one that is not closed extends to the end."""
    opened: _Fence | None = None
    first = 0
    lines: list[str] = []
    for number, line in enumerate([*text.split("\n"), None], 1):
        fence = _fence(line) if line is not None else None
        if opened is None:
            opened, first, lines = fence, number + 1, []
        elif line is None or (fence is not None and fence.closes(opened)):
            if opened.name in _NAMES:
                yield Block("\n".join(lines) + "\n", first)
            opened = None
        else:
            lines.append(line)


@dataclass(frozen=True, slots=True)
class _Fence:
    indent: int
    mark: str
    name: str

    def closes(self, opened: _Fence) -> bool:
        """Whether it has the same character, is at least as long, and is indented by at most 3 columns more."""
        return self.mark.startswith(opened.mark) and not self.name and self.indent <= opened.indent + 3


def _fence(line: str) -> _Fence | None:
    found = _FENCE.match(line)
    if found is None or "`" in found["rest"]:
        return None
    name = (found["rest"].split() or [""])[0]
    return _Fence(len(found["indent"]), found["fence"], name.casefold())


@dataclass(frozen=True, slots=True)
class _Asked:
    facts: BaseFacts | None
    bounded: bool


def _read(block: Block, asked: _Asked) -> ReadAnswer:
    parsed = parse_yaml(block.text, aliases=False)
    if isinstance(parsed, Problem):
        return ReadAnswer(None, (_quoting(parsed),), block)
    root, loaded = parsed
    questions, dropped = read_questions(loaded.pop("questions", None))
    notes = (*dropped, *_drop(loaded))
    read = check_plan(root, loaded)
    if read.plan is None:
        errors = tuple(_quoting(p) for p in read.problems if p.severity is Severity.ERROR)
        return ReadAnswer(None, errors, block, notes)
    problems = tuple(sorted(_rules(read.plan, root, bounded=asked.bounded)))
    if problems:
        return ReadAnswer(None, problems, block, notes)
    doubts = set(read.problems) - {*cap_problems(read.plan, root), *sum_problems(read.plan, root)}
    doubts |= set(base_problems(read.plan, root, asked.facts)) if asked.facts is not None else set()
    return ReadAnswer(_tidy(read.plan), (), block, notes, questions, tuple(sorted(doubts)))


def _quoting(problem: Problem) -> Problem:
    """Add a hint to the usual mistake: a criterion without quotes."""
    if not problem.hint and any(word in problem.message for word in _UNQUOTED):
        return replace(problem, hint="put texts, especially criteria, in double quotes")
    return problem


def _drop(loaded: dict[Any, Any]) -> Iterator[str]:
    """Remove the keys that a model may not decide; yield a note for each."""
    yield from _strip(loaded, DECIDED_OF_PLAN, frozenset(Plan.model_fields), "")
    for n, topic in enumerate(_dicts(loaded.get("research")), 1):
        yield from _strip(topic, _RESEARCH, frozenset(PlanResearch.model_fields), f"research {n}: ")
    for probe in _dicts([loaded.get("probe")]):
        yield from _strip(probe, _PROBE, frozenset(PlanProbe.model_fields), "probe: ")
    for n, resource in enumerate(_dicts(loaded.get("resources")), 1):
        yield from _strip(resource, _RESOURCE, frozenset(PlanResource.model_fields), f"resource {n}: ")
    for m, milestone in enumerate(_dicts(loaded.get("milestones")), 1):
        yield from _strip(milestone, DECIDED_OF_MILESTONE, frozenset(PlanMilestone.model_fields), f"milestone {m}: ")
        for n, feature in enumerate(_dicts(milestone.get("features")), 1):
            yield from _strip(feature, DECIDED_OF_FEATURE, frozenset(PlanFeature.model_fields), f"feature {m}.{n}: ")


def _strip(mapping: dict[Any, Any], allowed: frozenset[str], known: frozenset[str], where: str) -> Iterator[str]:
    for key in [k for k in mapping if k in (known | _SETTINGS) - allowed]:
        yield f"dropped, because a model may not decide it: {where}{key}: {_shown(mapping.pop(key))}"


def _shown(value: object) -> str:
    try:
        return one_line(str(value), 80)
    except ValueError:
        return "a number with too many digits"


def _dicts(value: object) -> list[dict[Any, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _rules(plan: Plan, root: yaml.Node, *, bounded: bool) -> Iterator[Problem]:
    """Check the rules for a model's plan that do not apply to a person's."""
    small = len(plan.milestones) == 1 and len(plan.milestones[0].features) == 1
    bounded = bounded and not small
    if bounded:
        yield from _count(root, len(plan.milestones), MILESTONES, ("milestones",), "the plan", "milestone")
    yield from _long(root, ("title",), plan.title, "title")
    for key in ("non_goals", "constraints", "assumptions"):
        yield from _texts(root, (key,), getattr(plan, key), "line")
    yield from _topics(plan, root)
    for m, milestone in enumerate(plan.milestones):
        place = ("milestones", m)
        yield from _long(root, (*place, "name"), milestone.name, "name")
        yield from _long(root, (*place, "estimate"), milestone.estimate, "estimate")
        if bounded:
            yield from _count(root, len(milestone.features), FEATURES, place, f"milestone {m + 1}", "feature")
        yield from _criteria(root, milestone.validation, (*place, "validation"), f"milestone {m + 1}")
        for n, feature in enumerate(milestone.features):
            where = (*place, "features", n)
            for key in ("title", "description", "estimate"):
                yield from _long(root, (*where, key), getattr(feature, key), key)
            yield from _texts(root, (*where, "files"), feature.files, "path")
            if feature.criteria or not feature.topic:
                yield from _criteria(root, feature.criteria, (*where, "criteria"), f"feature {m + 1}.{n + 1}")


def _topics(plan: Plan, root: yaml.Node) -> Iterator[Problem]:
    if len(plan.research) > _MOST_TOPICS:
        words = f"there are {counted(len(plan.research), 'topic')} of research"
        yield Problem(*place_of(root, ("research",)), words, f"at most {_MOST_TOPICS} are allowed")
    for index, one in enumerate(plan.research):
        yield from _long(root, ("research", index, "topic"), one.topic, "title")
        yield from _long(root, ("research", index, "question"), one.question, "description")
        yield from _texts(root, ("research", index, "sources"), one.sources, "line")
    if plan.probe is not None:
        yield from _long(root, ("probe", "assumption"), plan.probe.assumption, "line")
        yield from _long(root, ("probe", "command"), plan.probe.command, "criterion")
        yield from _long(root, ("probe", "task"), plan.probe.task, "description")


def _count(
    root: yaml.Node, number: int, bounds: tuple[int, int], place: tuple[str | int, ...], name: str, what: str
) -> Iterator[Problem]:
    least, most = bounds
    if not least <= number <= most:
        hint = f"write {least} to {most}; a small goal has one milestone with one feature"
        yield Problem(*place_of(root, place), f"{name} has {counted(number, what)}", hint)


def _criteria(root: yaml.Node, texts: list[str], place: tuple[str | int, ...], name: str) -> Iterator[Problem]:
    if not texts:
        key = "validation" if place[-1] == "validation" else "criteria"
        yield Problem(*place_of(root, place), f"{name} has no criterion", f"add `{key}:` with criteria that can be run")
    yield from _texts(root, place, texts, "criterion")
    for index, text in enumerate(texts):
        criterion = asked_criterion(text)
        if criterion.conditions.secrets:
            words = f"{name}: `{one_line(text, 80)}` asks for a secret"
            yield Problem(*place_of(root, (*place, index)), words, "only a person may give secrets to checks")
        if criterion.kind not in EXECUTABLE_KINDS:
            words = f"{name}: `{one_line(text, 80)}` cannot be run"
            yield Problem(*place_of(root, (*place, index)), words, _FORMS)


def _texts(root: yaml.Node, place: tuple[str | int, ...], texts: list[str], kind: str) -> Iterator[Problem]:
    if len(texts) > _MOST_LINES:
        yield Problem(*place_of(root, place), f"the list has {len(texts)} lines", f"at most {_MOST_LINES} are allowed")
    for index, text in enumerate(texts):
        yield from _long(root, (*place, index), text, kind)


def _long(root: yaml.Node, place: tuple[str | int, ...], text: str, kind: str) -> Iterator[Problem]:
    if len(text) > LONGEST[kind]:
        words = f"this {kind} has {len(text)} characters"
        yield Problem(*place_of(root, place), words, f"at most {LONGEST[kind]} are allowed")


def _tidy(plan: Plan) -> Plan:
    """Remove `[independent]` from the names, because it has a meaning in a mission file."""
    milestones = [m.model_copy(update={"name": plain_name(m.name)}) for m in plan.milestones]
    return plan.model_copy(update={"milestones": milestones})


def plain_name(name: str) -> str:
    """Return the name of a milestone without `[independent]`."""
    while _INDEPENDENT.search(name):
        name = _INDEPENDENT.sub("", name)
    return name.strip() or "Milestone"

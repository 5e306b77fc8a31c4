"""Read and check playbook files: every problem has line, column and hint."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import did_you_mean, one_line
from mission_cli.document.plans.plan import ReadPlan, parse_yaml
from mission_cli.document.plans.problems import model_problem, place_of, repeated_keys
from mission_cli.document.playbooks.conditions import FORMS, read_condition
from mission_cli.document.playbooks.fill import fill
from mission_cli.document.playbooks.model import NAME, PARAMETER, PLACEHOLDER, Playbook
from mission_cli.document.playbooks.values import Value, read_value, read_values, sample_values, shown_example
from mission_cli.document.syntax.yaml_text import without_nothing
from mission_cli.domain.problems import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


LONGEST = 500_000
"""The most characters of a playbook file."""
_MOST_TRIES = 60
_TYPED = {"choices": ("choice",), "pattern": ("string", "list"), "minimum": ("integer", "number")}
_TYPED["maximum"] = _TYPED["minimum"]


@dataclass(frozen=True, slots=True)
class ReadPlaybook:
    """A playbook with the nodes of its plan, or None if there are errors among the problems."""

    playbook: Playbook | None
    plan: yaml.Node | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep it from being used."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)


def read_playbook(text: str) -> ReadPlaybook:
    """Read a playbook file: its form, its parameters and its placeholders."""
    if len(text) > LONGEST:
        return _failed(Problem(1, 1, f"it has {len(text)} characters", f"at most {LONGEST} are allowed"))
    parsed = parse_yaml(text)
    if isinstance(parsed, Problem):
        wording = "a playbook is a mapping" if parsed.message == "a plan is a mapping" else parsed.message
        return _failed(Problem(parsed.line, parsed.column, wording, "begin with `playbook:` and `plan:`"))
    root, loaded = parsed
    wrong = list(repeated_keys(root))
    try:
        playbook = Playbook.model_validate(without_nothing(loaded))
    except ValidationError as error:
        return _failed(*sorted({*wrong, *(model_problem(Playbook, root, e) for e in error.errors())}))
    plan = next(below for key, below in root.value if key.value == "plan")
    wrong += _named(playbook, root)
    wrong += [problem for name in playbook.parameters for problem in _parameter(playbook, name, root)]
    wrong += _placeholders(playbook, plan, root)
    found = ReadPlaybook(playbook, plan, tuple(sorted(set(wrong))))
    return _failed(*found.problems) if found.errors else found


def check_playbook(text: str) -> ReadPlaybook:
    """Read a playbook and make its plan with sample values: one set, each other choice, and each opposite."""
    read = read_playbook(text)
    if read.playbook is None or read.plan is None:
        return read
    found = {(p.line, p.column, p.message): p for p in read.problems}
    for _, given in zip(range(_MOST_TRIES), sample_values(read.playbook), strict=False):
        for problem in fill(read.plan, read_values(read.playbook, given).values).problems:
            found.setdefault((problem.line, problem.column, problem.message), problem)
    return ReadPlaybook(read.playbook, read.plan, tuple(sorted(found.values())))


def plan_with(read: ReadPlaybook, values: Mapping[str, Value]) -> ReadPlan:
    """Return the plan of a playbook that was read without errors."""
    if read.plan is None:
        return ReadPlan(None, read.problems)
    return fill(read.plan, values)


def _failed(*problems: Problem) -> ReadPlaybook:
    return ReadPlaybook(None, None, problems)


def _named(playbook: Playbook, root: yaml.Node) -> Iterator[Problem]:
    if not NAME.fullmatch(playbook.playbook):
        words = f"`{one_line(playbook.playbook, 60)}` cannot name a playbook"
        yield Problem(*place_of(root, ("playbook",)), words, "use small letters, digits and single hyphens")


def _parameter(playbook: Playbook, name: str, root: yaml.Node) -> Iterator[Problem]:
    """Yield what is wrong with the declaration of a parameter."""
    parameter, place = playbook.parameters[name], ("parameters", name)
    if not PARAMETER.fullmatch(name):
        yield Problem(*place_of(root, place), f"`{one_line(name, 60)}` cannot name a parameter", "begin with a letter")
    for key, types in _TYPED.items():
        if getattr(parameter, key) not in ("", [], None) and parameter.type not in types:
            words = f"`{key}` has no effect on a parameter of the type {parameter.type}"
            yield Problem(*place_of(root, (*place, key)), words, f"it is for {' and '.join(types)}")
    if parameter.type == "choice" and not parameter.choices:
        yield Problem(*place_of(root, place), f"`{name}` has no choices", "list them under `choices:`")
    if parameter.required and parameter.default is not None:
        words = f"`{name}` is required and has a default"
        yield Problem(*place_of(root, (*place, "required")), words, "remove one of them")
    if not parameter.needed and parameter.default is None and parameter.type in {"integer", "number", "choice"}:
        words = f"`{name}` is not required, and has no default"
        yield Problem(*place_of(root, place), words, "give it a default")
    try:
        re.compile(parameter.pattern)
    except re.error as error:
        yield Problem(*place_of(root, (*place, "pattern")), f"`pattern` cannot be read: {error}", "correct it")
        return
    yield from _examples(name, playbook, root)


def _examples(name: str, playbook: Playbook, root: yaml.Node) -> Iterator[Problem]:
    """Yield what is wrong with the default and the example of a parameter, and a missing example."""
    parameter, place = playbook.parameters[name], ("parameters", name)
    for key, told in (("default", parameter.default), ("example", parameter.example)):
        read = None if told is None or told in ("", []) else read_value(parameter, told)
        if read is not None and not isinstance(read, Value):
            yield Problem(*place_of(root, (*place, key)), f"the {key} of `{name}` is wrong: {read[0]}", read[1])
    if parameter.pattern and not shown_example(parameter):
        yield Problem(*place_of(root, place), f"`{name}` has a pattern but no example", "add `example:`")
    if not parameter.description:
        words = f"`{name}` has no description"
        yield Problem(*place_of(root, place), words, "say what the value is for", Severity.WARNING)


def _placeholders(playbook: Playbook, plan: yaml.Node, root: yaml.Node) -> Iterator[Problem]:
    """Yield placeholders and conditions without a parameter, and parameters without a placeholder."""
    known, used = playbook.parameters, set[str]()
    for node, is_key, is_condition in _scalars(plan):
        at = (node.start_mark.line + 1, node.start_mark.column + 1)
        text = str(node.value)
        names = [found[2] for found in PLACEHOLDER.finditer(text) if not found[1]]
        if is_key and names:
            yield Problem(*at, f"the key `{one_line(text, 60)}` contains a placeholder", "only values can vary")
        condition = read_condition(text) if is_condition else None
        if is_condition and condition is None:
            yield Problem(*at, "the condition cannot be read", FORMS)
        names += [condition.name] if condition else []
        used |= set(names)
        for name in names:
            if name not in known:
                near = did_you_mean(
                    name, known, f"declare it under `parameters:`, or write {{{{!{name}}}}} for the text"
                )
                yield Problem(*at, f"`{name}` is not a parameter", near)
        if condition and condition.wanted is not None and condition.name in known:
            yield from _wanted(condition.wanted, condition.name, playbook, at)
    for name in known:
        if name not in used:
            words = f"the parameter `{name}` is not used"
            yield Problem(*place_of(root, ("parameters", name)), words, "remove it", Severity.WARNING)


def _wanted(wanted: str, name: str, playbook: Playbook, at: tuple[int, int]) -> Iterator[Problem]:
    """Yield an error for a condition that can never hold."""
    parameter = playbook.parameters[name]
    read = None if parameter.type == "choice" and not parameter.choices else read_value(parameter, wanted)
    if read is not None and not isinstance(read, Value):
        yield Problem(*at, f"`{name}` is never `{one_line(wanted, 60)}`: {read[0]}", read[1])


def _scalars(root: yaml.Node) -> Iterator[tuple[yaml.ScalarNode, bool, bool]]:
    """Yield the texts of a plan; whether each is a key, and whether it is the condition of an entry of a list."""
    waiting: list[tuple[yaml.Node, bool, bool]] = [(root, False, False)]
    met: set[int] = set()
    while waiting:
        node, is_key, is_condition = waiting.pop()
        if isinstance(node, yaml.ScalarNode):
            yield node, is_key, is_condition
        elif id(node) not in met:
            met.add(id(node))
            pairs: Any = node.value if isinstance(node, yaml.MappingNode) else ()
            waiting += [(key, True, False) for key, _ in pairs]
            waiting += [(below, False, key.value == "when") for key, below in pairs]
            waiting += [(below, False, False) for below in node.value] if isinstance(node, yaml.SequenceNode) else []

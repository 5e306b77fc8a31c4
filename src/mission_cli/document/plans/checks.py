"""Check a plan beyond its form: dependencies must name one feature, criteria must be readable, texts must fit."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import (
    one_line,
    parse_stamp,
    why_no_duration,
)
from mission_cli.document.checking.lint import weak_criterion
from mission_cli.document.criteria.item import asked_criterion, item_text
from mission_cli.document.criteria.parse import kind_meant, misspelling
from mission_cli.document.plans.problems import place_of
from mission_cli.document.reading.equipment.resources import why_wrong
from mission_cli.document.reading.features import match_names
from mission_cli.document.reading.front_schema import KEYS, MOMENT_HINT, SCHEDULE_HINT, why_wrong_text
from mission_cli.document.reading.phases import gate_problems, phase_of, written_problems
from mission_cli.domain.ids import FeatureNumber, feature_number, why_bad_id
from mission_cli.domain.outline.areas import why_no_area
from mission_cli.domain.phases.table import named, with_gate
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.resources.rows import key_of
from mission_cli.domain.status import GateKind
from mission_cli.domain.timing.schedule import why_no_schedule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import yaml

    from mission_cli.document.plans.model import Plan, PlanFeature
    from mission_cli.domain.mission import Mission

    Place = tuple[str | int, ...]

_SPLIT = pattern(r"[,;\s]+")
_PROSE = frozenset({"description", "goal", "question", "task"})
_LONG_LINES = frozenset({"non_goals", "constraints", "assumption", "command"})
_CRITERIA = frozenset({"criteria", "validation"})
_WITHOUT = {
    "validation": "only the tests and builds that are found in the code are run",
    "criteria": "any change with which the tests pass is accepted",
}
_ALSO = {
    **dict.fromkeys(("bash", "cmd", "command", "exec", "shell", "sh", "test", "tests"), "run"),
    **dict.fromkeys(("exists", "path", "paths"), "file"),
    **dict.fromkeys(("contains", "match", "regex"), "grep"),
}
"""Names of kinds in other tools, which have a command or a path in backticks behind them."""
_LONGEST_PROSE, _LONGEST_LINE, _LONGEST_PROSE_LINE = 100_000, 1_000, 19_000
_LONGEST = 300
"""The longest title, name, or value in the front matter or a cell, in characters."""


def check(plan: Plan, root: yaml.Node | None) -> Iterator[Problem]:
    """Yield errors for mistakes, and warnings for what is missing before `start`."""
    yield from check_values(plan, root)
    yield from _long(plan.model_dump(), root, ())
    depends = titles_of(plan)
    for m, milestone in enumerate(plan.milestones):
        place: Place = ("milestones", m)
        yield from _criteria(milestone.validation, root, (*place, "validation"), f"milestone {m + 1}")
        yield from _estimate(milestone.estimate, root, (*place, "estimate"))
        for n, feature in enumerate(milestone.features):
            below = (*place, "features", n)
            yield from _feature(feature, f"{m + 1}.{n + 1}", depends, root, below)
    yield from _resources(plan, root)
    yield from _gates(plan, root, depends)
    yield from _phases(plan, root)
    yield from cap_problems(plan, root)


def _resources(plan: Plan, root: yaml.Node | None) -> Iterator[Problem]:
    """Yield errors for rows that cannot be used, and for needs of resources that are not in the plan."""
    known = {key_of(one.name) for one in plan.resources}
    for n, one in enumerate(plan.resources):
        place = place_of(root, ("resources", n))
        cells = (one.name, one.type, one.purpose, one.reference, one.check, one.notes)
        if wrong := why_wrong(one.name, one.reference, one.expires, cells):
            yield Problem(*place, f"resource {n + 1}: {wrong[0]}", wrong[1])
    for m, milestone in enumerate(plan.milestones):
        for n, feature in enumerate(milestone.features):
            for need in feature.needs:
                if key_of(need) not in known:
                    place = place_of(root, ("milestones", m, "features", n, "needs"))
                    words = f"{m + 1}.{n + 1} needs `{one_line(need, 60)}`, which is not among the `resources`"
                    yield Problem(*place, words, "add it there, or remove it here")


def cap_problems(plan: Plan, root: yaml.Node | None) -> Iterator[Problem]:
    """Yield a warning for a plan without a cap."""
    budget = plan.budget
    if not (budget.money_usd or budget.time_hours or budget.token_limit):
        hint = "`start` needs one: set budget.money_usd, time_hours or token_limit, or write unlimited"
        yield Problem(*place_of(root, ("budget",)), "the plan has no budget cap", hint, Severity.WARNING)


def feature_problems(
    feature: PlanFeature, number: FeatureNumber, titles: Mapping[str, list[FeatureNumber]]
) -> Iterator[Problem]:
    """Yield what is wrong with one feature that is added to a mission; `titles` are its other features."""
    if not one_line(feature.title):
        yield Problem(1, 1, "the title is empty", "name what is built")
    yield from _long(feature.model_dump(), None, ())
    yield from _feature(feature, number, titles, None, ())


def milestone_problems(name: str, number: int, estimate: str, criteria: list[str]) -> Iterator[Problem]:
    """Yield what is wrong with one milestone that is added to a mission, without its features."""
    if not one_line(name):
        yield Problem(1, 1, "the name is empty", "name what is reached")
    yield from _long({"name": name, "estimate": estimate}, None, ())
    yield from _estimate(estimate, None, ())
    yield from _criteria(criteria, None, ("validation",), f"milestone {number}")


def _feature(
    feature: PlanFeature,
    number: str,
    titles: Mapping[str, list[FeatureNumber]],
    root: yaml.Node | None,
    place: Place,
) -> Iterator[Problem]:
    if feature.criteria or not feature.topic:
        yield from _criteria(feature.criteria, root, (*place, "criteria"), f"feature {number}")
    yield from _estimate(feature.estimate, root, (*place, "estimate"))
    for i, path in enumerate(feature.files):
        if why := why_no_area(path):
            words = f"`{one_line(path, 80)}` of {number} {why}"
            yield Problem(
                *place_of(root, (*place, "files", i)), words, "write a path such as src/shop or tests/test_shop.py"
            )
    for i, name in enumerate(feature.depends):
        at = place_of(root, (*place, "depends", i))
        yield from why_not_one_feature(name, titles, number, "depends on", at)


def titles_of_mission(mission: Mission) -> Mapping[str, list[FeatureNumber]]:
    """Return the features of a mission by title, ignoring case."""
    found: defaultdict[str, list[FeatureNumber]] = defaultdict(list)
    for feature in mission.features():
        found[_flat(feature.title)].append(feature.number)
    return found


def check_values(plan: Plan, root: yaml.Node | None) -> Iterator[Problem]:
    """Yield errors for an id that cannot be one, and for times and a schedule that cannot be read."""
    if plan.id and why_bad_id(plan.id):
        yield Problem(*place_of(root, ("id",)), f"{one_line(plan.id)!r} cannot be an id: {why_bad_id(plan.id)}")
    yield from _times(plan, root)


def titles_of(plan: Plan) -> Mapping[str, list[FeatureNumber]]:
    """Return the features by title, ignoring case; several if a title is used twice."""
    found: defaultdict[str, list[FeatureNumber]] = defaultdict(list)
    for m, milestone in enumerate(plan.milestones, 1):
        for n, feature in enumerate(milestone.features, 1):
            found[_flat(feature.title)].append(FeatureNumber(f"{m}.{n}"))
    return found


def named_feature(name: str, titles: Mapping[str, list[FeatureNumber]]) -> str:
    """Return the number of the feature with that title; the name itself if there is none."""
    return titles.get(_flat(name), [FeatureNumber(name)])[0]


def numbers_named(name: str, titles: Mapping[str, list[FeatureNumber]]) -> tuple[FeatureNumber, ...]:
    """Return the features that a number, a wildcard or an alias means."""
    return match_names(filter(None, _SPLIT.split(name)), _numbers(titles), _aliases(titles))[0]


def _numbers(titles: Mapping[str, list[FeatureNumber]]) -> list[FeatureNumber]:
    return [number for numbers in titles.values() for number in numbers]


def _flat(title: str) -> str:
    return one_line(title, len(title) + 1).casefold()


def _times(plan: Plan, root: yaml.Node | None) -> Iterator[Problem]:
    words = why_no_schedule(plan.schedule) if plan.schedule else ""
    if words:
        said = f"`schedule` is `{one_line(plan.schedule)}`: {words}"
        yield Problem(*place_of(root, ("schedule",)), said, SCHEDULE_HINT)
    for name, text in (("deadline", plan.deadline), ("end_date", plan.end_date)):
        if text and parse_stamp(text) is None:
            yield Problem(*place_of(root, (name,)), f"`{name}` is not a date: `{one_line(text)}`", MOMENT_HINT)
    for name, text in (("lifetime", plan.lifetime), ("check_every", plan.check_every)):
        wrong = why_wrong_text(KEYS[name], name, text.strip()) if text.strip() else None
        if wrong:
            yield Problem(*place_of(root, (name,)), *wrong)


def _estimate(text: str, root: yaml.Node | None, place: Place) -> Iterator[Problem]:
    if "longer" in (words := why_no_duration(text.strip().lstrip("~≈").strip())):
        yield Problem(
            *place_of(root, place), f"the estimate `{one_line(text, 60)}` {words}", "write hours, for example 4h"
        )


def _gates(plan: Plan, root: yaml.Node | None, titles: Mapping[str, list[FeatureNumber]]) -> Iterator[Problem]:
    """Yield errors for features that a gate names and that do not exist; a gate names numbers, not titles."""
    numbers, aliases = _numbers(titles), _aliases(titles)
    for g, gate in enumerate(plan.gates):
        for key, names in (("after", gate.after), ("blocks", gate.blocks)):
            for index, name in enumerate(names):
                for unknown in match_names(filter(None, _SPLIT.split(name)), numbers, aliases)[1]:
                    at = place_of(root, ("gates", g, key, index))
                    words = (
                        f"the gate `{one_line(gate.name, 60)}` names `{one_line(unknown, 60)}`, which does not exist"
                    )
                    yield Problem(*at, words, "name features by number, for example 1.1 or 2.*")


def _phases(plan: Plan, root: yaml.Node | None) -> Iterator[Problem]:
    """Yield errors for phases that cannot work, and for the rows of their gates."""
    phases = [phase_of(p.name, p.worker, p.gate, p.on_reject) for p in plan.phases]
    numbers = range(1, len(plan.milestones) + 1)
    for number, phase in enumerate(phases):
        at = ("phases", number)
        if named(phases[:number], phase.name) is not None:
            words, hint = f"the phase `{phase.name}` appears twice", "give each phase a name of its own"
            yield Problem(*place_of(root, (*at, "name")), words, hint)
        for field, words, hint in written_problems(phases, number, numbers):
            yield Problem(*place_of(root, (*at, field)), words, hint)
    for index, gate in enumerate(plan.gates):
        owner = with_gate(phases, gate.name)
        approval = GateKind(gate.kind) is GateKind.APPROVAL
        for words, hint in gate_problems(owner.name, gate.name, gate.rule, approval=approval) if owner else ():
            yield Problem(*place_of(root, ("gates", index)), words, hint)


def why_not_one_feature(
    name: str, titles: Mapping[str, list[FeatureNumber]], owner: str, verb: str, at: tuple[int, int]
) -> Iterator[Problem]:
    """Yield an error if a name of a feature means none or several; `owner` and `verb` say who names it for what."""
    called = titles.get(_flat(name), [])
    numbers = _numbers(titles)
    also = feature_number(name)
    if also in numbers and also is not None:
        called = list(dict.fromkeys([*called, also]))
    shown = one_line(name, 80)
    if len(called) > 1:
        words = f"{owner} {verb} `{shown}`, which can mean {', '.join(called)}"
        yield Problem(*at, words, "name it by its number")
    elif not called and not name.strip():
        yield Problem(*at, f"{owner} {verb} an empty name", "name a feature by number or title")
    elif not called and "," not in name and match_names([name], numbers, _aliases(titles))[1]:
        some = ", ".join(sorted(numbers)[:8])
        yield Problem(*at, f"{owner} {verb} `{shown}`, which does not exist", f"there are {some}")


def _aliases(titles: Mapping[str, list[FeatureNumber]]) -> dict[str, FeatureNumber]:
    from mission_cli.document.reading.features import read_row

    drafts = [read_row({"feature": t}, number=n[0], line=0, column=0) for t, n in titles.items() if t[:1].isalpha()]
    return {draft.alias: draft.feature.number for draft in drafts if draft.alias}


def _criteria(texts: list[str], root: yaml.Node | None, place: Place, owner: str) -> Iterator[Problem]:
    if not texts:
        hint = f"without `{place[-1]}:` {_WITHOUT[str(place[-1])]}"
        yield Problem(*place_of(root, place[:-1]), f"{owner} has no criterion", hint, Severity.WARNING)
    for index, text in enumerate(texts):
        at = place_of(root, (*place, index))
        criterion = asked_criterion(text)
        shown = one_line(text, 80)
        if criterion.wrong:
            words = f"the criterion `{shown}` of {owner} cannot be read: {criterion.wrong}"
            yield Problem(*at, words, criterion.remedy)
        elif meant := _kind_meant(text):
            words, hint = misspelling(text, meant)
            yield Problem(*at, f"the criterion `{shown}` of {owner} cannot be read: {words}", hint)
        elif not text.strip():
            yield Problem(*at, f"{owner} has an empty criterion", "remove it")
        elif not item_text(criterion):
            hint = "put the command into a script in the repository and run that"
            yield Problem(*at, f"the criterion `{shown}` of {owner} cannot be written into a mission file", hint)
        else:
            yield from weak_criterion(replace(criterion, text=shown), at)


def _kind_meant(text: str) -> str:
    """Return the kind that a criterion does not name correctly: misspelled, or by another tool's name."""
    word, _, rest = text.partition(":")
    return kind_meant(text) or (_ALSO.get(word.strip().casefold(), "") if rest.lstrip().startswith("`") else "")


def _long(value: object, root: yaml.Node | None, place: Place) -> Iterator[Problem]:
    """Yield errors for texts that are too long for a mission file."""
    if isinstance(value, dict):
        for key, below in value.items():
            if key not in _CRITERIA:
                yield from _long(below, root, (*place, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _long(below, root, (*place, index))
    elif isinstance(value, str):
        key = next(step for step in reversed(place) if isinstance(step, str))
        most = _LONGEST_PROSE if key in _PROSE else _LONGEST_LINE if key in _LONG_LINES else _LONGEST
        line = max(map(len, value.split("\n")))
        if len(value) > most:
            yield Problem(*place_of(root, place), f"`{key}` has {len(value)} characters", f"at most {most} are allowed")
        elif line > _LONGEST_PROSE_LINE:
            words = f"`{key}` has a line of {line} characters"
            yield Problem(*place_of(root, place), words, f"at most {_LONGEST_PROSE_LINE} are allowed")

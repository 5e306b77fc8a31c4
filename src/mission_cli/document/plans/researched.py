"""What a plan wants to know before the work: topics, each a feature on which others depend, and a probe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.document.plans.checks import named_feature, numbers_named, titles_of, why_not_one_feature
from mission_cli.document.plans.model import PlanFeature, PlanGate
from mission_cli.document.plans.problems import place_of
from mission_cli.domain.problems import Problem
from mission_cli.domain.research.topics import document_of, topic_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import yaml

    from mission_cli.document.plans.model import Plan, PlanResearch
    from mission_cli.domain.ids import FeatureNumber

_LONGEST_TITLE = 120


def research_problems(plan: Plan, root: yaml.Node | None) -> Iterator[Problem]:
    """Yield errors for topics that appear twice, and for features that need one and do not exist."""
    titles, seen = titles_of(plan), set[str]()
    gates = {gate.name.casefold() for gate in plan.gates}
    for m, milestone in enumerate(plan.milestones):
        for n, feature in enumerate(milestone.features):
            if topic := topic_of(feature.topic):
                yield from _twice(topic, seen, place_of(root, ("milestones", m, "features", n, "topic")))
    for index, one in enumerate(plan.research):
        place, topic = ("research", index), topic_of(one.topic)
        yield from _twice(topic, seen, place_of(root, (*place, "topic")))
        if one.review and _gate_of(topic).casefold() in gates:
            words = f"the gate `{_gate_of(topic)}` exists, and `review` of the topic `{topic}` makes one of that name"
            yield Problem(*place_of(root, (*place, "review")), words, "remove one of them")
        for at, name in enumerate(one.needed_by):
            where = place_of(root, (*place, "needed_by", at))
            yield from why_not_one_feature(name, titles, f"the topic `{topic}`", "is needed by", where)


def probe_problems(plan: Plan, root: yaml.Node | None) -> Iterator[Problem]:
    """Yield an error for a probe that names no check, or two."""
    if plan.probe is not None and bool(plan.probe.command.strip()) == bool(plan.probe.task.strip()):
        words = "`probe` needs exactly one of `command` and `task`"
        hint = "a command that exits with 0 if the assumption holds, or what an agent tries"
        yield Problem(*place_of(root, ("probe",)), words, hint)


def _twice(topic: str, seen: set[str], at: tuple[int, int]) -> Iterator[Problem]:
    if topic in seen:
        words = f"the topic `{topic}` appears twice"
        yield Problem(*at, words, f"each has a document of its own, here research/{document_of(topic)}")
    seen.add(topic)


def with_research(plan: Plan) -> Plan:
    """Return the plan with a feature for each topic, which those that need it depend on; `research` is empty then.

    The feature is the last one of the first milestone with a feature that needs it, so no other number changes.
    """
    if not plan.research:
        return plan
    titles = titles_of(plan)
    features = [list(milestone.features) for milestone in plan.milestones]
    gates = list(plan.gates)
    for one in plan.research:
        topic, needing = topic_of(one.topic), _needing(plan, one, titles)
        home = min((int(number.split(".")[0]) for number in needing), default=1)
        features[home - 1].append(_feature(one, topic))
        number = f"{home}.{len(features[home - 1])}"
        for needs in needing:
            m, n = (int(part) - 1 for part in needs.split("."))
            before = features[m][n]
            features[m][n] = before.model_copy(update={"depends": [*before.depends, number]})
        if one.review:
            rule = f"read research/{document_of(topic)}"
            gates.append(PlanGate(name=_gate_of(topic), kind="approval", after=[number], blocks=needing, rule=rule))
    milestones = [m.model_copy(update={"features": f}) for m, f in zip(plan.milestones, features, strict=True)]
    return plan.model_copy(update={"milestones": milestones, "gates": gates, "research": []})


def _needing(plan: Plan, one: PlanResearch, titles: Mapping[str, list[FeatureNumber]]) -> list[str]:
    """Return the features that are to depend on a topic; if the plan names none, every one without a dependency."""
    if one.needed_by:
        named = [number for name in one.needed_by for number in numbers_named(named_feature(name, titles), titles)]
        return list(dict.fromkeys(named))
    return [
        f"{m}.{n}"
        for m, milestone in enumerate(plan.milestones, 1)
        for n, feature in enumerate(milestone.features, 1)
        if not feature.depends and not feature.topic
    ]


def _feature(one: PlanResearch, topic: str) -> PlanFeature:
    sources = [f"- {one_line(source)}" for source in one.sources]
    parts = [
        one.question.strip() or one.topic.strip(),
        "\n".join(["Look here first:", "", *sources]) if sources else "",
    ]
    limits = f"usd {one.max_usd:g}" if one.max_usd else ""
    title = one_line(f"Research: {one.topic}", _LONGEST_TITLE)
    return PlanFeature(title=title, description="\n\n".join(filter(None, parts)), topic=topic, limits=limits)


def _gate_of(topic: str) -> str:
    """Return the name of the gate at which people look at what was found out."""
    return f"research-{topic}"

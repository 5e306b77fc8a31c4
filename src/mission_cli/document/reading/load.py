"""Read a text as a mission: `load` never raises; what it cannot read is reported as a problem."""

from __future__ import annotations

import re
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.lazy_re import pattern
from mission_cli._support.lazy_sequence import Later
from mission_cli._support.text import counted, one_line, parse_stamp
from mission_cli.document.criteria.at_gates import with_gate_reviews
from mission_cli.document.criteria.parse import read_criterion
from mission_cli.document.reading import prose, tables
from mission_cli.document.reading.checklists import listed_features
from mission_cli.document.reading.equipment.feedback import feedback, feedback_problems
from mission_cli.document.reading.equipment.resources import resource_problems, resources
from mission_cli.document.reading.features import Draft, read_row, resolve
from mission_cli.document.reading.front_schema import YES, front_problems
from mission_cli.document.reading.learning.rows import learned_in, learned_problems
from mission_cli.document.reading.loaded import Loaded, MilestonePlace
from mission_cli.document.reading.metadata import Facts
from mission_cli.document.reading.outside.purchases import purchases
from mission_cli.document.reading.phases import phase_problems, phases
from mission_cli.document.reading.problems.contradictions import contradictions
from mission_cli.document.reading.problems.implausible import MOST_MILESTONES, no_text, odd_values, too_large
from mission_cli.document.reading.problems.unread_criteria import criteria_below, unread_criteria
from mission_cli.document.reading.problems.unread_features import column_of, number_in, unread_features
from mission_cli.document.syntax import escape
from mission_cli.document.syntax.scan import scan
from mission_cli.document.syntax.spans import without_comments
from mission_cli.document.syntax.vocabulary import hours, milestone_status, mission_status, number
from mission_cli.domain.ids import FeatureNumber, MissionId, feature_number, why_bad_id
from mission_cli.domain.mail.addresses import is_pattern
from mission_cli.domain.mission import Feature, Milestone, Mission
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.resources.rows import holding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.syntax.layout import Layout
    from mission_cli.document.syntax.rows import Row, Table
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.tables import Gate

MILESTONE_TITLE = pattern(r"(?:Milestone\s+|M)(\d{1,9})\b\s*[:.—–-]?\s*(.*)\Z", re.IGNORECASE)
_FEATURE_SECTION = pattern(r"F?(\d+\.\d+)\b[\s:.—–-]*(.*)\Z", re.IGNORECASE)
_INDEPENDENT = pattern(r"\s*`?\[independent\]`?", re.IGNORECASE)
_CONFLICT = pattern(r"^(<{7} .*|={7}|>{7} .*)$", re.MULTILINE)
_ROUNDS = pattern(r"\d{1,9}")


_MOST_MISSIONS, _VERSIONS = 128, 2
_known: dict[str, tuple[tuple[str, Loaded], ...]] = {}
"""The last versions of the last missions that were read: older versions of a running mission are never read again."""


def load(text: str, fallback_id: str = "") -> Loaded:
    """Read a mission file. `fallback_id` is the folder's name, used if the file has no id."""
    kept = _known.pop(fallback_id, ())
    found = next((loaded for known, loaded in kept if known == text), None) or _load(text, fallback_id)
    if len(_known) >= _MOST_MISSIONS:
        _known.pop(next(iter(_known)), None)
    _known[fallback_id] = ((text, found), *(one for one in kept if one[0] != text))[:_VERSIONS]
    return found


def _load(text: str, fallback_id: str) -> Loaded:
    layout = scan(text)
    front = layout.front
    places = list(islice(milestone_places(layout), MOST_MILESTONES + 1))
    endless = list(too_large(layout, places))
    places = [] if endless else places
    grave = [*no_text(text, front), *front.problems, *_conflict_markers(layout), *endless]
    grave = grave or list(contradictions(layout, places))
    drafts, row_problems = _drafts(places)
    sections = feature_sections(layout)
    unread = [] if grave else [*unread_features(layout, places), *unread_criteria(layout, places, sections)]
    features, more = resolve(drafts)
    problems = [*grave, *row_problems, *unread, *more]
    milestones = tuple(_milestone(layout, p, features, sections) for p in places)
    problems += [
        *_milestone_problems(milestones, layout),
        *_unread_criteria(milestones, layout),
        *tables.row_problems(layout, features),
        *_bad_recipients(layout),
        *learned_problems(layout),
    ]
    by_alias = {d.alias: d.feature.number for d in drafts if d.alias}
    gates, gate_problems = tables.gates(layout, [f.number for f in features], by_alias)
    problems += gate_problems
    mission = _mission(layout, fallback_id, milestones, gates)
    problems += phase_problems(layout, mission)
    problems += [*resource_problems(layout, mission.resources, features), *feedback_problems(layout)]
    if mission.status is None and front.node("status") is None:
        words = f"the status `{mission.raw_status}` is not known"
        problems.append(Problem(1, 1, words, "it is kept, but the mission does not run", Severity.WARNING))
    problems += [*front_problems(front, mission.in_force, mission.id), *odd_values(layout, places, gates)]
    incomplete = bool(unread) and mission.managed
    return Loaded(mission, tuple(sorted(problems)), layout, bool(grave) or incomplete, incomplete)


def milestone_places(layout: Layout) -> Iterator[MilestonePlace]:
    """Yield every milestone section, in file order."""
    for section, heading in enumerate(layout.headings):
        found = MILESTONE_TITLE.match(heading.title) if section and heading.level in {2, 3, 4} else None
        if not found:
            continue
        tables = tuple(t for t in layout.tables if "feature" in t.columns and layout.within(t.section, section))
        listed = () if tables else tuple(listed_features(layout, section, int(found[1])))
        yield MilestonePlace(int(found[1]), section, tables, listed)


def feature_rows(table: Table, milestone: int) -> Iterator[tuple[FeatureNumber | None, Row]]:
    """Yield the real rows of a feature table with their numbers; None if the cell has no number."""
    for row in table.real_rows():
        yield number_in(table, row, milestone), row


def _drafts(places: list[MilestonePlace]) -> tuple[list[Draft], list[Problem]]:
    drafts: list[Draft] = []
    problems: list[Problem] = []
    for place in places:
        for one in place.listed:
            line, column = one.item.line.number, one.item.start - one.item.line.start + 1
            drafts.append(read_row(one.texts, number=one.number, line=line, column=column))
        for table in place.tables:
            for found, row in feature_rows(table, place.number):
                column = column_of(row)
                if found is None:
                    continue
                texts = dict(zip(table.columns, row.texts, strict=False))
                draft = read_row(texts, number=found, line=row.line.number, column=column)
                wide = len(row.texts) > len(table.columns)
                drafts.append(replace(draft, feature=replace(draft.feature, broken=True)) if wide else draft)
                if len(row.texts) != len(table.columns):
                    cells = f"{counted(len(row.texts), 'cell')} in {counted(len(table.columns), 'column')}"
                    hint = "write a pipe inside a cell as \\|"
                    severity = Severity.ERROR if wide else Severity.WARNING
                    problems.append(Problem(row.line.number, column, f"{found} has {cells}", hint, severity))
    return drafts, problems


def feature_sections(layout: Layout) -> dict[FeatureNumber, int]:
    """Return the sections with description and criteria of features, by the number in their headings."""
    found: dict[FeatureNumber, int] = {}
    for section, heading in enumerate(layout.headings):
        title = _FEATURE_SECTION.match(heading.title) if section and heading.level >= 3 else None  # noqa: PLR2004 - a feature is below a milestone
        if title:
            feature = feature_number(title[1])
            if feature is not None:
                found.setdefault(feature, section)
    return found


def _milestone(
    layout: Layout, place: MilestonePlace, features: tuple[Feature, ...], sections: dict[FeatureNumber, int]
) -> Milestone:
    heading = layout.headings[place.section]
    found = MILESTONE_TITLE.match(heading.title)
    name = found[2] if found else heading.title
    fields = {f.name: f.text for f in layout.fields if f.section == place.section}
    lines = {row.line.number for table in place.tables for row in table.rows}
    lines |= {one.item.line.number for one in place.listed}
    mine = tuple(_described(layout, f, sections.get(f.number)) for f in features if f.line in lines)
    rounds = _ROUNDS.search(fields.get("rounds", ""))
    return Milestone(
        number=place.number,
        name=_INDEPENDENT.sub("", name).strip(),
        status=milestone_status(fields.get("status", "")),
        raw_status=fields.get("status", ""),
        estimate_hours=hours(fields.get("estimate", "")),
        rounds=int(rounds[0]) if rounds else 0,
        started_at=fields.get("started at", ""),
        passed_at=fields.get("passed at", ""),
        independent=bool(_INDEPENDENT.search(name)),
        criteria=_milestone_criteria(layout, place.section, fields.get("validation", "")),
        features=mine,
        line=heading.line.number,
    )


def criteria_section(layout: Layout, owner: str) -> int:
    """Return the section with the criteria of a milestone (`1`) or feature (`1.2`); -1 if there is none."""
    feature = feature_number(owner)
    if feature is not None:
        return feature_sections(layout).get(feature, -1)
    place = next((p for p in milestone_places(layout) if str(p.number) == owner), None)
    return criteria_below(layout, place.section) if place else -1


def _milestone_criteria(layout: Layout, section: int, validation: str) -> tuple[Criterion, ...]:
    below = criteria_below(layout, section)
    listed = section_criteria(layout, below) if below >= 0 else ()
    if listed or not validation:
        return listed
    line = next(f.line.number for f in layout.fields if f.section == section and f.name == "validation")
    return (read_criterion(validation, line=line),)


def section_criteria(layout: Layout, section: int) -> tuple[Criterion, ...]:
    """Return the checklist items of a section, without those of its subsections."""
    return tuple(
        read_criterion(
            item.text,
            more=[layout.raw(line) for line in item.more],
            ticked=item.ticked,
            line=item.line.number,
            index=index,
        )
        for index, item in enumerate(i for i in layout.items if i.section == section)
    )


def _described(layout: Layout, feature: Feature, section: int | None) -> Feature:
    if section is None:
        return feature
    more = {line.number for item in layout.items if item.section == section for line in item.more}
    words = [layout.raw(line) for s, line in layout.prose if s == section and line.number not in more]
    return replace(
        feature,
        description=escape.unescaped(without_comments("\n".join(words)).strip()),
        criteria=section_criteria(layout, section),
    )


def _names(layout: Layout, facts: Facts, fallback_id: str) -> tuple[MissionId, str]:
    """Return id and title; a file without a good id has that of its folder, and one without a title its heading."""
    raw_id = facts.text("id") or fallback_id
    title = facts.text("title") or next((h.title for h in layout.headings if h.level == 1), "") or raw_id
    return MissionId(fallback_id if fallback_id and why_bad_id(raw_id) else raw_id), title


def _mission(layout: Layout, fallback_id: str, milestones: tuple[Milestone, ...], gates: tuple[Gate, ...]) -> Mission:
    facts = Facts(layout)
    identity, title = _names(layout, facts, fallback_id)
    mode, reviews = facts.text("mode"), facts.review_rules()
    found = tuple(resources(layout))
    return Mission(
        id=identity,
        title=title,
        status=mission_status(facts.text("status")),
        raw_status=facts.text("status"),
        goal=prose.goal(layout),
        kind=facts.text("type") or "development",
        mode=mode if mode and mode != "subagent" else "full",
        priority=facts.text("priority") or "normal",
        repo=facts.text("repo"),
        base=facts.text("base"),
        created=facts.text("created"),
        started=facts.text("started"),
        completed=facts.text("completed"),
        deadline=facts.text("deadline"),
        pause_at=facts.text("pause_at"),
        schedule=facts.text("schedule"),
        end_date=facts.text("end_date"),
        executions=int(number(facts.text("executions")) or 0),
        autonomous=facts.text("autonomous").casefold() in YES,
        lifetime=facts.text("lifetime"),
        check_every=facts.text("check_every"),
        archived=facts.text("archived") if parse_stamp(facts.text("archived")) else "",
        notify=facts.names("notify"),
        managed=facts.managed,
        host=facts.text("host"),
        limits=facts.limits(),
        in_force=facts.in_force,
        noted=facts.pairs("noted"),
        models=facts.pairs("model_routing"),
        preferences=facts.preferences(),
        reviews=reviews,
        orchestrator=facts.orchestrator(),
        quality_threshold=facts.quality_threshold(),
        constraints=prose.listed(layout, "constraints"),
        assumptions=prose.listed(layout, "assumptions"),
        success_criteria=prose.listed(layout, "success criteria"),
        non_goals=prose.listed(layout, "non-goals", "out of scope"),
        milestones=with_gate_reviews(milestones, gates) if reviews.reviewers and reviews.at_gates else milestones,
        phases=tuple(phases(layout)),
        gates=gates,
        team=tuple(tables.team(layout)),
        approvals=Later(partial(tables.approvals, layout)),
        requests=Later(partial(tables.requests, layout)),
        waits=Later(partial(tables.waits, layout)),
        messages=Later(partial(tables.messages, layout)),
        held_out=Later(partial(tables.held_out, layout)),
        pulls=Later(partial(tables.pulls, layout)),
        previews=Later(partial(tables.previews, layout)),
        feedback=Later(partial(feedback, layout)),
        deploys=Later(partial(tables.deploys, layout)),
        mails=Later(partial(tables.mails, layout)),
        purchases=Later(partial(purchases, layout)),
        mail_recipients=tuple(one for one in facts.names("mail_recipients") if is_pattern(one)),
        needed_resources=holding(found, {need for m in milestones for f in m.features for need in f.needs}),
        resources=found,
        spends=Later(partial(tables.spends, layout)),
        recoveries=Later(partial(tables.recoveries, layout)),
        progress=Later(partial(tables.progress, layout)),
        kept=Later(partial(tables.kept, layout)),
        learned=Later(partial(learned_in, layout)),
    )


def _unread_criteria(milestones: tuple[Milestone, ...], layout: Layout) -> Iterator[Problem]:
    columns = {item.line.number: item.start - item.line.start + 1 for item in layout.items}
    for milestone in milestones:
        for criterion in (*milestone.criteria, *(c for f in milestone.features for c in f.criteria)):
            if criterion.wrong:
                words = f"the criterion `{one_line(criterion.text, 80)}` is not run: {criterion.wrong}"
                yield Problem(criterion.line, columns.get(criterion.line, 1), words, criterion.remedy)


def _bad_recipients(layout: Layout) -> Iterator[Problem]:
    """Yield warnings for entries of `mail_recipients` that allow nothing."""
    for one in Facts(layout).names("mail_recipients"):
        if one and not is_pattern(one):
            words = f"`{one_line(one, 60)}` in `mail_recipients` is not an address: it allows no mail"
            hint = "write ada@example.org or *@example.org"
            yield Problem(layout.front.line_of("mail_recipients"), 1, words, hint, Severity.WARNING)


def _conflict_markers(layout: Layout) -> Iterator[Problem]:
    if "<<<<<<< " not in layout.text:
        return
    start = layout.lines[layout.first].start if layout.first < len(layout.lines) else len(layout.text)
    for found in _CONFLICT.finditer(layout.text):
        line = layout.text.count("\n", 0, found.start()) + 1
        if found[0].startswith("<") or found.start() < start:
            yield Problem(line, 1, "the file contains a merge conflict", "choose one side and remove the markers")


def _milestone_problems(milestones: tuple[Milestone, ...], layout: Layout) -> Iterator[Problem]:
    for milestone in milestones:
        if milestone.status is None:
            line = next(
                (f.line.number for f in layout.fields if f.name == "status" and f.text == milestone.raw_status),
                milestone.line,
            )
            yield Problem(
                line,
                1,
                f"milestone {milestone.number} has the status `{milestone.raw_status}`, which is not known",
                "it is kept but does not run",
                Severity.WARNING,
            )

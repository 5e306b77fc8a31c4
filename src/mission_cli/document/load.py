"""A text as a mission: `load` never raises, what it could not read stands among the problems."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli.document import escape, tables
from mission_cli.document.criteria import read_criterion
from mission_cli.document.features import Draft, read_row, resolve
from mission_cli.document.scan import Layout, Row, Table, scan, without_comments
from mission_cli.document.words import hours, milestone_status, mission_status, number, plain
from mission_cli.domain.ids import FeatureNumber, MissionId, feature_number, why_bad_id
from mission_cli.domain.mission import Criterion, Feature, Gate, Limits, Milestone, Mission, Preferences
from mission_cli.domain.problems import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.front import Front

_MILESTONE = re.compile(r"(?:Milestone\s+|M)(\d+)\b\s*[:.—–-]?\s*(.*)\Z", re.IGNORECASE)
_FEATURE_SECTION = re.compile(r"F?(\d+\.\d+)\b[\s:.—–-]*(.*)\Z", re.IGNORECASE)
_INDEPENDENT = re.compile(r"\s*`?\[independent\]`?", re.IGNORECASE)
_CONFLICT = re.compile(r"^(<{7} .*|={7}|>{7} .*)$", re.MULTILINE)
_ROUNDS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a text says. `refused` is true where nothing of it may be driven."""

    mission: Mission
    problems: tuple[Problem, ...]
    layout: Layout
    refused: bool

    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop something from running."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)


@dataclass(frozen=True, slots=True)
class MilestonePlace:
    """Where a milestone stands: its section and the tables that hold its features."""

    number: int
    section: int
    tables: tuple[Table, ...]


def load(text: str, fallback_id: str = "") -> Loaded:
    """Read a mission file. `fallback_id` is the folder's name, used where the file names no id."""
    layout = scan(text)
    front = layout.front
    problems = [*front.problems, *_conflict_markers(layout)]
    refused = bool(problems)
    if front.missing and not text.strip():
        problems.append(Problem(1, 1, "the file is empty"))
        refused = True
    places = list(milestone_places(layout))
    drafts, row_problems = _drafts(places)
    features, more = resolve(drafts)
    problems += [*row_problems, *more]
    sections = _feature_sections(layout)
    milestones = tuple(_milestone(layout, p, features, sections) for p in places)
    problems += _milestone_problems(milestones, layout)
    by_alias = {d.alias: d.feature.number for d in drafts if d.alias}
    gates, gate_problems = tables.gates(layout, [f.number for f in features], by_alias)
    problems += gate_problems
    mission = _mission(layout, fallback_id, milestones, gates)
    if mission.status is None:
        value = front.value("status")
        at = (value.line, value.column) if value else (1, 1)
        problems.append(
            Problem(
                *at,
                f"the status `{mission.raw_status}` is not known",
                "it is kept, and nothing is driven",
                Severity.WARNING,
            )
        )
    problems += _number_problems(front)
    return Loaded(mission, tuple(sorted(problems)), layout, refused)


def milestone_places(layout: Layout) -> Iterator[MilestonePlace]:
    """Every milestone section in file order."""
    for section, heading in enumerate(layout.headings):
        found = _MILESTONE.match(heading.title) if section else None
        if not found or heading.level not in {2, 3, 4}:
            continue
        tables = tuple(t for t in layout.tables if "feature" in t.columns and layout.within(t.section, section))
        yield MilestonePlace(int(found[1]), section, tables)


def feature_rows(table: Table, milestone: int) -> Iterator[tuple[FeatureNumber | None, Row]]:
    """The real rows of a feature table with their numbers; None where the cell holds no number."""
    for row in table.real_rows():
        text = table.text(row, "#").strip("`* ")
        found = feature_number(text)
        if found is None and text.isdigit():
            found = FeatureNumber(f"{milestone}.{int(text)}")
        yield found, row


def _drafts(places: list[MilestonePlace]) -> tuple[list[Draft], list[Problem]]:
    drafts: list[Draft] = []
    problems: list[Problem] = []
    for place in places:
        for table in place.tables:
            for found, row in feature_rows(table, place.number):
                column = _column(row)
                if found is None:
                    problems.append(
                        Problem(
                            row.line.number,
                            column,
                            "a feature without a number",
                            f"write {place.number}.N into the column #",
                        )
                    )
                    continue
                texts = {name: table.text(row, name) for name in table.columns}
                drafts.append(read_row(texts, number=found, line=row.line.number, column=column))
                if len(row.cells) != len(table.columns):
                    problems.append(
                        Problem(
                            row.line.number,
                            column,
                            f"{found} has {len(row.cells)} cells under {len(table.columns)} columns",
                            "write a pipe inside of a cell as \\|",
                            Severity.WARNING,
                        )
                    )
    return drafts, problems


def _column(row: Row) -> int:
    return row.cells[0].start - row.line.start + 1 if row.cells else 1


def _feature_sections(layout: Layout) -> dict[FeatureNumber, int]:
    found: dict[FeatureNumber, int] = {}
    for section, heading in enumerate(layout.headings):
        title = _FEATURE_SECTION.match(heading.title) if section and heading.level >= 3 else None  # noqa: PLR2004 - a feature lies in a milestone
        if title:
            feature = feature_number(title[1])
            if feature is not None:
                found.setdefault(feature, section)
    return found


def _milestone(
    layout: Layout, place: MilestonePlace, features: tuple[Feature, ...], sections: dict[FeatureNumber, int]
) -> Milestone:
    heading = layout.headings[place.section]
    found = _MILESTONE.match(heading.title)
    name = found[2] if found else heading.title
    fields = {f.name: f.text for f in layout.fields if f.section == place.section}
    lines = {row.line.number for table in place.tables for row in table.rows}
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
    """The section whose checklist holds the criteria of a milestone (`1`) or feature (`1.2`); -1 if there is none."""
    feature = feature_number(owner)
    if feature is not None:
        return _feature_sections(layout).get(feature, -1)
    place = next((p for p in milestone_places(layout) if str(p.number) == owner), None)
    return _criteria_below(layout, place.section) if place else -1


def _criteria_below(layout: Layout, milestone: int) -> int:
    for index in range(milestone + 1, len(layout.headings)):
        if not layout.within(index, milestone):
            break
        if plain(layout.headings[index].title).endswith("criteria"):
            return index
    return -1


def _milestone_criteria(layout: Layout, section: int, validation: str) -> tuple[Criterion, ...]:
    below = _criteria_below(layout, section)
    listed = section_criteria(layout, below) if below >= 0 else ()
    if listed or not validation:
        return listed
    line = next(f.line.number for f in layout.fields if f.section == section and f.name == "validation")
    return (read_criterion(validation, line=line),)


def section_criteria(layout: Layout, section: int) -> tuple[Criterion, ...]:
    """The checklist items that stand directly in a section."""
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
    words = [layout.raw(line) for s, line in layout.prose if s == section]
    return replace(
        feature,
        description=escape.unescaped(without_comments("\n".join(words)).strip()),
        criteria=section_criteria(layout, section),
    )


def _mission(layout: Layout, fallback_id: str, milestones: tuple[Milestone, ...], gates: tuple[Gate, ...]) -> Mission:
    front = layout.front
    raw_id = front.text("id") or fallback_id
    title = front.text("title") or next((h.title for h in layout.headings if h.level == 1), "") or raw_id
    return Mission(
        id=MissionId(fallback_id if fallback_id and why_bad_id(raw_id) else raw_id),
        title=title,
        status=mission_status(front.text("status")),
        raw_status=front.text("status"),
        goal=_goal(layout),
        kind=front.text("type") or "development",
        mode=front.text("mode") or "full",
        priority=front.text("priority") or "normal",
        repo=front.text("repo"),
        base=front.text("base"),
        created=front.text("created"),
        started=front.text("started"),
        completed=front.text("completed"),
        deadline=front.text("deadline") or front.text("due") or front.text("due_at"),
        schedule=front.text("schedule"),
        executions=int(number(front.text("executions")) or 0),
        managed=front.text("managed") == "mission",
        host=front.text("host"),
        limits=_limits(front),
        models=front.pairs("model_routing"),
        preferences=_preferences(front),
        constraints=_listed(layout, "scope", "constraints"),
        milestones=milestones,
        gates=gates,
        approvals=tuple(tables.approvals(layout)),
        requests=tuple(tables.requests(layout)),
        waits=tuple(tables.waits(layout)),
        needed_resources=tuple(tables.needed_resources(layout)),
        spends=tuple(tables.spends(layout)),
        recoveries=tuple(tables.recoveries(layout)),
        progress=tuple(tables.progress(layout)),
    )


def _goal(layout: Layout) -> str:
    for section, heading in enumerate(layout.headings):
        if layout.path(section) in {("scope", "goal"), ("goal",)} or layout.path(section)[-2:] == (
            "scope",
            "goal",
        ):
            words = [layout.raw(line) for s, line in layout.prose if s == section]
            text = without_comments("\n".join(words)).strip()
            if text:
                return text
        if heading.level == 1:
            quote = [layout.raw(line) for s, line in layout.prose if s == section]
            lines = [q.lstrip("> ").strip() for q in quote if q.lstrip().startswith(">")]
            if lines and not _has_scope_goal(layout):
                return "\n".join(lines).strip()
    return ""


def _has_scope_goal(layout: Layout) -> bool:
    return any(layout.path(s)[-2:] == ("scope", "goal") for s in range(1, len(layout.headings)))


def _listed(layout: Layout, *path: str) -> tuple[str, ...]:
    for section in range(1, len(layout.headings)):
        if layout.path(section)[-len(path) :] == path:
            lines = [layout.raw(line).strip() for s, line in layout.prose if s == section]
            return tuple(line.lstrip("-*+ ") for line in lines if line[:1] in {"-", "*", "+"} and line.lstrip("-*+ "))
    return ()


def _limits(front: Front) -> Limits:
    caps: dict[str, Decimal | None] = {}
    unlimited = set()
    for name, key in (("usd", "money_usd"), ("hours", "time_hours"), ("tokens", "token_limit")):
        text = front.text("budget", key)
        value = number(text)
        caps[name] = value or None
        if text.casefold() == "unlimited":
            unlimited.add(name)
    return Limits(
        usd=caps["usd"],
        hours=caps["hours"],
        tokens=caps["tokens"],
        unlimited=frozenset(unlimited),
        alert_pct=number(front.text("budget", "alert_threshold_pct")) or Decimal(80),
        per_feature_usd=number(front.text("budget", "per_feature_usd")) or None,
    )


def _preferences(front: Front) -> Preferences:
    workers = number(front.text("preferences", "max_parallel_workers"))
    words = []
    for key in ("tech_stack", "deploy_target", "test_framework", "ci_provider", "coding_style"):
        values = [v for v in front.texts("preferences", key) if v]
        if values:
            words.append(f"{key.replace('_', ' ')}: {', '.join(values)}")
    return Preferences(
        max_parallel_workers=int(workers) if workers else None,
        runner=front.text("preferences", "runner") or "opencode",
        land=front.text("preferences", "land") or "ask",
        worker_command=front.text("preferences", "worker_command"),
        lines=tuple(words),
    )


def _conflict_markers(layout: Layout) -> Iterator[Problem]:
    if "<<<<<<< " not in layout.text:
        return
    start = layout.lines[layout.first].start if layout.first < len(layout.lines) else len(layout.text)
    for found in _CONFLICT.finditer(layout.text):
        line = layout.text.count("\n", 0, found.start()) + 1
        if found[0].startswith("<") or found.start() < start:
            yield Problem(line, 1, "a merge conflict is left in the file", "decide for one side and remove the markers")


def _milestone_problems(milestones: tuple[Milestone, ...], layout: Layout) -> Iterator[Problem]:
    seen: dict[int, int] = {}
    for milestone in milestones:
        if milestone.number in seen:
            yield Problem(
                milestone.line,
                1,
                f"two milestones are called {milestone.number}",
                f"the other is in line {seen[milestone.number]}",
            )
        seen.setdefault(milestone.number, milestone.line)
        if milestone.status is None:
            line = next(
                (f.line.number for f in layout.fields if f.name == "status" and f.text == milestone.raw_status),
                milestone.line,
            )
            yield Problem(
                line,
                1,
                f"milestone {milestone.number} has the status `{milestone.raw_status}`, which is not known",
                "it is kept and does not run",
                Severity.WARNING,
            )


def _number_problems(front: Front) -> Iterator[Problem]:
    for key in ("money_usd", "time_hours", "token_limit", "alert_threshold_pct", "per_feature_usd"):
        value = front.value("budget", key)
        if (
            value
            and value.text.strip()
            and number(value.text) is None
            and value.text.casefold() not in {"unlimited", "null", "~"}
        ):
            yield Problem(
                value.line,
                value.column,
                f"`budget.{key}` is no number: `{value.text}`",
                "it is read as unset; write a number, or unlimited",
                Severity.WARNING,
            )

"""`mission lint`: report what `start` would refuse and what proves nothing, in addition to the problems of reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import counted, one_line
from mission_cli.document.checking.inert import inert
from mission_cli.document.checking.weak_commands import weaknesses
from mission_cli.document.checking.weak_conditions import weak_conditions
from mission_cli.document.criteria.parse import kind_meant, misspelling
from mission_cli.document.reading.load import feature_sections, milestone_places
from mission_cli.document.reading.phases import unnamed_milestones
from mission_cli.document.reading.sections import rows_in
from mission_cli.document.syntax.scan import LONGEST_LINE
from mission_cli.domain.agents.drafts import Fate, is_path, rows_of
from mission_cli.domain.budget.amounts import why_no_amount
from mission_cli.domain.criteria.gate_condition import why_unreadable
from mission_cli.domain.ids import why_bad_id
from mission_cli.domain.outline.areas import collision_words, collisions
from mission_cli.domain.phases.table import with_gate
from mission_cli.domain.problems import Problem, Severity
from mission_cli.domain.status import CriterionKind, GateKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.document.syntax.layout import Layout
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.mission import Feature, Mission
    from mission_cli.domain.tables import Gate

_NOT_UTF8 = pattern("[\udc80-\udcff]")


def lint(loaded: Loaded) -> tuple[Problem, ...]:
    """Return all problems of a file, in the order of their lines."""
    layout = loaded.layout
    known = {problem.line for problem in loaded.problems}
    found = [*loaded.problems, *_bytes(layout), *_identity(loaded), *_budget(loaded)]
    found += [
        *(p for p in (*_rows(layout), *_long_lines(layout)) if p.line not in known),
        *_spends(layout),
        *_plan(loaded.mission),
        *_gates(loaded),
        *unnamed_milestones(loaded.mission),
    ]
    found += [*_rowless(loaded), *_reviewers(loaded), *_drafts(loaded.mission)]
    found += _undeclared(loaded.mission)
    found += inert(loaded)
    return tuple(sorted(found))


def _undeclared(mission: Mission) -> Iterator[Problem]:
    """Yield warnings for resources that hold the whole mission although its features say what they need."""
    if any(feature.needs for feature in mission.features()):
        for one in mission.resources:
            if one.name in mission.needed_resources:
                words = f"no feature needs the resource `{one_line(one.name, 60)}`, so it holds the whole mission"
                yield Problem(one.line, 1, words, f"add [needs:{one.key}] to features", Severity.WARNING)


def _drafts(mission: Mission) -> Iterator[Problem]:
    """Yield warnings for rows of drafts that nothing uses, and for words in `Promote?` from which nothing follows."""
    for row in rows_of(mission):
        if not is_path(row.path):
            words = f"the draft `{one_line(row.path, 60)}` is not used"
            hint = "its path has to be agents/NAME.md, scripts/NAME.sh or scripts/NAME.py, with a name in lower case"
            yield Problem(row.line, 1, words, hint, Severity.WARNING)
        if row.fate is Fate.OTHER:
            words = f"`{one_line(row.promote, 60)}` in the column `Promote?` decides nothing"
            hint = "write to me, to the repository or discarded; or leave it empty until the end of the mission"
            yield Problem(row.line, 1, words, hint, Severity.WARNING)


def _bytes(layout: Layout) -> Iterator[Problem]:
    odd = _NOT_UTF8.search(layout.text)
    if odd:
        line = next(line for line in layout.lines if line.start <= odd.start() < line.end)
        hint = "save the file as UTF-8; until then the byte is kept as it is"
        yield Problem(line.number, odd.start() - line.start + 1, "a byte that is not UTF-8", hint, Severity.WARNING)


def _identity(loaded: Loaded) -> Iterator[Problem]:
    value = loaded.layout.front.value("id")
    reason = why_bad_id(value.text.strip()) if value and value.text.strip() else ""
    if value and reason:
        hint = "the name of the folder is used instead" if loaded.mission.id != value.text.strip() else ""
        yield Problem(value.line, value.column, f"`{value.text}` cannot be the id of a mission: {reason}", hint)


def _budget(loaded: Loaded) -> Iterator[Problem]:
    front = loaded.layout.front
    if loaded.mission.limits.any_cap or front.missing or front.problems:
        return
    value = front.value("budget", "money_usd")
    at = (value.line, value.column) if value else (1, 1)
    hint = "`start` needs one: set money_usd, time_hours or token_limit, or write unlimited"
    yield Problem(*at, "there is no budget cap", hint, Severity.WARNING)


def _long_lines(layout: Layout) -> Iterator[Problem]:
    for line in layout.lines[layout.first :]:
        if line.end - line.start > LONGEST_LINE:
            words = f"a line of {line.end - line.start} characters is kept but not read"
            hint = f"at most {LONGEST_LINE} characters are read"
            yield Problem(line.number, 1, words, hint, Severity.WARNING)


def _rowless(loaded: Loaded) -> Iterator[Problem]:
    """Yield a warning for each section of a feature that no table has a row for."""
    known = {feature.number for feature in loaded.mission.features()}
    for number, section in feature_sections(loaded.layout).items():
        if number not in known:
            heading = loaded.layout.headings[section]
            words = f"the section of {number} belongs to no feature: its criteria judge nothing"
            hint = f"add a row {number} to the table of features, or remove the section"
            yield Problem(heading.line.number, 1, words, hint, Severity.WARNING)


def _rows(layout: Layout) -> Iterator[Problem]:
    said = {id(t) for place in milestone_places(layout) for t in place.tables}
    for table in layout.tables:
        for row in table.rows:
            if id(table) not in said and len(row.cells) != len(table.columns) and not row.empty():
                words = f"this row has {counted(len(row.cells), 'cell')} in {counted(len(table.columns), 'column')}"
                column = row.cells[0].start - row.line.start + 1 if row.cells else 1
                yield Problem(row.line.number, column, words, "write a pipe inside a cell as \\|", Severity.WARNING)


def _spends(layout: Layout) -> Iterator[Problem]:
    for row in rows_in(layout, "Budget Tracking", "category", "amount"):
        text = row["amount"]
        if why_no_amount(text) == "is not a number" and text.casefold() != "unknown":
            words = f"the amount `{text}` is not a number" if text else "a cost without an amount"
            hint = "it counts as unknown; write a number, or the word unknown"
            yield Problem(row.line, row.column, words, hint, Severity.WARNING)


def _plan(mission: Mission) -> Iterator[Problem]:
    parallel = not mission.poc and mission.preferences.max_parallel_workers != 1
    for milestone in mission.milestones:
        reviewed = bool(mission.reviews.reviewers)
        yield from _criteria(milestone.criteria, f"milestone {milestone.number}", milestone.line, reviewed=reviewed)
        vacuous = [c for c in milestone.criteria if c.baseline and c.baseline.verdict is Verdict.PASSED]
        for criterion in vacuous:
            words = f"`{criterion.text}` passed before any work, so it proves nothing about the work"
            yield Problem(criterion.line, 1, words, "", Severity.WARNING)
        if not milestone.features:
            yield Problem(milestone.line, 1, f"milestone {milestone.number} has no features", "", Severity.WARNING)
        for one, other, paths in collisions([f for f in milestone.features if not f.finished]) if parallel else ():
            words = collision_words(one, other, paths)
            hint = f"add `[depends:{one.number}]`, or give them different `[files:…]`"
            yield Problem(other.line, 1, words, hint, Severity.WARNING)
        for feature in milestone.features:
            yield from _criteria(feature.criteria, f"feature {feature.number}", feature.line, reviewed=reviewed)


def _gates(loaded: Loaded) -> Iterator[Problem]:
    broken = {problem.line for problem in loaded.problems}
    for gate in loaded.mission.gates:
        phase = with_gate(loaded.mission.phases, gate.name)
        if phase is not None:
            if gate.after or gate.blocks:
                words = f"After and Blocks of the gate `{gate.name}` have no effect"
                hint = f"it is asked when the worker of the phase `{phase.name}` is done"
                yield Problem(gate.line, 1, words, hint, Severity.WARNING)
            continue
        if not gate.blocks and gate.line not in broken:
            words = f"the gate `{gate.name}` blocks no feature, so it holds only the end of the mission"
            yield Problem(gate.line, 1, words, "if it is to hold features, name them under Blocks", Severity.WARNING)
        if gate.kind is GateKind.QUALITY:
            yield from _quality(loaded.mission, gate)


def _criteria(criteria: tuple[Criterion, ...], name: str, line: int, *, reviewed: bool) -> Iterator[Problem]:
    if not criteria:
        found = "only the tests and builds that are found in the code are run"
        hint = found if name.startswith("milestone") else "any change with which the tests pass is accepted"
        yield Problem(line, 1, f"{name} has no criterion", hint, Severity.WARNING)
    for criterion in criteria:
        yield from weak_criterion(criterion, (criterion.line, 1))
        if criterion.wrong:
            continue
        if criterion.kind is CriterionKind.TEXT and not reviewed:
            words = f"`{criterion.text}` cannot be run: a person will be asked"
            hint = "if possible, write it as run:, file:, grep:, metric:, http: or browser:"
            if meant := kind_meant(criterion.text):
                hint = misspelling(criterion.text, meant)[1]
            yield Problem(criterion.line, 1, words, hint, Severity.WARNING)
        elif criterion.kind is CriterionKind.REVIEW and not reviewed:
            words = f"`{criterion.text}`: there is no reviewer: a person will be asked"
            yield Problem(criterion.line, 1, words, "name agents in `reviews.reviewers`", Severity.WARNING)


def weak_criterion(criterion: Criterion, at: tuple[int, int]) -> Iterator[Problem]:
    """Yield warnings for what hides that a command failed, and for secrets that the work can read."""
    if criterion.kind is CriterionKind.RUN and not criterion.wrong:
        for words, hint in weaknesses(criterion.command):
            yield Problem(*at, f"the criterion `{one_line(criterion.text, 80)}`: {words}", hint, Severity.WARNING)
    for words, hint in weak_conditions(criterion) if not criterion.wrong else ():
        yield Problem(*at, f"the criterion `{one_line(criterion.text, 80)}`: {words}", hint, Severity.WARNING)


def _reviewers(loaded: Loaded) -> Iterator[Problem]:
    """Yield a warning for each reviewer that is named as a member of the team and is none."""
    value = loaded.layout.front.value("reviews", "reviewers")
    line = value.line if value is not None else 1
    for text in loaded.mission.reviews.reviewers:
        if text.startswith("@") and loaded.mission.member(text[1:]) is None:
            words = f"the reviewer `{text}` is not in the team: the usual runner reviews"
            yield Problem(line, 1, words, f"add a row `{text[1:]}` to `## Team`", Severity.WARNING)


def _quality(mission: Mission, gate: Gate) -> Iterator[Problem]:
    why = why_unreadable(gate.condition) if gate.condition else ""
    if why:
        words = f"the condition `{one_line(gate.condition, 80)}` of the gate `{gate.name}` cannot be evaluated: {why}"
        yield Problem(gate.line, 1, words, "a person will be asked", Severity.WARNING)
    judged = [f for n in gate.after if (f := mission.feature(n)) is not None]
    plain = [f.number for f in judged if not f.criteria]
    if plain:
        what = f"the gate `{gate.name}` scores {', '.join(plain)}"
        words = f"{what}, without criteria: a feature done by a worker scores 5, by a person 1"
        yield Problem(gate.line, 1, words, "add criteria", Severity.WARNING)
    unscored = [f.number for f in judged if f.criteria and not _reviewed(f)]
    if gate.min_score is not None and unscored:
        what = f"the gate `{gate.name}` needs a score, but there is no review of {', '.join(unscored)}"
        words = f"{what}: criteria that pass score 5"
        hint = "add a criterion `review: … (>= 4)`, or use the rule allPassed"
        yield Problem(gate.line, 1, words, hint, Severity.WARNING)


def _reviewed(feature: Feature) -> bool:
    return any(c.kind is CriterionKind.REVIEW for c in feature.criteria)

"""Compare two versions of a mission file field by field: `1.2 dispatched → done; +$0.42`."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.document.merging.parts import Grid, Kind, sections_of
from mission_cli.document.merging.tables import PLACEHOLDER, named_rows, role_of
from mission_cli.domain.budget.amounts import CATEGORIES, show_amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mission_cli.document.merging.parts import Line, Section
    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.mission import Feature, Milestone, Mission

T = TypeVar("T")

_RUN = pattern(r"(\d+\.\d+)-a\d+\b")
_UNSAID = frozenset({"budget tracking"})
"""Sections whose tables are not listed row by row, because their changes are reported as amounts."""
_COUNTED = frozenset({"progress log"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that changed. `subject`: `mission`, `milestone 1`, a feature `1.2`, or a section and a row's name."""

    subject: str
    what: str
    """`status`, `worker`, `spend`, …; `new` or `gone` if the whole subject was added or removed."""
    before: str = ""
    after: str = ""

    def words(self) -> str:
        """Return the change in a few words, without the subject."""
        if self.what in {"new", "gone"}:
            return f"{self.what}: {self.after or self.before}"
        if self.what == "spend":
            return self.after
        named = "" if self.what == "status" else f"{self.what} "
        return f"{named}{self.before or '-'} → {self.after or '-'}"


def differences(before: Loaded, after: Loaded) -> list[Difference]:
    """Return what changed, in the order of the file; for prose only the number of changed lines."""
    old, new = before.mission, after.mission
    spent = _spent(old, new)
    found = [*_front(before, after), *spent.pop("mission", ())]
    for number in _both((m.number for m in old.milestones), (m.number for m in new.milestones)):
        was, now = old.milestone(number), new.milestone(number)
        found += _milestone(number, was, now)
        for name in _both(*([f.number for f in m.features] if m else [] for m in (was, now))):
            found += [*_feature(name, old.feature(name), new.feature(name)), *spent.pop(name, ())]
    found += [one for rest in spent.values() for one in rest]
    return found if _fresh(before) else [*found, *_sections(before, after)]


def sentences(found: Iterable[Difference]) -> list[str]:
    """Return one line for each subject: `1.2 dispatched → done; +$0.42`."""
    by_subject: dict[str, list[str]] = {}
    for one in found:
        by_subject.setdefault(one.subject, []).append(one.words())
    return [f"{subject} {'; '.join(words)}" for subject, words in by_subject.items()]


def _both(old: Iterable[T], new: Iterable[T]) -> list[T]:
    return list(dict.fromkeys([*old, *new]))


def _facts(subject: str, old: dict[str, str], new: dict[str, str]) -> Iterator[Difference]:
    for name in _both(old, new):
        if old.get(name, "") != new.get(name, ""):
            yield Difference(subject, name, old.get(name, ""), new.get(name, ""))


def _fresh(before: Loaded) -> bool:
    """Whether there was no file before; then only its title, milestones and features are reported."""
    return not before.layout.text.strip()


def _front(before: Loaded, after: Loaded) -> Iterator[Difference]:
    if _fresh(before):
        yield Difference("mission", "new", "", after.mission.title)
        return
    said = [{".".join(path): text for path, text in one.layout.front.scalars()} for one in (before, after)]
    yield from _facts("mission", *said)


def _milestone(number: int, old: Milestone | None, new: Milestone | None) -> Iterator[Difference]:
    subject = f"milestone {number}"
    if old is None or new is None:
        yield Difference(subject, "new" if new else "gone", old.name if old else "", new.name if new else "")
        return
    yield from _facts(subject, _milestone_facts(old), _milestone_facts(new))
    yield from _facts(subject, _verdicts(old.criteria), _verdicts(new.criteria))


def _milestone_facts(one: Milestone) -> dict[str, str]:
    hours = "" if one.estimate_hours is None else f"{one.estimate_hours.normalize():f}h"
    rounds = str(one.rounds) if one.rounds else ""
    return {"status": one.raw_status, "name": one.name, "estimate": hours, "rounds": rounds, "passed at": one.passed_at}


def _feature(number: FeatureNumber, old: Feature | None, new: Feature | None) -> Iterator[Difference]:
    if old is None or new is None:
        yield Difference(number, "new" if new else "gone", old.title if old else "", new.title if new else "")
        return
    yield from _facts(number, _feature_facts(old), _feature_facts(new))
    yield from _facts(number, _verdicts(old.criteria), _verdicts(new.criteria))


def _feature_facts(one: Feature) -> dict[str, str]:
    hours = "" if one.estimate_hours is None else f"{one.estimate_hours.normalize():f}h"
    return {
        "status": one.raw_status or str(one.status),
        "title": one.title,
        "worker": one.worker,
        "depends": ", ".join(one.depends),
        "estimate": hours,
        "task": one.task,
        "pr": one.pr,
        "tries after": f"a{one.tries_after}" if one.tries_after else "",
        "group": one.group,
        "assign": one.assign,
        "model": one.model,
        "files": ", ".join(one.files),
    }


def _verdicts(criteria: Iterable[Criterion]) -> dict[str, str]:
    return {f"`{c.text}`": str(c.result.verdict) if c.result else "ticked" if c.ticked else "open" for c in criteria}


def _spent(old: Mission, new: Mission) -> dict[str, list[Difference]]:
    """Return the new costs in the spend log, by feature; `mission` for costs that belong to no attempt."""
    gained = Counter(new.spends)
    gained.subtract(old.spends)
    sums: dict[tuple[str, str], Decimal] = {}
    unknown: Counter[str] = Counter()
    for spend, count in gained.items():
        run = _RUN.match(spend.description)
        subject = run[1] if run else "mission"
        if spend.amount is None:
            unknown[subject] += count
        elif count and spend.category in CATEGORIES:
            key = (subject, spend.category)
            sums[key] = sums.get(key, Decimal(0)) + spend.amount * count
    found: dict[str, list[Difference]] = {}
    for (subject, category), amount in sums.items():
        words = f"{'+' if amount > 0 else '-'}{show_amount(category, abs(amount))}"
        words += " tokens" if category == "tokens" else ""
        found.setdefault(subject, []).append(Difference(subject, "spend", "", words))
    for subject, count in unknown.items():
        if count > 0:
            found.setdefault(subject, []).append(Difference(subject, "spend", "", "an unknown cost"))
    return found


def _sections(before: Loaded, after: Loaded) -> Iterator[Difference]:
    """Yield changes in the tables of other sections row by row, and in prose by the number of lines."""
    sides = [{s.key: s for s in sections_of(one.layout)} for one in (before, after)]
    for key in _both(*sides):
        old, new = (side.get(key) for side in sides)
        one = new or old
        if one is None or (old and new and old.text() == new.text()):
            continue
        name = one.heading.strip("# \t\r\n") or "the beginning"
        if one.title not in _UNSAID and one.milestone is None:
            yield from _tables(name, one, old, new)
        yield from _prose(name, old, new)


def _tables(name: str, section: Section, old: Section | None, new: Section | None) -> Iterator[Difference]:
    grids = [{p.key: p.grid for p in s.parts if p.grid} if s else {} for s in (old, new)]
    for key in _both(*grids):
        left, right = (side.get(key) for side in grids)
        shape = right or left
        if shape is not None:
            empty = Grid(shape.columns, shape.head, ())
            yield from _rows(name, section, left or empty, right or empty)


def _rows(name: str, section: Section, old: Grid, new: Grid) -> Iterator[Difference]:
    was, now = named_rows(role_of(section, new.columns), (old, new))
    added = [key for key in now if key not in was and key[0] != PLACEHOLDER]
    if section.title in _COUNTED:
        if added:
            yield Difference(name, "new", "", f"{len(added)} rows" if len(added) > 1 else "1 row")
        return
    for key in [key for key in _both(was, now) if key[0] != PLACEHOLDER]:
        subject = f"{name} {' · '.join(key[:-1])}"
        if key in was and key in now:
            yield from _facts(subject, _cells(old, was[key]), _cells(new, now[key]))
        else:
            what = "new" if key in now else "gone"
            yield Difference(name, what, *(_whole(side.get(key)) for side in (was, now)))


def _cells(grid: Grid, line: Line) -> dict[str, str]:
    return dict(zip(grid.columns, line.values(), strict=False))


def _whole(line: Line | None) -> str:
    return " · ".join(v for v in line.values() if v) if line else ""


def _prose(name: str, old: Section | None, new: Section | None) -> Iterator[Difference]:
    said = [Counter(_lines(s)) if s else Counter() for s in (old, new)]
    gone, come = (said[0] - said[1]).total(), (said[1] - said[0]).total()
    if gone or come:
        yield Difference(name, "words", _count(gone), _count(come))


def _lines(section: Section) -> Iterator[str]:
    for part in section.parts:
        if part.kind is Kind.PROSE:
            yield from (line for line in part.text.splitlines() if line.strip())


def _count(lines: int) -> str:
    return f"{lines} lines" if lines > 1 else "1 line" if lines else ""

"""Title and description of a pull request, from the mission and its records. Equal input gives equal text."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.shown import dollars, hours, tokens
from mission_cli._support.text import command_line, counted, digest
from mission_cli.document.syntax.escape import fenced, quiet_code, quiet_title
from mission_cli.domain.forge.references import number_in
from mission_cli.domain.forge.rows import MISSION, TODO
from mission_cli.domain.ids import attempt_name
from mission_cli.domain.status import FeatureStatus
from mission_cli.engine.pulls.own_template import PLACES, filled, refreshed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.forge.rows import PullRow
    from mission_cli.domain.mission import Feature, Milestone, Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context

LONGEST = 60_000
"""GitHub takes 65,536 characters."""
_LONGEST_TITLE = 120
_LONGEST_TEMPLATE = 20_000
_SHOWN = (50, 20, 5, 1)
"""How many entries of each list are shown; the first number with which the text is short enough counts."""
_MOST_COMMANDS = 20
_LONGEST_COMMAND = 500
_CUT = "\n\n(The rest is in the mission file.)\n"


@dataclass(frozen=True, slots=True)
class Texts:
    """Writes the texts of all pull requests of one mission."""

    ctx: Context
    mission: Mission
    records: Sequence[RunRecord]
    template: str
    """The repository's own template for descriptions; empty: it has none."""

    @classmethod
    def of(cls, ctx: Context, mission: Mission, records: Sequence[RunRecord]) -> Texts:
        """Read the repository's own template from the base at the forge."""
        base = ctx.forge.upstream.base(mission.id)
        there = ctx.code.read(base, PLACES) if base is not None else {}
        found = next((there[place] for place in PLACES if place in there), "")
        return cls(ctx, mission, records, found if len(found) <= _LONGEST_TEMPLATE else "")

    def title(self, row: PullRow) -> str:
        """Return the title with which a pull request is opened; later it is people's."""
        feature, milestones = _about(self.mission, row)
        if row.subject == TODO:
            return f"Update TODO.md of mission {self.mission.id}"
        if feature is not None:
            said, about = feature.title, f"{self.mission.id}/{feature.number}"
        elif row.subject == MISSION or not milestones:
            said, about = self.mission.title, self.mission.id
        else:
            said, about = milestones[0].name, f"{self.mission.id}/{row.subject}"
        return f"{quiet_title(self.ctx.secrets.scrub(said), _LONGEST_TITLE)} ({about})"

    def body(self, row: PullRow) -> str:
        """Return the description with which a pull request is opened: the repository's template, filled."""
        return filled(self.template, self._ours(row), _key(self.mission, row))

    def refreshed(self, row: PullRow, body: str) -> str | None:
        """Return a description with our part as it is now; None if somebody removed it."""
        return refreshed(body, self._ours(row), _key(self.mission, row))

    def digest(self, row: PullRow) -> str:
        """Return a hash of what the program says in the description now."""
        return digest(self._ours(row))

    def _ours(self, row: PullRow) -> str:
        mission = self.mission
        if row.subject == TODO:
            return f"The lines of the mission `{mission.id}` in `TODO.md` say how far it is. Other lines are as before."
        feature, milestones = _about(mission, row)
        finished = [m for m in milestones if m.finished]
        features = [feature] if feature is not None else [f for m in finished for f in m.features]
        criteria = [c for m in finished for c in m.criteria] + [c for f in features for c in f.criteria]
        subjects = {str(f.number) for f in features} | {str(m.number) for m in finished}
        records = [r for r in self.records if not r.open and (r.about if r.reviewing else r.feature) in subjects]
        values = {
            "mission": mission.id,
            "goal": mission.goal or mission.title,
            "base": mission.base,
            "told": [feature] if feature is not None else [],
            "milestones": milestones,
            "attempts": records,
            "cost": _cost(records),
            "makers": _makers(records),
            "evidence": _evidence(records),
            "commands": _commands(self.ctx.forge.remote, row, criteria),
            "closes": sorted(
                {n for f in features if f.status is not FeatureStatus.SKIPPED and (n := number_in(f.task))}
            ),
            "cut": _cut,
        }
        room = LONGEST - len(self.template)
        for most in _SHOWN:
            text = self.ctx.templates.render("pull-request.md.j2", {**values, "most": most}).strip("\n")
            text = self.ctx.secrets.scrub(text)
            if len(text) <= room:
                return text
        return text[: text.rindex("\n", 0, room - len(_CUT))] + _CUT


def _about(mission: Mission, row: PullRow) -> tuple[Feature | None, list[Milestone]]:
    feature = next((f for f in mission.features() if f.number == row.subject), None)
    if row.subject == MISSION:
        return None, list(mission.milestones)
    return feature, [m for m in mission.milestones if str(m.number) == row.subject]


def _key(mission: Mission, row: PullRow) -> str:
    return f"{mission.id}/{row.subject}"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def _cost(records: Sequence[RunRecord]) -> str:
    """Return `2 attempts, $0.34, 12 min, 12.3 k tokens`."""
    known = [r.usage.usd for r in records if r.usage.usd is not None]
    lacking = len(records) - len(known)
    money = dollars(sum(known, Decimal(0)))
    if lacking:
        money = f"at least {money} ({counted(lacking, 'cost is', 'costs are')} unknown)"
    tries = [counted(sum(not r.reviewing for r in records), "attempt")]
    reviews = sum(r.reviewing for r in records)
    tries += [counted(reviews, "review")] if reviews else []
    took = [hours(sum((r.usage.hours for r in records), Decimal(0)))]
    used = sum(r.usage.total_tokens for r in records)
    return ", ".join([*tries, money, *took, *([tokens(used)] if used else [])])


def _makers(records: Sequence[RunRecord]) -> str:
    names = [f"{r.runner} with {r.model}" if r.model else r.runner for r in records if not r.by and r.runner]
    found = [f"`{name.replace('`', '')}`" for name in dict.fromkeys(names)]
    return ", ".join(found + (["a person by hand"] if any(r.by for r in records) else []))


def _evidence(records: Sequence[RunRecord]) -> str:
    paths = [f"`runs/{attempt_name(r.run)}.md`" for r in records]
    shown = ", ".join(paths[-_SHOWN[-2] :])
    more = len(paths) - _SHOWN[-2]
    others = f" and {counted(more, 'earlier one')}" if more > 0 else ""
    return f"The mission's folder has a record of each attempt: {shown}{others}."


def _commands(remote: str, row: PullRow, criteria: Sequence[Criterion]) -> str:
    """Return what to type to judge it again: fetch the branch, then what its criteria run."""
    lines = [f"{command_line('git', 'fetch', remote, row.branch)} && git switch --detach FETCH_HEAD"]
    found = dict.fromkeys(c.from_top for c in criteria if c.from_top)
    lines += [quiet_code(line) for line in found if len(line) <= _LONGEST_COMMAND][:_MOST_COMMANDS]
    return fenced("\n".join(lines))

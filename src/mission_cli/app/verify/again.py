"""Judge recorded verdicts again on the recorded commits, with the judge of the loop. This records nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, replace
from mission_cli._support.text import command_line, first_error, one_line
from mission_cli.app.results.verification import Outcome, VerifiedVerdict
from mission_cli.document.reading.load import load
from mission_cli.domain.branches.refs import Area
from mission_cli.domain.evidence.verdicts import BASE, contract_of, rule_of
from mission_cli.domain.ids import Sha, attempt_name
from mission_cli.domain.status import EXECUTABLE_KINDS, PASSES, CriterionKind, JobKind, Verdict
from mission_cli.engine.check_jobs import check_states
from mission_cli.engine.context import policy_of
from mission_cli.engine.effects import carry_out
from mission_cli.engine.observing.judge_files import Judges
from mission_cli.planner.core.draft import Draft
from mission_cli.planner.core.effects import RunCheck
from mission_cli.planner.milestones.judging import judge, start_within_bounds
from mission_cli.planner.milestones.judgment import check_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mission_cli.document.runs.evidence import EvidenceFile
    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.evidence.verdicts import RecordedVerdict
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.milestones.judgment import Judged
    from mission_cli.ports.git.state import Stored


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded verdict and where it is recorded."""

    subject: str
    verdict: RecordedVerdict
    record: RunRecord | None = None
    """The run record that contains it; None if an evidence file does."""


def everything_recorded(records: Sequence[RunRecord], files: Sequence[EvidenceFile]) -> list[Recorded]:
    """Return all recorded verdicts: of attempts by number, then of milestones and the mission by time."""
    ordered = sorted(records, key=lambda r: (r.milestone, r.feature, r.attempt))
    found = [Recorded(attempt_name(record.run), one, record) for record in ordered for one in record.judged]
    for file in sorted(files, key=lambda f: f.at):
        found += [Recorded(f"{file.subject}, {file.stage}", one) for one in file.verdicts]
    return found


class Again:
    """Judges the recorded verdicts of one mission again."""

    def __init__(self, ctx: Context, case: Case, stored: Stored, wait: Callable[[], None]) -> None:
        self._ctx, self._case, self._stored, self._wait = ctx, case, stored, wait
        self._policy = policy_of(ctx)
        self._turn = f"verify {ctx.clock.now().isoformat()}"
        self._criteria: dict[str, Criterion] = {}
        self._reviewed = any(record.reviewing for record in case.observation.records)
        self._older = iter(ctx.state.history(stored, limit=1000))
        self._learn(case.mission)

    def verdicts(self, recorded: Sequence[Recorded]) -> list[VerifiedVerdict]:
        """Return each recorded verdict with the new one; equal ones are judged once."""
        places: dict[tuple[str, str, str], Sha | None] = {}
        wanted: dict[tuple[Sha, str], dict[str, Criterion]] = {}
        for one in recorded:
            verdict = one.verdict
            if verdict.kind not in EXECUTABLE_KINDS or not verdict.exit:
                continue
            key = (verdict.commit, verdict.tree, verdict.side)
            if key not in places:
                places[key] = self._commit(one)
            commit = places[key]
            criterion = self._criterion(verdict.rule, commit) if commit is not None else None
            if commit is not None and criterion is not None:
                wanted.setdefault((commit, verdict.tree), {})[verdict.rule] = criterion
        judged = {
            (commit, rule_of(one.criterion)): one
            for (commit, tree), criteria in wanted.items()
            for one in self._judge(list(criteria.values()), commit, tree)
        }
        told = []
        for one in recorded:
            verdict = one.verdict
            commit = places.get((verdict.commit, verdict.tree, verdict.side))
            told.append(self._told(one, commit, judged.get((commit, verdict.rule)) if commit else None))
        return told

    def landing(self, base: Sha | None, work: Sha | None, passed: Sequence[Criterion]) -> list[VerifiedVerdict]:
        """Return the verdicts of the criteria of passed milestones on the commit that landed."""
        landed = self._ctx.code.landing_commit(base, work) if base and work else None
        if landed is None:
            return []
        tree = self._ctx.code.code_tree(landed)
        runnable = [c for c in passed if c.kind in EXECUTABLE_KINDS]
        return [
            VerifiedVerdict(
                "landing",
                one.criterion.text,
                landed,
                Verdict.PASSED,
                Outcome.SAME if one.passes else _worse(one),
                one.verdict,
                "" if one.passes else one_line(first_error(one.detail)),
            )
            for one in self._judge(runnable, landed, tree)
        ]

    def _told(self, one: Recorded, commit: Sha | None, now: Judged | None) -> VerifiedVerdict:
        verdict = one.verdict
        by = Outcome.REVIEWERS if verdict.kind is CriterionKind.REVIEW and self._reviewed else Outcome.PERSON
        plain = VerifiedVerdict(one.subject, verdict.criterion, verdict.commit, verdict.verdict, by, side=verdict.side)
        if verdict.kind not in EXECUTABLE_KINDS or not verdict.exit:
            return plain
        if commit is None:
            return replace(plain, outcome=Outcome.NO_COMMIT, detail=self._fetch())
        if now is None:
            return replace(plain, outcome=Outcome.CHANGED, detail=f"no criterion has the hash {verdict.rule}")
        same = now.verdict is verdict.verdict or (now.passes and verdict.verdict in PASSES)
        words = "" if same else one_line(first_error(now.detail))
        return replace(plain, outcome=Outcome.SAME if same else _worse(now), now=now.verdict, detail=words)

    def _fetch(self) -> str:
        remote = self._ctx.settings.remote or "origin"
        refs = Area.BRANCHES.of(f"{self._case.mission.id}/*")
        return command_line("git", "fetch", remote, f"{refs}:{refs}")

    def _commit(self, one: Recorded) -> Sha | None:
        """Return the judged commit; a missing one is made again from the commits that it merged, else None."""
        code, verdict = self._ctx.code, one.verdict
        there = code.find_commit(verdict.commit) if verdict.commit else None
        if there is not None:
            return there
        record = one.record
        tip, onto = (
            (code.find_commit(record.head), code.find_commit(record.onto))
            if record and record.head and record.onto
            else (None, None)
        )
        if record is None or tip is None or onto is None:
            return None
        merge = code.base_merge(tip, onto)
        made = onto if merge is None else merge.commit
        if made is not None and verdict.side == BASE:
            heads = code.heads(self._case.mission.id, self._case.mission.base)
            judges = Judges(self._ctx, self._case.mission, heads, self._case.observation.records)
            made = judges.against(made, self._case.mission.feature(record.feature)).commit
        return made if made is not None and code.code_tree(made) == verdict.tree else None

    def _criterion(self, rule: str, commit: Sha) -> Criterion | None:
        """Return the criterion with this hash: in the mission file, an earlier version, or the detected commands."""
        while rule not in self._criteria:
            event = next(self._older, None)
            if event is None:
                break
            text = self._ctx.state.text_at(self._stored, event.commit)
            if text:
                self._learn(load(text, self._stored.id).mission)
        if rule not in self._criteria:
            glance = self._ctx.code.glance(commit, self._ctx.checks.manifest_names)
            for one in self._ctx.checks.detect(glance):
                self._criteria.setdefault(rule_of(one), one)
        return self._criteria.get(rule)

    def _learn(self, mission: Mission) -> None:
        for milestone in mission.milestones:
            for _, criterion in contract_of(milestone):
                self._criteria.setdefault(rule_of(criterion), criterion)

    def _judge(self, criteria: list[Criterion], commit: Sha, tree: str) -> list[Judged]:
        while True:
            wanted = [RunCheck(self._key(one, tree), 1, one, commit, "") for one in criteria]
            states = check_states(self._ctx, self._policy, self._case.mission, wanted)
            free = self._ctx.machine.free_slots(JobKind.CHECK)
            observed = replace(self._case.observation, checks=states, free_checks=free)
            draft = Draft(self._case.mission, observed, self._policy)
            judgment = judge(draft, criteria, owner="", commit=commit, tree=tree, turn=self._turn)
            if judgment.over:
                return judgment.known
            start_within_bounds(draft, judgment)
            for act in draft.effects:
                carry_out(self._ctx, self._case, act)
            self._wait()

    def _key(self, criterion: Criterion, tree: str) -> str:
        return check_key(criterion, tree, self._policy, self._case.mission, self._turn)


def _worse(judged: Judged) -> Outcome:
    return Outcome.CANNOT_RUN if judged.verdict is Verdict.COULD_NOT_RUN else Outcome.DIFFERS

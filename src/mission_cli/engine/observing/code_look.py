"""What the loop reads from the code repository for one mission, limited to what its state requires."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli.domain.branches.against import Against
from mission_cli.domain.branches.landing import Landing, LandPlan, LandState, Merge
from mission_cli.domain.forge.rows import Proposing
from mission_cli.domain.ids import RunId, Sha, feature_order
from mission_cli.domain.phases.table import WorkerKind, current
from mission_cli.domain.research.topics import document_of, topic_in
from mission_cli.domain.status import FINISHED_MISSION, Cause, FeatureStatus, MilestoneStatus, MissionStatus
from mission_cli.engine.halt import go_on
from mission_cli.engine.observing.judge_files import Judges
from mission_cli.engine.recording.credits import feature_words, landing_words
from mission_cli.planner.attempts.queue import MOST_ORDERED, Candidate, carries, merge_order
from mission_cli.planner.core.phases import is_landing
from mission_cli.planner.milestones.milestones import current_milestones
from mission_cli.planner.pulls.rows import proposing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.mission import Milestone, Mission
    from mission_cli.domain.runs.evidence import Evidence
    from mission_cli.domain.runs.jobs import Exit, Job
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.observation import Observation
    from mission_cli.ports.git.code import Heads

_MOST_LETTERS = 10
"""The most mails that one attempt may ask for."""


class CodeLook:
    """Queries of the code repository, each run only if the state of the mission requires it."""

    def __init__(
        self, ctx: Context, mission: Mission, heads: Heads, records: tuple[RunRecord, ...], jobs: Mapping[RunId, Job]
    ) -> None:
        self._world, self._mission, self._heads = ctx, mission, heads
        self._records, self._jobs = records, jobs
        self._merged = Landing()
        self._judges = Judges(ctx, mission, heads, records)
        self.work_tree = ctx.code.code_tree(heads.work) if heads.work else ""

    def own_heads(self) -> None:
        """Record the heads of `work` and of the base as known after a person, or another clone, has moved them.

        Not for finished missions, whose marks `mission gc` may have removed.
        """
        if self._mission.status in FINISHED_MISSION and not any(r.open for r in self._records):
            return
        if self._heads.work and self._heads.ours != self._heads.work:
            self._world.code.own_work(self._mission.id, self._heads.work)
        if self._heads.base and self._heads.known_base != self._heads.base:
            self._world.code.own_base(self._mission.id, self._heads.base)

    def with_evidence(self, observation: Observation) -> Observation:
        """Return the observation with the evidence of every ended attempt."""
        evidence = self._evidence()
        detected = self.detected(evidence) if evidence else observation.detected
        letters = self._letters(evidence) if observation.mail.on else {}
        return replace(
            observation,
            looked=True,
            evidence=evidence,
            detected=detected,
            letters=letters,
            documents=self._documents(evidence),
        )

    def _letters(self, evidence: Mapping[RunId, Evidence]) -> dict[RunId, tuple[tuple[str, str], ...]]:
        """Return the mails that attempts ask for: the files in the folder `mail` of their findings."""
        found: dict[RunId, tuple[tuple[str, str], ...]] = {}
        for run, one in evidence.items():
            paths = [path for path in one.findings if "/research/mail/" in path][:_MOST_LETTERS]
            if one.tip is not None and paths:
                found[run] = tuple(sorted(self._world.code.read(one.tip, paths).items()))
        return found

    def _documents(self, evidence: Mapping[RunId, Evidence]) -> dict[RunId, str]:
        """Return the document that each attempt at a topic wrote."""
        found: dict[RunId, str] = {}
        for run, one in evidence.items():
            feature = next((self._mission.feature(r.feature) for r in self._records if r.run == run), None)
            topic = topic_in(self._mission, feature) if feature is not None else ""
            paths = [path for path in one.findings if topic and path.endswith(f"/research/{document_of(topic)}")]
            if one.tip is not None and paths:
                found[run] = self._world.code.read(one.tip, paths[:1]).get(paths[0], "")
        return found

    def _evidence(self) -> dict[RunId, Evidence]:
        """Return the evidence of every ended attempt, each merged on earlier ones that may become finished work.

        They are merged by age. Only if some of them conflict is it asked which order loses the fewest.
        """
        ended = [
            (record, job.exit)
            for record in self._records
            if record.open and (job := self._jobs.get(record.run)) and job.exit and self._heads.work and record.base
        ]
        ended.sort(key=lambda one: (one[1].ended, feature_order(one[0].feature), one[0].attempt))
        found = self._stacked(ended)
        if not any(one.behind for one in found.values()):
            return found
        order = merge_order(self._candidates(ended, found))
        again = sorted(ended, key=lambda one: order.index(one[0].run) if one[0].run in order else len(order))
        return found if again == ended else self._stacked(again)

    def _stacked(self, ended: Sequence[tuple[RunRecord, Exit]]) -> dict[RunId, Evidence]:
        """Return the evidence of attempts, merged in this order."""
        found: dict[RunId, Evidence] = {}
        onto, tree = self._heads.work, ""
        for record, end in ended:
            go_on(self._world)  # each takes dozens of git commands
            observation = self._left(record, end, onto or Sha(record.base))
            behind: tuple[str, ...] = ()
            if observation is not None and observation.candidate is None and tree:
                behind = observation.conflicts
                observation = self._left(record, end, self._heads.work or Sha(record.base))
            if observation is None:
                continue
            below = tree if observation.work == onto else ""
            behind = behind if observation.candidate is not None else ()
            observation = self._beside(record, replace(observation, work_tree=below, behind=behind))
            found[record.run] = observation
            if not behind and carries(self._mission, record, end, observation):
                onto, tree = observation.candidate, observation.tree
        return found

    def _candidates(self, ended: Sequence[tuple[RunRecord, Exit]], found: Mapping[RunId, Evidence]) -> list[Candidate]:
        """Return the oldest attempts that can be merged, each with those that it conflicts with."""
        work = self._heads.work
        able = [
            (record, end, alone)
            for record, end in ended
            if record.run in found and carries(self._mission, record, end, found[record.run])
            if work and (alone := self._left(record, end, work)) is not None and alone.candidate is not None
        ][:MOST_ORDERED]
        lost = Counter(record.feature for record in self._records if record.cause is Cause.CONFLICT)
        clashes: dict[RunId, set[RunId]] = {record.run: set() for record, _, _ in able}
        for place, (record, end, mine) in enumerate(able):
            for other, _, theirs in able[:place]:
                if theirs.candidate is None or not {*mine.changed} & {*theirs.changed}:
                    continue
                both = self._left(record, end, theirs.candidate)
                if both is not None and both.candidate is None:
                    clashes[record.run].add(other.run)
                    clashes[other.run].add(record.run)
        return [Candidate(r.run, frozenset(clashes[r.run]), lost[r.feature]) for r, _, _ in able]

    def _left(self, record: RunRecord, end: Exit, work: Sha) -> Evidence | None:
        """Return the evidence of one attempt, merged on `work`."""
        protected, start = self._judges.protected(record), Sha(record.base)
        words = feature_words(self._mission.feature(record.feature), record)
        code = self._world.code
        return code.evidence(record.run, start=start, work=work, protected=protected, left=end.left, words=words)

    def _beside(self, record: RunRecord, observation: Evidence) -> Evidence:
        """Return the evidence, with a version of the candidate that has the test files of the base."""
        if observation.tip and not observation.integrated and self._judges.on_base(observation.tip, Sha(record.base)):
            return replace(observation, protected=(*observation.protected, f"the branch {self._mission.base}"))
        if observation.candidate is None or observation.protected or self._mission.poc:
            return observation
        feature = self._mission.feature(record.feature)
        return replace(observation, against=self._judges.against(observation.candidate, feature))

    def work_against(self) -> Against:
        """Return finished work with the test files of the base, if it is about to be judged as a whole."""
        current = current_milestones(self._mission)
        due = any(all(f.finished for f in m.features) for m in current) or not current
        return self._judges.against(self._heads.work) if self._heads.work and due else Against()

    def detected(self, evidence: Mapping[RunId, Evidence]) -> dict[str, tuple[Criterion, ...]]:
        """Return the test and build commands of every tree for which they matter."""
        return {tree: self._detected(commit) for tree, commit in self._trees(evidence).items()}

    def _trees(self, evidence: Mapping[RunId, Evidence]) -> dict[str, Sha]:
        """Return the trees for which test and build commands matter, each with a commit that has it."""
        trees: dict[str, Sha] = {}
        for run, one in evidence.items():
            record = next(r for r in self._records if r.run == run)
            feature = self._mission.feature(record.feature)
            if one.candidate is not None and feature is not None and not feature.criteria:
                trees[one.tree] = one.candidate
        due = any(not m.criteria or m.status is MilestoneStatus.VALIDATING for m in self._mission.milestones)
        phase = current(self._mission.phases)
        due = due or (phase is not None and phase.kind is WorkerKind.TESTS)
        if self._heads.work and due:
            trees[self.work_tree] = self._heads.work
            if self._merged.commit is not None:
                trees[self._merged.tree] = self._merged.commit
        return trees

    def _detected(self, commit: Sha) -> tuple[Criterion, ...]:
        """Return the test and build commands at a commit."""
        return self._world.checks.detect(self._world.code.glance(commit, self._world.checks.manifest_names))

    def start_trees(self) -> dict[str, tuple[Sha, str]]:
        """Return commit and tree at which the current milestones started, by short commit."""
        found: dict[str, tuple[Sha, str]] = {}
        for milestone in current_milestones(self._mission):
            wanted = any(c.baseline is None for c in milestone.criteria) or self._has_untouched(milestone)
            wanted = wanted or milestone.status is MilestoneStatus.VALIDATING
            commit = self._world.code.find_commit(milestone.started_at) if milestone.started_at and wanted else None
            if commit is not None:
                found[milestone.started_at] = (commit, self._world.code.code_tree(commit))
        return found

    def since_start(self) -> dict[str, tuple[tuple[Sha, str], ...]]:
        """Return the commits of finished work since the start of each milestone that is being validated."""
        found: dict[str, tuple[tuple[Sha, str], ...]] = {}
        for milestone in current_milestones(self._mission):
            if not (self._heads.work and milestone.status is MilestoneStatus.VALIDATING):
                continue
            start = self._world.code.find_commit(milestone.started_at)
            content = self._world.code.content(start, self._heads.work) if start else None
            if content is not None:
                found[milestone.started_at] = tuple((Sha(c.commit), c.subject) for c in content.commits)
        return found

    def _has_untouched(self, milestone: Milestone) -> bool:
        """Whether a pending feature has criteria and no attempt."""
        tried = {record.feature for record in self._records}
        pending = (f for f in milestone.features if f.status is FeatureStatus.PENDING)
        return any(f.criteria and f.number not in tried for f in pending)

    def base_merge(self) -> Merge | None:
        """Return the merge of the base into `work`, if a milestone is about to start or a feature to be retried."""
        base, work = self._heads.base, self._heads.work
        current = current_milestones(self._mission)
        failed = {record.feature for record in self._records if record.cause not in {None, Cause.DONE}}
        again = any(f.status is FeatureStatus.PENDING and f.number in failed for m in current for f in m.features)
        follows = proposing(self._mission) is Proposing.FEATURE
        starting = again or follows or any(m.status is MilestoneStatus.PENDING for m in current)
        return self._world.code.base_merge(base, work) if base and work and starting else None

    def landing(self, target: Sha | None) -> Landing:
        """Return how landing would go, if it is wanted or everything is done."""
        mission, base = self._mission, self._heads.base
        passed = any(m.status is MilestoneStatus.PASSED for m in mission.milestones)
        wanted = mission.preferences.land == "auto" and (passed or mission.poc)
        wanted = wanted or bool(mission.landings) or all(m.finished for m in mission.milestones) or is_landing(mission)
        if proposing(mission) is not Proposing.NONE:
            arrived = base and target and self._world.forge.upstream.arrived(base, target)
            return Landing(LandState.LANDED if arrived or not target else LandState.FORWARD)
        if not base or not target or not wanted or mission.status is not MissionStatus.ACTIVE:
            return Landing()
        plan = LandPlan(mission.land_method(target), landing_words(mission, target, self._records))
        found = self._world.code.landing(mission.base, base, target, plan)
        if found.state is not LandState.MERGE or found.commit is None:
            return found
        self._merged = found
        beside = Judges(self._world, mission, replace(self._heads, work=found.commit), self._records)
        return replace(found, against=beside.against(found.commit))


def landing_target(ctx: Context, mission: Mission, heads: Heads) -> Sha | None:
    """Return the commit on which the last milestone passed; later, unfinished work does not land.

    In a POC every finished feature lands. If everything is finished and that commit conflicts with the base, return
    `work`: a person merges both there, and the merge is judged before it lands.
    """
    if mission.poc:
        return heads.work
    commits = [m.passed_at for m in mission.milestones if m.status is MilestoneStatus.PASSED and m.passed_at]
    passed = ctx.code.newest([c for c in map(ctx.code.find_commit, commits) if c is not None])
    if passed and heads.work and heads.base and passed != heads.work and all(m.finished for m in mission.milestones):
        conflicts = ctx.code.landing(mission.base, heads.base, passed).state is LandState.CONFLICT
        return heads.work if conflicts else passed
    return passed

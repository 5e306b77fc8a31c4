"""One feature, one milestone, one worker: real git and real checks, judged by the planner, without the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from mission_cli.adapters.checks.standard import StandardChecks
from mission_cli.adapters.git.code.code import GitCodeRepo
from mission_cli.adapters.git.code.collect import Screen
from mission_cli.adapters.git.code.trees import make_tree
from mission_cli.adapters.git.repo.checkout import find_checkout
from mission_cli.adapters.secrets.screen import SecretRules
from mission_cli.domain.branches.against import Against
from mission_cli.domain.branches.landing import Words
from mission_cli.domain.criteria.criterion import Criterion
from mission_cli.domain.ids import FeatureNumber, MissionId, RunId, Sha
from mission_cli.domain.mission import Feature, Limits, Milestone, Mission, Preferences
from mission_cli.domain.runs.jobs import CheckState, Exit, Job
from mission_cli.domain.runs.record import RunRecord
from mission_cli.domain.status import (
    CriterionKind,
    EndReason,
    FeatureStatus,
    JobState,
    MilestoneStatus,
    MissionStatus,
    RecordState,
    Verdict,
)
from mission_cli.engine.observing.judge_files import Judges
from mission_cli.planner.core.effects import Integrate, RunCheck
from mission_cli.planner.core.moves.features import Settle
from mission_cli.planner.core.moves.milestones import AddFix, MoveMilestone
from mission_cli.planner.core.observation import Observation
from mission_cli.planner.core.policy import Policy, RunnerPolicy
from mission_cli.planner.decide import decide

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.runs.evidence import Evidence
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.decisions import Decisions

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
M, RUN = MissionId("m"), RunId("m/1.1-a1")
POLICY = Policy(runners={"script": RunnerPolicy()})
PRELUDE = """\
import os, subprocess, sys
from pathlib import Path
def write(name, text, mode=0o644):
    path = Path(name); path.parent.mkdir(parents=True, exist_ok=True); path.write_text(text); path.chmod(mode)
def edit(name, old, new):
    text = Path(name).read_text(); assert old in text, (name, old); Path(name).write_text(text.replace(old, new))
def git(*args): subprocess.run(["git", *args], check=True)
"""
_ROUNDS = 12


@dataclass(frozen=True)
class Case:
    """What stands on the base, what judges, and what a worker does."""

    name: str
    work: str
    files: Mapping[str, str]
    criteria: Sequence[str] = ()
    validation: Sequence[str] = ()
    title: str = "make it right"
    because: str = ""
    """A part of the reason that a person reads; empty: the work is honest and has to pass."""


@dataclass(frozen=True)
class Sentence:
    """What came of it."""

    green: bool
    why: str


def criterion(text: str, index: int) -> Criterion:
    """A command, or `file: path`."""
    if text.startswith("file: "):
        return Criterion(text, CriterionKind.FILE, paths=(text.removeprefix("file: "),), index=index)
    return Criterion(f"run: `{text}`", CriterionKind.RUN, command=text, index=index)


class Court:
    """A repository in a folder, and the judgment of one case in it."""

    def __init__(self, folder: Path, case: Case) -> None:
        self.folder, self.repo, self.case = folder, folder / "repo", case
        self.repo.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        for name, text in {"notes.txt": "hello\n", **case.files}.items():
            place = self.repo / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", "Begin")
        self.base = Sha(self.git("rev-parse", "HEAD"))
        checkout = find_checkout(self.repo)
        self.code = GitCodeRepo(checkout, tree_of=lambda _: folder / "tree", screen=Screen(SecretRules({})))
        self.code.make_work(M, self.base)
        self.checks = StandardChecks([sys.executable, "-P", "-m", "mission_cli", "inspect"])
        self.context = cast(
            "Context", SimpleNamespace(code=self.code, checks=self.checks, settings=SimpleNamespace(protect=()))
        )
        self.known: dict[str, CheckState] = {}
        self.env = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "MISSION_REPORTS": os.fspath(folder / "reports"),
        }

    def git(self, *words: str) -> str:
        """Run git in the repository."""
        done = subprocess.run(["git", *words], cwd=self.repo, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def sentence(self) -> Sentence:
        """Let the worker work, and judge what it left; then the milestone on what was integrated."""
        self._work()
        mission = self._mission(FeatureStatus.DISPATCHED, MilestoneStatus.ACTIVE)
        plan = self._decided(mission, self.base, attempt=True)
        settled = [m for m in plan.transitions if isinstance(m, Settle)]
        integrated = [a for a in plan.effects if isinstance(a, Integrate)]
        if settled and str(settled[0].record.cause) == "done":
            work = self.base
        elif integrated:
            work = integrated[0].candidate
            assert self.code.move_work(M, work, self.base)
        else:
            words = [s.record.detail for s in settled] or [h.detail for h in plan.holds]
            return Sentence(green=False, why="; ".join(words))
        mission = self._mission(FeatureStatus.DONE, MilestoneStatus.VALIDATING)
        plan = self._decided(mission, work, attempt=False)
        passed = [m for m in plan.transitions if isinstance(m, MoveMilestone) and m.to is MilestoneStatus.PASSED]
        fixes = [m.evidence for m in plan.transitions if isinstance(m, AddFix)]
        return Sentence(green=bool(passed), why="; ".join([*fixes, *(h.detail for h in plan.holds)]))

    def _work(self) -> None:
        tree = self.folder / "tree"
        make_tree(self.repo / ".git", tree, commit=self.base, branch=f"mission/{RUN}", base_name="main")
        env = {**self.env, "REPO": os.fspath(self.repo), "PYTHONSAFEPATH": "1"}
        source = PRELUDE + self.case.work
        subprocess.run([sys.executable, "-c", source], cwd=tree, env=env, check=True, capture_output=True)
        for words in (["add", "--all", "--force"], ["commit", "--quiet", "-m", "work"]):
            subprocess.run(["git", *words], cwd=tree, check=False, capture_output=True)

    def _mission(self, status: FeatureStatus, milestone: MilestoneStatus) -> Mission:
        criteria = tuple(criterion(text, n) for n, text in enumerate(self.case.criteria))
        validation = tuple(criterion(text, n) for n, text in enumerate(self.case.validation or self.case.criteria))
        one = Feature(FeatureNumber("1.1"), self.case.title, status, str(status), criteria=criteria)
        return Mission(
            id=M,
            title="T",
            status=MissionStatus.ACTIVE,
            raw_status="active",
            base="main",
            managed=True,
            limits=Limits(usd=Decimal(20)),
            preferences=Preferences(runner="script"),
            milestones=(Milestone(1, "Only", milestone, str(milestone), features=(one,), criteria=validation),),
        )

    def _decided(self, mission: Mission, work: Sha, *, attempt: bool) -> Decisions:
        """Decide, run the checks that are wanted, and decide again until none is."""
        record = RunRecord(RUN, RecordState.INTENDED, runner="script", base=self.base)
        heads = self.code.heads(M, "main")
        judges = Judges(self.context, mission, heads, (record,))
        seen = Observation(
            now=NOW, me="here", base=self.base, work=work, work_tree=self.code.code_tree(work), free_slots=0
        )  # fmt: skip
        if attempt:
            found = self.code.evidence(
                RUN, start=self.base, work=work, protected=judges.protected(record), words=Words("It\n")
            )
            assert found is not None
            beside = (
                judges.against(found.candidate, mission.feature(FeatureNumber("1.1"))) if found.candidate else Against()
            )
            evidence: Evidence = replace(found, against=beside)
            job = Job(JobState.ENDED, Exit(EndReason.EXIT, 0))
            seen = replace(seen, records=(record,), jobs={RUN: job}, evidence={RUN: evidence})
            trees = {evidence.tree: evidence.candidate, evidence.against.tree: beside.commit}
        else:
            seen = replace(seen, work_against=judges.against(work))
            trees = {}
        seen = replace(seen, detected={t: self._detected(c) for t, c in trees.items() if t and c})
        for _ in range(_ROUNDS):
            plan = decide(mission, replace(seen, checks=dict(self.known)), POLICY)
            wanted = [a for a in plan.effects if isinstance(a, RunCheck)]
            if not wanted:
                return plan
            for act in wanted:
                self._check(act)
        raise AssertionError("it is judged for ever")

    def _detected(self, commit: Sha) -> tuple[Criterion, ...]:
        return self.checks.detect(self.code.glance(commit, self.checks.manifest_names))

    def _check(self, act: RunCheck) -> None:
        tree = self.folder / f"check-{act.commit[:12]}-{act.attempt}"
        if not tree.exists():
            make_tree(self.repo / ".git", tree, commit=act.commit, branch="")
        done = subprocess.run(
            self.checks.argv(act.criterion),
            cwd=tree,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        output = done.stdout + done.stderr
        verdict, detail = self.checks.verdict(act.criterion, Exit(EndReason.EXIT, done.returncode), output)
        before = self.known.get(act.key)
        failed = before.detail if before is not None and before.verdict is Verdict.FAILED else None
        self.known[act.key] = CheckState(act.attempt, Job(JobState.ENDED), verdict, detail, failed=failed)

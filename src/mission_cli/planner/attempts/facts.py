"""One ended attempt with everything known about it, and its settlement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import one_line, signature, stamp
from mission_cli.domain.asking.told import read_told
from mission_cli.domain.events import EventKind
from mission_cli.domain.evidence.verdicts import BASE
from mission_cli.domain.ids import attempt_name
from mission_cli.domain.routing import routes
from mission_cli.domain.status import FINISHED_MISSION, Cause, FeatureStatus
from mission_cli.domain.touch.score import predicts
from mission_cli.planner.attempts import causes
from mission_cli.planner.attempts.endings import closed
from mission_cli.planner.attempts.help_requests import ask_for_help
from mission_cli.planner.attempts.manual import taken_over
from mission_cli.planner.attempts.research import found_out
from mission_cli.planner.core.moves.features import Settle
from mission_cli.planner.core.moves.mission import Note
from mission_cli.planner.core.own_limits import policy_for
from mission_cli.planner.core.transitions import move_feature
from mission_cli.planner.mails.written import add_letters, written
from mission_cli.planner.milestones.judgment import recorded

if TYPE_CHECKING:
    from mission_cli.domain.evidence.verdicts import RecordedVerdict
    from mission_cli.domain.mission import Feature
    from mission_cli.domain.runs.evidence import Evidence
    from mission_cli.domain.runs.jobs import Exit, Job
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.milestones.judgment import Judged

MOST_CHANGED = 100
"""The most changed files that a record lists."""


class Facts:
    """One ended attempt with everything known about it; creates its `Settle`."""

    def __init__(
        self, draft: Draft, record: RunRecord, feature: Feature | None, job: Job, end: Exit, evidence: Evidence
    ) -> None:
        self.draft, self.record, self.feature = draft, record, feature
        self.job, self.end, self.evidence = job, end, evidence
        self.judged: list[Judged] = []
        self.before: list[Judged] = []
        """Verdicts with the test files of the base, if the work changed test files."""
        self.proposed = False
        """Whether its feature is done only when a pull request is merged."""

    def close(self, cause: Cause, detail: str, *, error: str = "") -> None:
        """Add the settlement to the draft."""
        settled = self._record(cause, detail, error)
        to = self._feature_to(cause, settled)
        rule = causes.RULES[cause]
        told = read_told(self.end.report.told if cause is not Cause.TAMPERED else "")
        self.draft.transitions.append(
            Settle(
                settled,
                to,
                self._words(cause, to, detail),
                opens_recovery=rule.safety,
                findings=self.evidence.findings if cause is Cause.DONE else (),
                next_route="the smallest piece that can be finished, as the prompt asks" if rule.safety else "",
                outcomes=told.outcomes,
                found_out=found_out(self.draft, self.record, self.feature) if cause is Cause.DONE else None,
            )
        )
        name = attempt_name(self.record.run)
        self.draft.transitions += [Note(EventKind.MESSAGE_AGENT, f"{name}: {words}") for words in told.notes]
        if cause is Cause.DONE and self.feature is not None:
            letters = written(self.draft, self.record.run, self.feature.number).letters
            add_letters(self.draft, letters, self.feature.number)
        if rule.person and to is FeatureStatus.PENDING and self.draft.mission.status not in FINISHED_MISSION:
            ask_for_help(self.draft, settled, self.end.report.asked)

    def _words(self, cause: Cause, to: FeatureStatus | None, detail: str) -> str:
        name = attempt_name(self.record.run)
        if cause is Cause.DONE:
            plain = self.evidence.commits and not self.evidence.against.findings
            return f"{name} is done" if plain else f"{name} is done: {one_line(detail)}"
        then = f"; {self.record.feature} is {to}" if to is not None else ""
        return f"{name} ended with {cause}{then}: {one_line(detail)}"

    def _feature_to(self, cause: Cause, settled: RunRecord) -> FeatureStatus | None:
        feature = self.feature
        if feature is not None and feature.status is FeatureStatus.DONE and cause is Cause.TAMPERED:
            return move_feature(feature.status, FeatureStatus.PENDING)
        if feature is None or feature.status not in {FeatureStatus.DISPATCHED, FeatureStatus.REVIEW}:
            return None
        if self.draft.mission.status in FINISHED_MISSION:
            return FeatureStatus.PENDING
        if cause is Cause.DONE:
            return None if self.proposed else FeatureStatus.DONE
        if taken_over(self.draft, self.record):
            return None
        history = [r for r in self.draft.records_of(feature.number) if r.run != settled.run]
        ways, once = len(routes(self.draft.mission, feature)), feature.side_effects
        policy = policy_for(self.draft.policy, self.draft.mission, feature)
        weighed = causes.tries([*history, settled], policy, feature.tries_after, ways, once=once)
        over = bool(weighed.over) and not causes.RULES[cause].person
        return move_feature(feature.status, FeatureStatus.FAILED if over else FeatureStatus.PENDING)

    def _record(self, cause: Cause, detail: str, error: str) -> RunRecord:
        end, evidence = self.end, self.evidence
        return replace(
            closed(self.record, end, cause, detail, stamp(self.draft.observation.now)),
            head=evidence.tip or "",
            tree=evidence.tree,
            saved=end.saved,
            changed=evidence.changed[:MOST_CHANGED] if predicts(self.draft.mission) else (),
            conflicts=evidence.conflicts if cause is Cause.CONFLICT else (),
            signature="" if cause is Cause.DONE else signature(cause, error or detail),
            last_words=end.report.last_words or self.job.tail,
            evidence=self._evidence_words(detail),
            onto=evidence.work or "" if self.judged else "",
            judged=self._verdicts(),
        )

    def _verdicts(self) -> tuple[RecordedVerdict, ...]:
        """Return the verdicts to record; a commit with findings is named by the candidate that they were added to."""
        at, evidence = stamp(self.draft.observation.now), self.evidence
        known = [recorded(judged, at) for judged in self.judged]
        known += [recorded(judged, at, BASE) for judged in self.before]
        real = evidence.candidate or ""
        return tuple(replace(one, commit=real) if one.commit == evidence.judged else one for one in known)

    def _evidence_words(self, detail: str) -> str:
        evidence = self.evidence
        lines = [detail, ""]
        lines.append(f"commits: {evidence.commits}, head: {evidence.tip or 'none'}")
        lines += [f"changed: {path}" for path in evidence.changed[:50]]
        lines += [f"finding: {path}" for path in evidence.findings[:50]]
        if evidence.tests_changed:
            lines.append(f"test files changed: {evidence.tests_changed}")
        lines += [f"protected, dropped: {path}" for path in evidence.protected]
        lines += [f"tests and checks changed: {finding}" for finding in evidence.against.findings]
        lines += [f"test lost: {name}" for name in evidence.against.lost_tests]
        lines += [f"commits on another branch: {name}" for name in evidence.elsewhere]
        lines += [f"conflict: {path}" for path in evidence.conflicts]
        lines += [f"not copied into its tree because it is not in your checkout: {name}" for name in self.end.missing]
        if self.end.saved:
            lines.append(f"uncommitted work saved: {self.end.saved}")
        if self.end.leftovers:
            lines.append(f"processes left running, then stopped: {self.end.leftovers}")
        for judged in self.judged:
            lines += ["", f"{judged.criterion.text}: {judged.verdict}", judged.output]
        for judged in self.before:
            lines += ["", f"with test files as on the base, {judged.criterion.text}: {judged.verdict}", judged.output]
        return "\n".join(lines).rstrip()

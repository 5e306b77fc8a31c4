"""The state of judging a list of criteria: known verdicts, and what is still needed for the others."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli._support.text import sha256_of, stamp
from mission_cli.domain.evidence.verdicts import RecordedVerdict, rule_of
from mission_cli.domain.judging.quarantine import as_subjects, differing
from mission_cli.domain.judging.test_results import as_lines
from mission_cli.domain.noted import times_resumed
from mission_cli.domain.status import EXECUTABLE_KINDS, PASSES, CriterionKind, JobState, Verdict
from mission_cli.planner.core.effects import RunCheck
from mission_cli.planner.core.requests import Question, find_request

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mission_cli.domain.criteria.criterion import Criterion
    from mission_cli.domain.ids import Sha
    from mission_cli.domain.judging.test_results import SuiteSummary
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.jobs import CheckState
    from mission_cli.domain.tables import InputRequest
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.core.policy import Policy
    from mission_cli.planner.reviewing.reviews import Reviews

_YES = frozenset(
    {"pass", "passed", "yes", "y", "ok", "okay", "accept", "accepted", "approve", "approved", "true", "done"}
)


@dataclass(frozen=True, slots=True)
class Judged:
    """One criterion with its verdict; `detail` is the end of the output, or a person's answer."""

    criterion: Criterion
    verdict: Verdict
    detail: str = ""
    commit: str = ""
    tree: str = ""
    exit: str = ""
    """How its check ended; empty if no program ran."""
    check: str = ""
    """Key and try of its check (`KEY.TRY`); empty if no program ran."""
    tests: SuiteSummary | None = None
    """Test results that the check reported."""
    flaky: tuple[str, ...] = ()
    """What failed in one of two runs on the same tree: names of tests, or the whole criterion."""

    @property
    def output(self) -> str:
        """The recorded output: test results, then `detail`."""
        return "\n".join([*(as_lines(self.tests) if self.tests is not None else ()), self.detail])

    @property
    def passes(self) -> bool:
        """Whether the verdict is a pass."""
        return self.verdict in PASSES


@dataclass(slots=True)
class Judgment:
    """The state of judging a list of criteria."""

    known: list[Judged] = field(default_factory=list)
    starts: list[RunCheck] = field(default_factory=list)
    running: list[str] = field(default_factory=list)
    unsure: list[RunCheck] = field(default_factory=list)
    """Failed checks that run again, alone, before the failure counts."""
    asks: list[Question] = field(default_factory=list)
    asked: list[InputRequest] = field(default_factory=list)
    disputed: dict[Criterion, Judged] = field(default_factory=dict)
    """Estimated criteria that failed, with their failures; reviewers decide about them."""
    reviews: Reviews | None = None
    """The reviews of the change while some are missing; otherwise None."""

    @property
    def over(self) -> bool:
        """Whether every criterion has a verdict: nothing runs, starts or waits for an answer."""
        return not (self.starts or self.running or self.unsure or self.asks or self.asked or self.reviews)

    def having(self, *verdicts: Verdict) -> list[Judged]:
        """Return the criteria with one of the verdicts."""
        return [j for j in self.known if j.verdict in verdicts]


def recorded(judged: Judged, at: str, side: str = "") -> RecordedVerdict:
    """Return a verdict in the form in which it is recorded."""
    return RecordedVerdict(
        criterion=judged.criterion.text,
        kind=judged.criterion.kind,
        verdict=judged.verdict,
        rule=rule_of(judged.criterion),
        at=at,
        commit=judged.commit,
        tree=judged.tree,
        exit=judged.exit,
        output=sha256_of(judged.output),
        side=side,
    )


def for_file(known: Sequence[Judged], now: datetime) -> tuple[tuple[RecordedVerdict, str], ...]:
    """Return verdicts as an evidence file stores them, each with the end of the output."""
    return tuple((recorded(judged, stamp(now)), judged.output) for judged in known)


def says_yes(response: str) -> bool:
    """Whether the first word of an answer means yes."""
    words = response.strip().casefold().split()
    return bool(words) and words[0].strip(".,:;!") in _YES


def check_key(criterion: Criterion, tree: str, policy: Policy, mission: Mission, turn: str = "") -> str:
    """Return the key of a check; equal keys share one verdict.

    The key depends on criterion, tree, policy and `turn`. Each `resume` of the mission changes it, so that a check that
    could not run is tried again. So does each execution of a recurring mission, because something outside the tree may
    have changed. `turn` makes unchanged work run again: it names a validation round, or a `validate --again`.
    """
    resumed = times_resumed(mission)
    asked = f"{resumed}.{mission.executions}" if mission.recurs else str(resumed)
    parts = (
        criterion.kind,
        criterion.command,
        *criterion.paths,
        criterion.pattern,
        str(criterion.negated),
        criterion.comparison,
        str(criterion.bound),
        criterion.unit,
        str(criterion.timeout),
        *(f"{name}: {value}" for name, value in criterion.fields),
        tree,
        policy.checks_salt,
        asked,
        turn,
    )
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:20]


def look_up(draft: Draft, criterion: Criterion, commit: Sha, key: str, result: Judgment, *, confirm: bool) -> None:
    """Add the verdict of a criterion that can be run, or the check that is needed for it.

    With `confirm`, a failure runs again, alone, before it counts.
    """
    state = draft.observation.checks.get(key)
    if state is None:
        result.starts.append(RunCheck(key, 1, criterion, commit, f"judge on {commit[:7]}: {criterion.text}"))
    elif state.again:
        result.starts.append(
            RunCheck(key, state.tries + 1, criterion, commit, f"judge again on {commit[:7]}: {criterion.text}")
        )
    elif state.verdict is None:
        if state.job.state in {JobState.UNKNOWN, JobState.GONE}:
            result.starts.append(
                RunCheck(key, state.tries, criterion, commit, f"judge on {commit[:7]}: {criterion.text}")
            )
        result.running.append(criterion.text)
    elif state.verdict is Verdict.FAILED and state.failed is None and confirm:
        why = f"judge again, alone, on {commit[:7]}: {criterion.text}"
        result.unsure.append(RunCheck(key, state.tries + 1, criterion, commit, why))
    else:
        result.known.append(_known(criterion, key, state, state.verdict))


def _known(criterion: Criterion, key: str, state: CheckState, verdict: Verdict) -> Judged:
    """Return the verdict of a check that has ended. After two failures it is failed, even if different tests failed."""
    check = f"{key}.{state.tries}"
    judged = Judged(criterion, verdict, state.detail, exit=_end_of(state), check=check, tests=state.tests)
    if state.failed is None:
        return judged
    names = differing(state.tests_failed, state.tests)
    if verdict is Verdict.PASSED:
        which = f"\nflaky tests: {', '.join(names)}" if names else ""
        words = f"it failed, and passed when it was run again on the same tree{which}\nfirst: {state.failed}\nthen: "
        words += state.detail or "passed"
        return replace(judged, verdict=Verdict.FLAKY, detail=words, flaky=as_subjects(names, criterion.text))
    if verdict is Verdict.FAILED and names:
        words = f"{state.detail}\nfailed in one of two runs on the same tree, so these are flaky: {', '.join(names)}"
        return replace(judged, detail=words, flaky=names)
    return judged


def _end_of(state: CheckState) -> str:
    return state.job.exit.told if state.job.exit is not None else ""


def is_own_tick(criterion: Criterion) -> bool:
    """Whether a person ticked a criterion: the program recorded no pass next to it."""
    return criterion.ticked and (criterion.result is None or criterion.result.verdict is not Verdict.PASSED)


def is_ticked(criterion: Criterion, about: str) -> bool:
    """Whether a person has ticked a criterion that cannot be run."""
    return criterion.ticked and (not about or is_own_tick(criterion)) and criterion.kind not in EXECUTABLE_KINDS


def ask_person(draft: Draft, criterion: Criterion, owner: str, about: str, result: Judgment, why: str = "") -> None:
    """Add the verdict of a person on a criterion that cannot be run: by a tick in the file, or by an answer.

    The program set a tick that is next to a recorded pass, so the person is asked again after fixes.
    """
    if is_ticked(criterion, about):
        result.known.append(Judged(criterion, Verdict.PASSED, "ticked by a person"))
        return
    prompt = f"{about}{criterion.text}"
    found = find_request(draft.mission, owner, prompt)
    if found is None:
        why = why or (
            "only a person can judge it" if criterion.kind is CriterionKind.MANUAL else "this program cannot run it"
        )
        result.asks.append(Question(owner, prompt, ("pass", "fail"), f"{criterion.text}: {why}"))
    elif found.open:
        result.asked.append(found)
    else:
        verdict = Verdict.PASSED if says_yes(found.response) else Verdict.FAILED
        result.known.append(Judged(criterion, verdict, found.response))

"""Verdicts on criteria: look up those known for a tree, run checks for others, ask a person for the rest."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli._support.text import stamp
from mission_cli.domain.evidence.verdicts import RecordedVerdict, rule_of, sha256_of
from mission_cli.domain.noted import times_resumed
from mission_cli.domain.paths import findings_folders
from mission_cli.domain.status import EXECUTABLE_KINDS, PASSES, CriterionKind, JobState, Verdict
from mission_cli.planner.core.draft import LOOK_AGAIN
from mission_cli.planner.core.effects import RunCheck
from mission_cli.planner.core.requests import (
    Question,
    ask,
    find_request,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mission_cli.domain.ids import Sha
    from mission_cli.domain.mission import Criterion, Mission
    from mission_cli.domain.runs import CheckState
    from mission_cli.domain.tables import InputRequest
    from mission_cli.planner.core.draft import Draft
    from mission_cli.planner.core.policy import Policy

_YES = frozenset(
    {"pass", "passed", "yes", "y", "ok", "okay", "accept", "accepted", "approve", "approved", "true", "done"}
)


@dataclass(frozen=True, slots=True)
class Judged:
    """One criterion with its verdict; `detail` is the end of the output, or what the person wrote."""

    criterion: Criterion
    verdict: Verdict
    detail: str = ""
    commit: str = ""
    tree: str = ""
    exit: str = ""
    """How its check ended; empty if a person judged."""

    @property
    def passes(self) -> bool:
        """Whether the verdict is a pass."""
        return self.verdict in PASSES


@dataclass(slots=True)
class Judgment:
    """The state of judging a list of criteria. It is over when no check starts or runs and no question is open."""

    known: list[Judged] = field(default_factory=list)
    starts: list[RunCheck] = field(default_factory=list)
    running: list[str] = field(default_factory=list)
    unsure: list[RunCheck] = field(default_factory=list)
    """Failures that run again, alone, before they count."""
    asks: list[Question] = field(default_factory=list)
    asked: list[InputRequest] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Whether every criterion has its verdict."""
        return not (self.starts or self.running or self.unsure or self.asks or self.asked)

    def having(self, *verdicts: Verdict) -> list[Judged]:
        """Return the criteria with one of the verdicts."""
        return [j for j in self.known if j.verdict in verdicts]


def recorded(judged: Judged, at: str, side: str = "") -> RecordedVerdict:
    """Return a verdict as it is recorded."""
    return RecordedVerdict(
        criterion=judged.criterion.text,
        kind=judged.criterion.kind,
        verdict=judged.verdict,
        rule=rule_of(judged.criterion),
        at=at,
        commit=judged.commit,
        tree=judged.tree,
        exit=judged.exit,
        output=sha256_of(judged.detail),
        side=side,
    )


def for_file(known: Sequence[Judged], now: datetime) -> tuple[tuple[RecordedVerdict, str], ...]:
    """Return verdicts as an evidence file stores them, each with the end of the output."""
    return tuple((recorded(judged, stamp(now)), judged.detail) for judged in known)


def says_yes(response: str) -> bool:
    """Whether the first word of an answer is a yes of some kind."""
    words = response.strip().casefold().split()
    return bool(words) and words[0].strip(".,:;!") in _YES


def check_key(criterion: Criterion, tree: str, policy: Policy, mission: Mission, turn: str = "") -> str:
    """Return the key of a check: equal exactly when criterion, tree, policy and turn are equal.

    Each `resume` of the mission changes the keys, so that what could not run is tried again. So does each execution of
    a recurring mission, because the world may have changed although the tree is the same. `turn` makes unchanged work
    run again: it names a round of validation, or a person's `validate --again`.
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


def names_findings(criterion: Criterion, mission: str) -> bool:
    """Whether a criterion refers to findings, not only to code."""
    texts = (criterion.from_top, *criterion.paths)
    return any(folder.rstrip("/") in text for folder in findings_folders(mission) for text in texts)


def judge(
    draft: Draft,
    criteria: Sequence[Criterion],
    *,
    owner: str,
    commit: Sha,
    tree: str,
    about: str = "",
    turn: str = "",
    confirm: bool = True,
) -> Judgment:
    """Look up the verdict of each criterion on one tree, or arrange a check or a question.

    With `confirm` a failure counts only after it has failed again, alone, when everything else is known.
    """
    result = Judgment()
    for criterion in criteria:
        if criterion.wrong:
            result.known.append(Judged(criterion, Verdict.COULD_NOT_RUN, criterion.wrong))
        elif criterion.kind in EXECUTABLE_KINDS:
            about_found = names_findings(criterion, draft.mission.id)
            place = f"{tree}.{draft.observation.findings}" if about_found else tree
            key = check_key(criterion, place, draft.policy, draft.mission, turn)
            _executable(draft, criterion, commit, key, result, confirm=confirm)
        else:
            _personal(draft, criterion, owner, about, result)
    result.known = [replace(judged, commit=commit, tree=tree) for judged in result.known]
    if result.unsure and not (result.starts or result.running):
        result.starts.append(result.unsure[0])
    return result


def turn_of(mission: Mission) -> str:
    """Return a name for the current round of validation; verdicts are not kept beyond it."""
    return f"validation {sum(m.rounds for m in mission.milestones)}"


def start_checks(draft: Draft, judgment: Judgment, *, most: int = 0) -> None:
    """Add to the draft what a judgment needs: checks to start, questions to ask, checks to wait for.

    `most` is how many checks of the mission may run when one of these is started; 0: as many as the policy allows.
    """
    start_within_bounds(draft, judgment, most=most)
    judgment.asked += [ask(draft, question) for question in judgment.asks]
    judgment.asks.clear()
    draft.running += len(judgment.running)
    draft.checking += len(judgment.running)


def start_within_bounds(draft: Draft, judgment: Judgment, *, most: int = 0) -> None:
    """Start the checks of a judgment, as many as the mission and this machine may run now."""
    for start in judgment.starts:
        draft.judgments.setdefault(start.key, start)
        started = {a.key for a in draft.effects if isinstance(a, RunCheck)}
        under_way = len(started) + sum(_runs(state) for state in draft.observation.checks.values())
        alone = any(start is other for other in judgment.unsure)
        if start.key in started or draft.alone:
            continue
        if not alone and under_way >= (most or draft.policy.checks_at_once):
            continue
        draft.alone = alone
        if alone and under_way:
            continue
        if len(started) < draft.observation.free_checks:
            draft.effects.append(start)
        else:
            draft.checking += 1
            draft.wakes.append(draft.observation.now + LOOK_AGAIN)


def _runs(state: CheckState) -> bool:
    """Whether a check runs or waits for its start."""
    return state.job.state in {JobState.WAITING, JobState.RUNNING}


def _executable(draft: Draft, criterion: Criterion, commit: Sha, key: str, result: Judgment, *, confirm: bool) -> None:
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
    elif state.verdict is Verdict.PASSED and state.failed is not None:
        words = f"it failed, and passed when it was run again on the same tree\nfirst: {state.failed}\nthen: "
        result.known.append(Judged(criterion, Verdict.FLAKY, words + (state.detail or "passed"), exit=_end_of(state)))
    else:
        result.known.append(Judged(criterion, state.verdict, state.detail, exit=_end_of(state)))


def _end_of(state: CheckState) -> str:
    return state.job.exit.told if state.job.exit is not None else ""


def _personal(draft: Draft, criterion: Criterion, owner: str, about: str, result: Judgment) -> None:
    """Let a person judge what cannot be run: by a tick in the file, or by an answer.

    A tick next to a recorded pass was set by this program: after fixes the person is asked again.
    """
    if criterion.ticked and (not about or criterion.result is None or criterion.result.verdict is not Verdict.PASSED):
        result.known.append(Judged(criterion, Verdict.PASSED, "ticked by a person"))
        return
    prompt = f"{about}{criterion.text}"
    found = find_request(draft.mission, owner, prompt)
    if found is None:
        why = "only a person can judge it" if criterion.kind is CriterionKind.MANUAL else "this program cannot run it"
        result.asks.append(Question(owner, prompt, ("pass", "fail"), f"{criterion.text}: {why}"))
    elif found.open:
        result.asked.append(found)
    else:
        verdict = Verdict.PASSED if says_yes(found.response) else Verdict.FAILED
        result.known.append(Judged(criterion, verdict, found.response))

"""What becomes of drafts: a person is asked at the end of the mission, and what they decide is carried out once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.domain.agents.drafts import DraftKind, DraftRow, Fate, name_in, rows_of, usable
from mission_cli.domain.agents.effect import effect_of
from mission_cli.domain.notice import advise, do
from mission_cli.domain.status import HoldKind, MissionStatus, RequestStatus
from mission_cli.planner.core.moves.drafts import MoveDraft, PromoteDraft
from mission_cli.planner.core.moves.mission import Finish
from mission_cli.planner.core.requests import FINAL, Question, answer_to, ask
from mission_cli.planner.release.gates import expire

if TYPE_CHECKING:
    from mission_cli.domain.agents.drafts import DraftFile
    from mission_cli.domain.agents.effect import Effect
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.tables import InputRequest
    from mission_cli.planner.core.draft import Draft

ANSWERS = (Fate.TO_ME, Fate.TO_REPO, Fate.DISCARDED)
OPTIONS = ("to me", "to the repository", "discard")
"""The answers to the request about a draft, and below what each means."""
_MEANT = (
    "it is copied to your own agents, for all of your missions",
    "it is proposed to the repository, for everyone's missions",
    "it is removed; git keeps its history",
)
_PROMOTED = {Fate.TO_ME: Fate.MINE, Fate.TO_REPO: Fate.REPO}


def ask_at_end(draft: Draft) -> None:
    """Ask about each draft without a decision when the mission completes, in the same commit."""
    ends = any(isinstance(move, Finish) and move.to is MissionStatus.COMPLETED for move in draft.transitions)
    if not ends:
        return
    for row, found in usable(rows_of(draft.mission), draft.observation.drafts.files):
        if row.fate is Fate.OPEN and request_about(draft.mission, row) is None:
            words = f"a person decides what becomes of {row.path}"
            draft_of = Question(FINAL, _prompt(draft, row, found), OPTIONS, words, descriptions=_MEANT)
            ask(draft, draft_of)


def drafts_to_carry_out(draft: Draft) -> None:
    """Record what people answered about drafts, and promote what they chose; nothing is overwritten."""
    for row in rows_of(draft.mission):
        if row.fate is Fate.OPEN:
            _answered(draft, row)
        elif row.fate in _PROMOTED:
            _promoted(draft, row)


def drafts_of_finished(draft: Draft) -> None:
    """Decide about the drafts of a finished mission: remind of requests about them, and carry out the answers."""
    found = (request_about(draft.mission, row) for row in rows_of(draft.mission))
    asked = [request for request in found if request is not None and request.open]
    expire(draft, asked)
    for request in asked:
        words = f"a person decides about a draft: {request.prompt}"
        draft.hold(FINAL, HoldKind.REQUEST, words, unblock=answer_to(draft.mission, request), person=True)
    drafts_to_carry_out(draft)


def chosen_fate(response: str) -> Fate:
    """Return what an answer decides; open if it decides nothing."""
    words = response.strip().casefold()
    return next((fate for text, fate in zip(OPTIONS, ANSWERS, strict=True) if words.startswith(text)), Fate.OPEN)


def _answered(draft: Draft, row: DraftRow) -> None:
    request = request_about(draft.mission, row)
    fate = chosen_fate(request.response) if request is not None and not request.open else Fate.OPEN
    if request is not None and fate is not Fate.OPEN:
        words = {Fate.TO_ME: "goes to the person's own", Fate.TO_REPO: "is proposed to the repository"}
        what = words.get(fate, "is discarded")
        why = f"{row.path} {what}: request {request.number} was answered with {one_line(request.response, 100)}"
        draft.transitions.append(MoveDraft(row.agent, row.path, fate, why))


def _promoted(draft: Draft, row: DraftRow) -> None:
    seen = draft.observation.drafts.promoted.get(row.path)
    if seen is None:
        return
    name, to = name_in(row.path), "the person's own" if row.fate is Fate.TO_ME else "the repository"
    if seen.trouble:
        again = do("agents", "discard", draft.mission.id, name)
        unblock = advise("move the existing file out of the way; the promotion then follows by itself; or ", again)
        draft.hold("", HoldKind.REQUEST, f"{name} is not promoted: {seen.trouble}", unblock=unblock, person=True)
    elif seen.where:
        words = f"{row.path} is among {to}: {seen.where}"
        draft.transitions.append(MoveDraft(row.agent, row.path, _PROMOTED[row.fate], words, seen.where))
    else:
        draft.effects.append(PromoteDraft(row.path, row.fate, f"promote {name} to {to}"))


def request_about(mission: Mission, row: DraftRow) -> InputRequest | None:
    """Return the last request about a draft that was not withdrawn."""
    begin = _begin(row)
    found = (r for r in reversed(mission.requests) if r.feature == FINAL and r.prompt.startswith(begin))
    return next((r for r in found if r.status != RequestStatus.WITHDRAWN), None)


def _begin(row: DraftRow) -> str:
    return f"Draft `{row.path}`: "


def _prompt(draft: Draft, row: DraftRow, found: DraftFile) -> str:
    purpose = one_line(row.purpose or found.description, 160)
    tail = f" (not used: {one_line(found.wrong, 80)})" if found.wrong else ""
    told = shown(effect_of(row.path, found.created, draft.observation.records))
    kind = "script" if row.kind is DraftKind.SCRIPT else "agent"
    return f"{_begin(row)}what becomes of this {kind}? {purpose}{tail} ({told})"


def shown(effect: Effect) -> str:
    """Return the effect of a draft in words."""
    before, after = effect.before, effect.after
    if not after.attempts:
        return "no attempt had it"
    figures = (
        ("attempts per feature", f"{after.attempts_each:f}", f"{before.attempts_each or 0:f}"),
        ("tokens per feature", f"{after.tokens_each:f}", f"{before.tokens_each or 0:f}"),
        ("failures", f"{after.failures} of {after.attempts}", f"{before.failures} of {before.attempts}"),
    )
    past = bool(before.attempts)
    return "; ".join(f"{what}: {now} with it{f', {then} before' if past else ''}" for what, now, then in figures)

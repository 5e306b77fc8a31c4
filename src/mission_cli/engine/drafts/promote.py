"""Promote drafts: to the person's own, or to a branch of the repository with a pull request. Nothing is overwritten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.agents.drafts import USUAL_TOOLS, DraftKind, Fate, Promoted, read_draft, rows_of
from mission_cli.domain.agents.effect import effect_of
from mission_cli.domain.branches.refs import agents_branch
from mission_cli.domain.errors import MissionError
from mission_cli.domain.ids import Sha
from mission_cli.engine.drafts.given import IN_REPOSITORY
from mission_cli.planner.drafts.deciding import shown
from mission_cli.ports.agents.agent import GivenAgent
from mission_cli.ports.git.forge import NewPull

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.domain.agents.drafts import DraftFile
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.runs.record import RunRecord
    from mission_cli.engine.case import Case
    from mission_cli.engine.context import Context
    from mission_cli.planner.core.moves.drafts import PromoteDraft

_WANTED = frozenset({Fate.TO_ME, Fate.TO_REPO})


def looks_of(
    ctx: Context, mission: Mission, files: Mapping[str, str], records: Sequence[RunRecord], *, ask: bool
) -> dict[str, Promoted]:
    """Return what is known of the drafts that a person wants promoted, by path. The forge is contacted with `ask`."""
    rows = [row for row in rows_of(mission) if row.fate in _WANTED]
    found: dict[str, Promoted] = {}
    for row in rows:
        text = files.get(row.path)
        draft = read_draft(row.path, text or "")
        if text is None or draft.wrong:
            found[row.path] = Promoted(trouble=draft.wrong if text is not None else f"there is no file {row.path}")
        elif row.fate is Fate.TO_ME:
            found[row.path] = _with_person(ctx, mission, draft, text, records)
        else:
            found[row.path] = _with_repository(ctx, mission, draft, text, ask=ask)
    return found


def promote(ctx: Context, case: Case, act: PromoteDraft) -> str:
    """Carry out a promotion. Returns why it failed, or the empty string."""
    mission, text = case.mission, case.observation.drafts.files.get(act.path, "")
    draft = read_draft(act.path, text)
    if draft.wrong:
        return draft.wrong
    if act.to is Fate.TO_ME:
        ctx.own_agents.put(
            act.path, promoted_text(text), _native(draft), _agents(ctx, mission, case.observation.records)
        )
        return ""
    return _propose(ctx, case, draft, text)


def promoted_text(text: str) -> str:
    """Return the text of a draft as it is after its promotion: its status says so."""
    head, mark, rest = text.partition("status: draft\n")
    return f"{head}status: promoted\n{rest}" if mark else text


def _with_person(ctx: Context, mission: Mission, draft: DraftFile, text: str, records: Sequence[RunRecord]) -> Promoted:
    found = ctx.own_agents.look(draft.path, promoted_text(text), _native(draft), _agents(ctx, mission, records))
    other = next((one.path for one in found if one.state == "other"), "")
    if other:
        return Promoted(trouble=f"{other} is something else, and stays as it is")
    there = bool(found) and all(one.state == "same" for one in found)
    return Promoted(where=", ".join(one.path for one in found)) if there else Promoted()


def _with_repository(ctx: Context, mission: Mission, draft: DraftFile, text: str, *, ask: bool) -> Promoted:
    branch, path, new = agents_branch(mission.id), f"{IN_REPOSITORY}{draft.path}", promoted_text(text)
    tip = ctx.code.branch(branch)
    at = tip or ctx.code.branch(mission.base)
    if at is None:
        return Promoted(trouble=f"the base branch `{mission.base}` does not exist")
    there = ctx.code.read(at, [path]).get(path)
    if there is not None and there != new:
        return Promoted(trouble=f"{path} is something else in the repository, and stays as it is")
    if tip is None or there is None:
        return Promoted(where=f"{path} on {mission.base}") if there == new else Promoted()
    if not _has_forge(ctx):
        return Promoted(where=f"branch {branch}")
    if not ask:
        return Promoted()
    try:
        pulls = ctx.forge.connect().pulls({branch})
    except MissionError as error:
        return Promoted(where=f"branch {branch}, without a pull request: {error.message}")
    return Promoted(where=pulls[0].url or f"#{pulls[0].number}") if pulls else Promoted()


def _propose(ctx: Context, case: Case, draft: DraftFile, text: str) -> str:
    """Commit a draft to the branch for promoted ones, and open a pull request where there is a forge."""
    mission, branch = case.mission, agents_branch(case.mission.id)
    tip, path = ctx.code.branch(branch), f"{IN_REPOSITORY}{draft.path}"
    start = tip or ctx.code.branch(mission.base)
    if start is None:
        return f"the base branch `{mission.base}` does not exist"
    commit = start
    if path not in ctx.code.read(start, [path]):
        words = f"Add the {draft.kind} {draft.name}\n\nDrafted by mission {mission.id}, promoted by a person."
        commit = ctx.code.overlay(start, {path: promoted_text(text)}, words)
        if not ctx.code.offer(branch, commit, tip):
            return "the branch has moved; the next pulse tries again"
    if not _has_forge(ctx):
        return ""
    refused = ctx.forge.upstream.push(branch, Sha(commit))
    if refused:
        return refused
    told = "\n".join(f"- `{row.path}`: {row.purpose}" for row in rows_of(mission) if row.fate in {*_WANTED, Fate.REPO})
    effect = shown(effect_of(draft.path, draft.created, case.observation.records))
    body = ctx.secrets.scrub(
        f"Mission {mission.id} drafted these, and a person promoted them.\n\n{told}\n\nThe last one: {effect}."
    )
    ctx.forge.connect().open(NewPull(branch, mission.base, f"Add agents and scripts of mission {mission.id}", body))
    return ""


def _has_forge(ctx: Context) -> bool:
    return bool(ctx.forge.remote) and not ctx.forge.ready()


def _native(draft: DraftFile) -> GivenAgent | None:
    if draft.kind is DraftKind.SCRIPT:
        return None
    return GivenAgent(draft.name, draft.description, draft.text, draft.tools or USUAL_TOOLS)


def _agents(ctx: Context, mission: Mission, records: Sequence[RunRecord]) -> list[str]:
    """Return the coding agents that worked for the mission, or that it would use."""
    runners = {record.runner for record in records if record.feature[:1].isdecimal() and not record.by}
    runners = runners or {mission.preferences.runner or ctx.default_runner()}
    known = ((name, ctx.settings.runners.get(name)) for name in sorted(runners))
    return list(dict.fromkeys(found.kind or name for name, found in known if found is not None))

"""The keys that decide what waits for a person: approve, reject, answer, land."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import replace
from mission_cli._support.text import counted
from mission_cli.app.addressing import resolve
from mission_cli.domain.asking.options import Option
from mission_cli.domain.phases.proposals import REQUIREMENTS, SUGGESTIONS
from mission_cli.surfaces.lines import BLANK, paragraph
from mission_cli.surfaces.top.acting.action import Action, Question, failures, finished, one_each

if TYPE_CHECKING:
    from collections.abc import Callable

    from mission_cli.app.results.waiting import Waiting
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.lines import Line
    from mission_cli.surfaces.top.acting.action import Said, Words
    from mission_cli.surfaces.top.repositories import Acting
    from mission_cli.surfaces.top.target import Target

_NO, _MERGE, _SQUASH = "no", "merge", "squash"
_SHORT = 7


def decisions() -> tuple[Action, ...]:
    """Return them."""
    gates, requests = one_each("approve"), _requests
    return (
        Action(
            *("a", "approve", "Approve a gate, with a comment if you like.", "approve", _is_gate),
            act=_decide(approved=True),
            ask=_ask_gate(approved=True),
            choose=gates,
        ),
        Action(
            *("x", "reject", "Reject a gate; the comment goes to the workers.", "reject", _is_gate),
            act=_decide(approved=False),
            ask=_ask_gate(approved=False),
            choose=gates,
        ),
        Action(
            *("i", "answer", "Answer a question.", "answer", lambda target: bool(requests(target))),
            act=_answer,
            ask=_ask_answer,
            choose=requests,
        ),
        Action(
            *("L", "land", "Bring the finished work to the base branch, after showing what it is.", "land"),
            fits=lambda target: target.landable or bool(target.remedies("land")),
            act=_land,
            ask=_ask_land,
            choose=one_each("land"),
        ),
    )


def _is_gate(target: Target) -> bool:
    return bool(target.remedies("approve"))


def _requests(target: Target) -> list[Target]:
    return [replace(target, waiting=(one,)) for one in target.waiting if one.number]


def _gate_of(target: Target) -> tuple[str, bool]:
    """Return the name of the gate, and whether one of several suggestions is chosen with it."""
    remedy = target.remedies("approve")[0]
    return remedy.args[1], "--choose" in remedy.args


def _ask_gate(*, approved: bool) -> Callable[[Acting, Target], Question]:
    def ask(acting: Acting, target: Target) -> Question:
        from mission_cli.app.commands.phases.decide import at_gate

        ctx, (name, chooses) = acting.context, _gate_of(target)
        snapshot = ctx.state.snapshot()
        address = resolve(snapshot, target.mission)
        gate = at_gate(ctx, address, name)
        options = _suggested(ctx, target) if chooses and approved else []
        what = f"the document research/{gate.document}" if gate.document else "the work"
        about = f"{what} is at {gate.saw[:_SHORT]}" if gate.saw else ""
        document = _document(ctx, target, gate.document)

        def shown(width: int) -> list[Line]:
            texts = [row for text in filter(None, (gate.message, about)) for row in paragraph(text, width)]
            return [*texts, *([BLANK, *document(width)] if gate.document else [])]

        word = "Approve" if approved else "Reject"
        title = f"{word} the gate {gate.name} of {target.mission}"
        return Question(title, shown, text="comment", options=options, saw=gate.saw)

    return ask


def _suggested(ctx: Context, target: Target) -> list[Option]:
    """Return the suggestions of which one is chosen with the approval."""
    from mission_cli.app.queries.proposals import suggestions_of

    snapshot = ctx.state.snapshot()
    found = suggestions_of(ctx, snapshot, resolve(snapshot, target.mission)).suggestions
    return [Option(str(one.number), one.title) for one in found]


def _document(ctx: Context, target: Target, name: str) -> Callable[[int], list[Line]]:
    """Return what a gate of a phase shows."""
    from mission_cli.app.queries.proposals import requirements_of, suggestions_of
    from mission_cli.surfaces.views.proposals import requirements_lines, suggestions_lines

    snapshot = ctx.state.snapshot()
    address = resolve(snapshot, target.mission)
    if name == SUGGESTIONS:
        suggested = suggestions_of(ctx, snapshot, address)
        return lambda width: suggestions_lines(suggested, width)
    if name == REQUIREMENTS:
        required = requirements_of(ctx, snapshot, address)
        return lambda width: requirements_lines(required, width)
    return lambda _: []


def _decide(*, approved: bool) -> Callable[[Acting, Target, Said], Words]:
    def act(acting: Acting, target: Target, said: Said) -> Words:
        from mission_cli.app.commands.gates import decide_gate
        from mission_cli.app.commands.phases.documents import Given

        name, _ = _gate_of(target)
        given = Given(int(said.option)) if said.option else Given()
        ctx, text, saw = acting.context, said.text, said.saw
        done = decide_gate(ctx, target.mission, name, approved=approved, comment=text, saw=saw, given=given)
        return finished(acting, done)

    return act


def _ask_answer(_: Acting, target: Target) -> Question:
    asked = target.waiting[0]
    text = "" if asked.options and not asked.free_text else "other answer" if asked.options else "answer"
    return Question(
        f"Question {asked.number} of {target.mission}",
        lambda width: paragraph(asked.name, width, "bold"),
        text,
        needed=not asked.options,
        options=asked.options,
    )


def _answer(acting: Acting, target: Target, said: Said) -> Words:
    from mission_cli.app.commands.features import answer

    asked: Waiting = target.waiting[0]
    return finished(acting, answer(acting.context, target.mission, asked.number, said.text or said.option))


def _landing(target: Target) -> str:
    """Return what lands: the mission, or where the forge merges also a feature."""
    remedies = target.remedies("land")
    return remedies[0].args[0] if remedies and remedies[0].args else target.mission


def _ask_land(acting: Acting, target: Target) -> Question:
    from mission_cli.app.pull_requests import proposes
    from mission_cli.app.queries.before.landing import landing_preview
    from mission_cli.app.queries.pulls import pull_requests
    from mission_cli.surfaces.views.landing.preview import landing_lines
    from mission_cli.surfaces.views.landing.pulls import pull_lines

    ctx, what = acting.context, _landing(target)
    if proposes(ctx, what):
        found, now = pull_requests(ctx, what), ctx.clock.now()
        title = "Let the forge merge them?"
        return Question(title, lambda width: pull_lines(found, width, now), yes=False)
    preview = landing_preview(ctx, what)
    title = f"{counted(len(preview.features), 'feature')} of {preview.id} would land on {preview.base}. Land?"
    ways = (Option(_NO), Option(_MERGE, "with a merge commit"), Option(_SQUASH, "everything as one commit"))
    return Question(title, lambda width: landing_lines(preview, width), options=ways, saw=preview.work)


def _land(acting: Acting, target: Target, said: Said) -> Words:
    from mission_cli.app.commands.gates import land
    from mission_cli.app.commands.steer.pulls import approve_pulls
    from mission_cli.app.pulses.after import follow_landing
    from mission_cli.surfaces.views.landing.preview import landed_words

    ctx = acting.context
    if not said.option:
        return finished(acting, approve_pulls(ctx, _landing(target)))
    if said.option == _NO:
        return ["nothing was changed"]
    base = resolve(ctx.state.snapshot(), target.mission).mission.base
    done = land(ctx, target.mission, squash=said.option == _SQUASH, saw=said.saw)
    landing = follow_landing(ctx, done, settings_valid=not acting.problems)
    return [*landed_words(landing.result, base), *failures(landing.report)]

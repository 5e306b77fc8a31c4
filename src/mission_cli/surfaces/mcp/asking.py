"""The tools about questions: ask the person something, and record what the person answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli.app.addressing import resolve
from mission_cli.domain.deciding.access import Scope
from mission_cli.domain.notice import do
from mission_cli.surfaces.mcp.desk import Answer, AskFirstError, Question
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.tables import InputRequest
    from mission_cli.surfaces.mcp.desk import Desk
    from mission_cli.surfaces.mcp.given import Answering, Asking

_LABEL, _WORDS = "answer", "comment"
COMMENT = {"type": "string", "title": "Comment"}


def answer(desk: Desk, given: Answering) -> Answer:
    """Answer a question (`mission answer`): with the words of the person, who is shown the question."""
    from mission_cli.app.commands import features

    opened = desk.open(scope=Scope.APPROVE)
    mission = resolve(opened.context.state.snapshot(), given.mission).mission
    request = next((r for r in mission.requests if r.number == given.number and r.open), None)
    words = given.answer
    if request is not None:  # otherwise the command says what is wrong
        suggested = f"\n{desk.client} suggests: {clean(words)}" if words else ""
        question = _question(mission.id, request, suggested)
        said = desk.decide(opened.context, question, do("answer", mission.id, given.number, words or "TEXT"))
        words = _said(said) or words
        opened = desk.decided(opened)
    return desk.finish(opened, features.answer(opened.context, mission.id, given.number, words))


def ask_user(desk: Desk, given: Asking) -> Answer:
    """Ask the person something about a mission or a task, which waits for the answer (`mission ask`).

    If the client can show the question at once and the person answers, the answer is recorded, too.
    """
    from mission_cli.app.commands import features
    from mission_cli.app.commands.steer import ask as asking
    from mission_cli.app.results.changes import AskedQuestion

    opened = desk.open()
    mission = resolve(opened.context.state.snapshot(), given.about).mission
    wanted = asking.Given(given.question, given.options, given.free_text, given.urgency, given.expires)
    asked = next((r for r in mission.requests if r.open and r.number == desk.number), None)
    if asked is None:
        done = asking.ask(opened.context, given.about, wanted)
        facts = AskedQuestion(done.address.mission.id, done.words, done.commit or "", int(done.about))
        result = desk.finish(opened, done, facts)
        if not desk.can_ask:
            return result
        now = resolve(opened.context.state.snapshot(), mission.id).mission
        asked = next(r for r in now.requests if r.number == facts.number)
        raise AskFirstError(_question(mission.id, asked), do("answer", mission.id, asked.number, "TEXT"), asked.number)
    words = desk.said(_question(mission.id, asked))
    told = _said(words) if words is not None else ""
    if told:
        opened = desk.decided(opened)
        done = features.answer(opened.context, mission.id, asked.number, told)
        return desk.finish(opened, done, AskedQuestion(mission.id, done.words, done.commit or "", asked.number))
    words_of_it = f"request {asked.number} is open: the person has not answered it yet"
    return Answer(AskedQuestion(mission.id, words_of_it, "", asked.number))


def _question(mission: MissionId, request: InputRequest, suggested: str = "") -> Question:
    """Return a request as a form: a choice if it has options, and any text where that is an answer."""
    told = "".join(
        f"\n- {clean(label)}: {clean(meaning)}"
        for label, meaning in zip(request.options, request.descriptions, strict=False)
        if meaning
    )
    field: dict[str, Any] = {"type": "string", "title": "Your answer"}
    if request.options and not request.free_text:
        field |= {"enum": list(request.options)}
    else:
        field |= {"minLength": 1}
    hint = f" ({', '.join(map(clean, request.options))}, or any text)" if request.options and request.free_text else ""
    text = f"{mission}: {clean(request.prompt)}{hint}{told}{suggested}"
    return Question(text, {_LABEL: field, _WORDS: COMMENT}, str(request.number))


def _said(form: Any) -> str:
    return " ".join(filter(None, [str(form.get(_LABEL) or ""), str(form.get(_WORDS) or "")])).strip()

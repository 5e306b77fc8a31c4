"""What an action means, for the person who is asked whether to go on: the same that the command line shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli._support.numbers import whole
from mission_cli.domain.asking.urgency import URGENCIES, USUAL_URGENCY
from mission_cli.domain.errors import UsageError
from mission_cli.surfaces.http.problems import RefusedRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.app.addressing import Address
    from mission_cli.app.queries.before.consequences import Consequence
    from mission_cli.app.results.landing import LandingPreview
    from mission_cli.app.results.proposals import SuggestedFeature
    from mission_cli.domain.branches.landing import LandedFile
    from mission_cli.domain.mission import Mission
    from mission_cli.domain.tables import InputRequest
    from mission_cli.surfaces.http.web.site import Held, Visit
    from mission_cli.surfaces.markup.elements import Html


CONFIRMED = "confirmed"
"""The field of a form with the value of which the page has said that it widens a limit."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a page says before an action."""

    about: str = ""
    """What it is done to: a feature, a gate, a question."""
    words: str = ""
    """What it means; empty if nothing unexpected."""
    facts: Sequence[tuple[str, str]] = ()
    warnings: Sequence[str] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Fields of the form that the visitor does not fill in, such as the commit that is shown."""
    request: InputRequest | None = None
    landing: LandingPreview | None = None
    files: Sequence[LandedFile] = ()
    """What the finished work changes against the base."""
    change: Html | None = None
    """The same, line by line."""
    suggestions: Sequence[SuggestedFeature] = ()
    """To choose from."""
    document: str = ""
    """What is decided about."""
    requirements: str = ""
    """The same, if it may be changed."""
    choices: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    """Of fields of the form: values, and what they are called; the first one is chosen."""
    without: Sequence[str] = ()
    """Fields of the form that do not apply."""


def nothing(_visit: Visit, _held: Held) -> Meaning:
    """Return nothing: the title says it."""
    return Meaning()


def of_start(_: Visit, held: Held) -> Meaning:
    """Return what the start of a mission means. Raises BlockedError with the first reason why it cannot start."""
    from mission_cli.app.commands.start_checks import refuse_start, weak_points
    from mission_cli.app.queries.outlook import outlook
    from mission_cli.surfaces.views.consent import consent_facts

    refuse_start(held.ctx, held.address)
    facts = consent_facts(held.ctx, held.address.loaded, outlook(held.ctx, held.address.mission))
    weak = [problem.at(held.address.stored.path) for problem in weak_points(held.ctx, held.address)]
    return Meaning(facts=facts, warnings=weak)


def of_pause(_visit: Visit, _held: Held) -> Meaning:
    """Return what a pause means."""
    return Meaning(words="Nothing new is started.")


def of_cancel(_: Visit, held: Held) -> Meaning:
    """Return what ends with a mission."""
    from mission_cli.app.queries.before.consequences import of_cancel as asked

    found = asked(held.ctx.state, held.ctx.executor.running(), held.address.mission.id)
    return Meaning(words=found.text)


def of_land(visit: Visit, held: Held) -> Meaning:
    """Return what would land, here or by the forge. Raises BlockedError if nothing can."""
    from mission_cli.app.pull_requests import proposes
    from mission_cli.app.queries.before.landing import landing_change, landing_preview
    from mission_cli.app.queries.pulls import pull_requests
    from mission_cli.surfaces.markup.changes import change_html

    if proposes(held.ctx, held.address.mission.id):
        [found] = pull_requests(held.ctx, held.address.mission.id)
        facts = [(f"{one.subject} {one.title}", one.reason or one.state) for one in found.pulls]
        return Meaning(words="The forge merges these pull requests by its rules.", facts=facts, without=("squash",))
    squash = bool(visit.form.get("squash"))
    preview = landing_preview(held.ctx, held.address.mission.id, squash=squash)
    return Meaning(
        landing=preview,
        fixed={"saw": preview.work},
        warnings=[preview.obstacle] if preview.obstacle else (),
        files=preview.files,
        change=change_html(landing_change(held.ctx, preview.id, squash=squash).patch, preview.files),
    )


def of_gate(visit: Visit, held: Held) -> Meaning:
    """Return what a gate is about, and exactly what is decided."""
    from mission_cli.app.commands.phases.decide import at_gate

    gate = at_gate(held.ctx, held.address, visit.given("gate"))
    fixed = {"gate": gate.name, **({"saw": gate.saw} if gate.saw else {})}
    facts = [("shows", gate.document or f"the finished work, {gate.saw[:7]}")] if gate.saw else []
    approves = visit.request.url.path.endswith("/approve")
    shown = _document(held, gate.document, approves=approves) if gate.document else _change(held, gate.saw)
    return Meaning(f"Gate {gate.name}", gate.message, facts, fixed=fixed, **shown)


def _document(held: Held, name: str, *, approves: bool) -> dict[str, Any]:
    """Return how the document of a gate is shown: as suggestions to choose from, to be changed, or as it is."""
    from mission_cli.app.queries.proposals import suggestions_of
    from mission_cli.domain.phases.proposals import REQUIREMENTS, SUGGESTIONS
    from mission_cli.engine.phases.documents import documents_of

    head = held.snapshot.head
    if not name or head is None:
        return {}
    found = documents_of(held.ctx.state.found(held.address.stored, head), (name,)).get(name)
    if found is None:
        return {}
    if approves and name == REQUIREMENTS:
        return {"requirements": found.text}
    if approves and name == SUGGESTIONS:
        suggested = suggestions_of(held.ctx, held.snapshot, held.address).suggestions
        return {"suggestions": suggested} if suggested else {"document": found.text}
    return {"document": found.text}


def _change(held: Held, commit: str) -> dict[str, Any]:
    """Return what finished work changes against the base; nothing if one of them is not in this clone."""
    from mission_cli.app.queries.before.change import change_between
    from mission_cli.surfaces.markup.changes import change_html

    code, mission = held.ctx.code, held.address.mission
    base, work = code.heads(mission.id, mission.base).base, code.find_commit(commit) if commit else None
    if base is None or work is None:
        return {}
    change = change_between(held.ctx, base, work)
    return {"files": change.files, "change": change_html(change.patch, change.files)}


def of_request(visit: Visit, held: Held) -> Meaning:
    """Return the question."""
    number = whole(visit.given("number"))
    found = next((one for one in held.address.mission.requests if one.number == number), None)
    if found is None:
        raise RefusedRequestError(
            404, f"there is no request {visit.given('number')}", "the page of the mission has all"
        )
    if not found.open:
        raise RefusedRequestError(
            409, f"request {found.number} is {found.status}", "the page of the mission has the answer"
        )
    about = f"about {found.feature}" if found.feature else ""
    return Meaning(about, request=found)


def of_feature(visit: Visit, held: Held) -> Meaning:
    """Return the feature."""
    feature = _at(visit, held).need_feature()
    return Meaning(f"{feature.number} {feature.title}")


def of_retry(visit: Visit, held: Held) -> Meaning:
    """Return what a retry opens again."""
    from mission_cli.app.queries.before.consequences import of_retry as asked

    return _with(of_feature(visit, held), asked(held.ctx, f"{held.address.mission.id}/{visit.given('feature')}"))


def of_skip(visit: Visit, held: Held) -> Meaning:
    """Return which features lose what they depend on."""
    from mission_cli.app.queries.before.consequences import of_skip as asked

    return _with(of_feature(visit, held), asked(held.ctx, f"{held.address.mission.id}/{visit.given('feature')}"))


def of_given(visit: Visit, _: Held) -> Meaning:
    """Return what the address says."""
    return Meaning(
        facts=[(name, visit.given(name)) for name in ("expected_phase", "phase", "text") if visit.given(name)]
    )


def of_note(visit: Visit, _: Held) -> Meaning:
    """Return what a person notes."""
    return Meaning(visit.given("text"), fixed={"kind": "user_message"})


def of_set(visit: Visit, held: Held) -> Meaning:
    """Return the change of a value, and which limit it widens."""
    from mission_cli.app.commands.set_value import setting

    key, value = visit.given("what"), visit.given("value") or visit.form.get("value", "")
    if not value:
        return Meaning(key)
    wanted = setting(held.address, key, value)
    if not wanted.wider:
        return Meaning(key, wanted.words)
    return Meaning(key, wanted.words, warnings=[f"{wanted.key} {wanted.wider}."], fixed={CONFIRMED: value})


def of_added(_: Visit, held: Held) -> Meaning:
    """Return the milestones to which a feature can be added."""
    first = [("", "the first unfinished one")]
    return Meaning(choices={"milestone": [*first, *_milestones(held.address.mission)]})


def of_move(visit: Visit, held: Held) -> Meaning:
    """Return the feature, and the milestones to which it can be moved."""
    feature, mission = _at(visit, held).need_feature(), held.address.mission
    own = mission.milestone_holding(feature.number)
    others = [one for one in _milestones(mission) if own is None or one[0] != str(own.number)]
    return replace(of_feature(visit, held), words="References to it follow.", choices={"to": others})


def of_ask(_: Visit, held: Held) -> Meaning:
    """Return what can wait for an answer, and how urgent that can be."""
    unfinished = [(f.number, f"{f.number} {f.title}") for f in held.address.mission.features() if not f.finished]
    words = sorted(URGENCIES, key=lambda word: word != USUAL_URGENCY)
    return Meaning(
        choices={"feature": [("", "nothing"), *unfinished], "urgency": [(word, word) for word in words]},
    )


def of_sync(_: Visit, held: Held) -> Meaning:
    """Return what a merge of the base means."""
    base = held.address.mission.base or "the base"
    return Meaning(words=f"What was committed on {base} is merged into the work; later attempts start from that.")


def of_undo(_: Visit, held: Held) -> Meaning:
    """Return the last decision, and what changes with it. Raises BlockedError if it cannot be taken back."""
    from mission_cli.app.commands.undo import undoable
    from mission_cli.document.merging.difference import sentences

    found = undoable(held.ctx, held.address.mission.id)
    notes = [f"{found.note[0].upper()}{found.note[1:]}."] if found.note else []
    return Meaning(found.subject, facts=[("changes", one) for one in sentences(found.changes)], warnings=notes)


def _milestones(mission: Mission) -> list[tuple[str, str]]:
    """Return the unfinished milestones, by number and name."""
    return [(str(one.number), f"{one.number} {one.name}") for one in mission.milestones if not one.finished]


def of_mail(visit: Visit, held: Held) -> Meaning:
    """Return the mail, and what is decided."""
    number, mails = whole(visit.given("number")), held.address.mission.mails
    found = next((one for one in mails if one.number == number), None)
    if found is None:
        raise RefusedRequestError(404, f"there is no mail {visit.given('number')}", "the page of the mission has all")
    facts = [("decision", visit.given("decision")), ("to", ", ".join(found.to)), ("subject", found.subject)]
    return Meaning(found.name, facts=facts)


def _with(found: Meaning, consequence: Consequence | None) -> Meaning:
    return found if consequence is None else Meaning(found.about, f"{consequence.text}.")


def _at(visit: Visit, held: Held) -> Address:
    from mission_cli.app.addressing import resolve
    from mission_cli.domain.ids import feature_number

    if feature_number(visit.given("feature")) is None:
        raise UsageError("name a feature", hint="add `feature=1.2` to the address")
    return resolve(held.snapshot, f"{held.address.mission.id}/{visit.given('feature')}")

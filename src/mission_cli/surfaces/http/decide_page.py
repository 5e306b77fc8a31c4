"""The page behind a link to decide: GET shows the question and changes nothing, POST takes the decision.

Mail scanners and chat previews open links, so only the form on the page decides. It has a nonce of this server; the
token in the address is the key to one decision of one person.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from mission_cli._support.dataclass import dataclass
from mission_cli._support.numbers import whole
from mission_cli._support.text import counted, parse_stamp, show_duration
from mission_cli.app.addressing import resolve
from mission_cli.app.commands.phases.documents import Given
from mission_cli.app.deciding.redeem import LONGEST_TEXT, DecisionRefusedError, Offered, Said, look, redeem
from mission_cli.app.queries.proposals import suggestions_of
from mission_cli.domain.deciding.grants import Choice, Standing
from mission_cli.domain.deciding.signatures import is_same, signature
from mission_cli.domain.errors import MissionError
from mission_cli.domain.ids import Sha
from mission_cli.domain.phases.proposals import REQUIREMENTS, SUGGESTIONS
from mission_cli.engine.news.links import question_of
from mission_cli.surfaces.http.bodies import FORM, body_of, form_of, media_type
from mission_cli.surfaces.http.problems import RefusedRequestError, problem_of
from mission_cli.surfaces.http.web.rendering import SCRIPTLESS, render
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from mission_cli.engine.context import Context
    from mission_cli.surfaces.http.places import Serves

_MOST_BYTES = 256 << 10
_MOST_FILES = 40
_LONGEST_DOCUMENT = 50_000
_NONCE_LIFETIME = timedelta(hours=12)
_STATUS = {
    Standing.UNKNOWN: 404,
    Standing.USED: 410,
    Standing.EXPIRED: 410,
    Standing.CLOSED: 409,
    Standing.STALE: 409,
    Standing.FORBIDDEN: 403,
}
_TITLES = {
    Standing.UNKNOWN: ("This link is not known", "It is incomplete, or too old. Nothing was changed."),
    Standing.USED: ("This link was used", "It decides once. Nothing was changed now."),
    Standing.EXPIRED: (
        "This link has expired",
        "Nothing was changed. Ask for a new message, or decide at the terminal.",
    ),
    Standing.CLOSED: ("This is no longer open", "It was decided or withdrawn meanwhile. Nothing was changed."),
    Standing.STALE: (
        "This has changed since the message",
        "The work or the question is not what the message was about. Nothing was changed.",
    ),
    Standing.FORBIDDEN: ("You may not decide this", "The settings do not list you for it. Nothing was changed."),
}
_TEXTS = ("words", "summary", "document", "requirements", "nonce", "field", "label", "button")
_EMPTY: Mapping[str, Any] = {**dict.fromkeys(_TEXTS, ""), "facts": (), "files": (), "suggested": (), "required": False}
"""What a page shows that says nothing else."""


@dataclass(frozen=True, slots=True)
class File:
    """A changed file on the page."""

    path: str
    counts: str


class DecidePages:
    """The pages of one server."""

    def __init__(self, places: Serves) -> None:
        self._places, self._key = places, secrets.token_hex(32)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/decide/{token}", self.show, methods=["GET"]),
            Route("/decide/{token}", self.decide, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show what a link is about."""
        return await run_in_threadpool(self._show, request.path_params["token"])

    async def decide(self, request: Request) -> Response:
        """Take the decision of a link."""
        if media_type(request) != FORM:
            raise RefusedRequestError(415, "only the form on the page decides", f"its type is {FORM}")
        form = form_of(await body_of(request, _MOST_BYTES))
        return await run_in_threadpool(self._decide, request.path_params["token"], form)

    def _show(self, token: str, words: str = "") -> Response:
        for _, ctx in self._places.contexts():
            offered = look(ctx, token)
            if offered.grant is not None:
                return self._page_of(ctx, offered, words)
        return _over(Standing.UNKNOWN)

    def _decide(self, token: str, form: dict[str, str]) -> Response:
        for _, ctx in self._places.contexts():
            offered = look(ctx, token)
            if offered.grant is None:
                continue
            if not self._is_our_form(ctx, offered.grant.digest, form.get("nonce", "")):
                words = "Please press the button again: this page was too old, or did not come from here."
                return self._page_of(ctx, offered, words, status=403)
            try:
                done = redeem(ctx, token, _said(form, offered))
            except DecisionRefusedError as error:
                return _over(error.standing)
            except MissionError as error:
                problem = problem_of(error)
                return self._page_of(ctx, offered, f"{problem.title}. {problem.hint}", status=problem.status)
            ctx.again()
            return _page(200, "Done", words=f"{done.words}. The mission continues with the next pulse.")
        return _over(Standing.UNKNOWN)

    def _page_of(self, ctx: Context, offered: Offered, words: str, *, status: int = 200) -> Response:
        grant, subject = offered.grant, offered.subject
        if offered.standing is not Standing.USABLE or grant is None or subject is None:
            return _over(offered.standing)
        now, look = ctx.clock.now(), offered.look
        summary, files = _changes(ctx, offered)
        request, gate = subject.request, subject.gate
        facts = [("Mission", f"{subject.mission.title} ({subject.mission.id})")]
        if subject.phase is not None:
            facts += [("Phase", subject.phase.name), ("Entered", _ago(subject.phase.entered, now))]
        if gate is not None:
            facts += [("Gate", gate.name), ("After", ", ".join(gate.after)), ("Holds", ", ".join(gate.blocks))]
            facts.append(("Rule", gate.rule))
        if request is not None:
            facts += [("Asked", _ago(request.asked, now)), ("About", request.feature), ("Urgency", request.urgency)]
            told = [f"{o.label}: {o.description}" if o.description else o.label for o in request.answers.options]
            facts.append(("Possible answers", " · ".join([*told, *(["any text"] if request.answers.free else [])])))
        facts += [
            ("Document" if look.name else "Finished work", look.name or grant.seen.shown[:12]),
            ("You are", grant.person),
            ("Message", _ago(grant.issued, now)),
            ("Expires", _in(grant.expires, now)),
        ]
        answers = grant.choice is Choice.ANSWER
        free = answers and not grant.answer
        field = "text" if free else "" if answers else "comment"
        return _page(
            status,
            question_of(subject),
            words=words,
            facts=[(name, value) for name, value in facts if value],
            summary=summary,
            files=files,
            **_document(ctx, offered),
            nonce=self._nonce(grant.digest, int(now.timestamp())),
            field=field,
            label="Your answer" if free else "Comment (may be empty)",
            required=free,
            button=("Answer" if free else f"Answer: {grant.answer}") if answers else str(grant.choice).capitalize(),
        )

    def _nonce(self, digest: str, at: int) -> str:
        return f"{at}.{signature(self._key, f'{at}.{digest}'.encode())}"

    def _is_our_form(self, ctx: Context, digest: str, given: str) -> bool:
        at = given.partition(".")[0]
        if not (at.isascii() and at.isdecimal()) or not is_same(self._nonce(digest, int(at[:15])), given):
            return False
        return 0 <= ctx.clock.now().timestamp() - int(at) <= _NONCE_LIFETIME.total_seconds()


def _changes(ctx: Context, offered: Offered) -> tuple[str, list[File]]:
    """Return what the finished work changes against the base: a sentence, and the first files."""
    subject = offered.subject
    if subject is None or not offered.look.shown or offered.look.name:
        return "", []
    base = ctx.code.heads(subject.mission.id, subject.mission.base).base
    if base is None:
        return "", []
    content = ctx.code.content(base, Sha(offered.look.shown))
    files = [
        File(clean(one.path), "binary" if one.added is None else f"+{one.added} -{one.removed}")
        for one in content.files[:_MOST_FILES]
    ]
    more = len(content.files) - len(files)
    summary = f"{counted(len(content.files), 'file')} in {counted(len(content.commits), 'commit')}"
    return summary + (f", the first {len(files)} of them" if more else ""), files


def _said(form: Mapping[str, str], offered: Offered) -> Said:
    """Return what a person wrote; requirements that they did not change are not given."""
    number, text = form.get("choose", ""), form.get("requirements")
    changed = text.replace("\r\n", "\n") if text is not None else None
    same = changed is None or changed.strip() == offered.look.document.strip()
    given = Given(whole(number) or 0, None if same else changed, "the form")
    return Said(form.get("text", "").strip(), form.get("comment", "").strip(), given)


def _document(ctx: Context, offered: Offered) -> dict[str, Any]:
    """Return how a document is shown: as suggestions to choose from, to be changed, or as it is."""
    look, grant = offered.look, offered.grant
    approves = grant is not None and grant.choice is Choice.APPROVE
    if approves and look.name == REQUIREMENTS:
        return {"requirements": look.document}
    if approves and look.name == SUGGESTIONS and grant is not None:
        snapshot = ctx.state.snapshot()
        found = suggestions_of(ctx, snapshot, resolve(snapshot, grant.mission)).suggestions
        return {"suggested": found} if found else {"document": look.document[:_LONGEST_DOCUMENT]}
    return {"document": look.document[:_LONGEST_DOCUMENT]}


def _over(standing: Standing) -> Response:
    """Return the page of a link that does not decide. It says nothing about the mission."""
    title, words = _TITLES[standing]
    return _page(_STATUS[standing], title, words=words)


def _page(status: int, title: str, **values: Any) -> Response:
    text = render("decide.html", **{**_EMPTY, "title": title, "longest": LONGEST_TEXT, **values})
    return Response(text, status, SCRIPTLESS)


def _ago(text: str, now: Any) -> str:
    at = parse_stamp(text)
    return f"{show_duration(now - at)} ago" if at is not None else ""


def _in(text: str, now: Any) -> str:
    at = parse_stamp(text)
    return f"in {show_duration(at - now)}" if at is not None else ""

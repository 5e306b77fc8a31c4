"""Webhooks: messages of chats, forges and other programs, each with a signature. All are safe to lose or repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.routing import Route

from mission_cli._support.dataclass import dataclass
from mission_cli.app.commands.steer.preview import report_preview
from mission_cli.app.deciding.redeem import note_stranger, redeem
from mission_cli.app.deciding.webhooks import decider_with, report_event, take_once, wake
from mission_cli.domain.deciding.grants import Standing
from mission_cli.domain.deciding.signatures import is_from_slack, is_same, is_signed
from mission_cli.domain.errors import BlockedError, MissionError
from mission_cli.domain.ids import MissionId
from mission_cli.domain.preview.rows import Reported
from mission_cli.surfaces.http.bodies import body_of, form_of, json_of
from mission_cli.surfaces.http.problems import RefusedRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.requests import Request
    from starlette.responses import Response

    from mission_cli.engine.context import Context
    from mission_cli.surfaces.http.places import Serves

_MOST_BYTES = 256 << 10
_MOST_FORGE_BYTES = 1 << 20
_FORGES = ("github", "gitlab", "forgejo")
_GATEWAY = "the signature is missing or wrong, or no secret is set for it"


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of a webhook."""

    headers: dict[str, str]
    """By their names in lower case."""
    body: bytes

    def header(self, name: str) -> str:
        """Return a header; empty if it is missing."""
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True)
class Press:
    """A button that was pressed in a chat."""

    who: str
    """Their id there."""
    token: str


class Hooks:
    """The webhooks of one server."""

    def __init__(self, places: Serves, *, secret_of: Callable[[str], str], key: Callable[[], str]) -> None:
        """`secret_of` returns what a setting refers to, `key` what the secrets of waits are made from."""
        self._places, self._secret_of, self._key = places, secret_of, key

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/hooks/slack", self.slack, methods=["POST"]),
            Route("/hooks/telegram", self.telegram, methods=["POST"]),
            Route("/hooks/forge/{kind}", self.forge, methods=["POST"]),
            Route("/hooks/signal/{wait}", self.signal, methods=["POST"]),
            Route("/hooks/preview/{mission}", self.preview, methods=["POST"]),
            Route("/api/v1/ai/missions/{mission}/deploy_callback", self.preview, methods=["POST"]),
        ]

    async def slack(self, request: Request) -> Response:
        """Take a decision that a person took with a button in Slack."""
        sent = await _sent(request, _MOST_BYTES)
        return await run_in_threadpool(self._slack, sent)

    async def telegram(self, request: Request) -> Response:
        """Take a decision that a person took with a button in Telegram."""
        sent = await _sent(request, _MOST_BYTES)
        return await run_in_threadpool(self._telegram, sent)

    async def forge(self, request: Request) -> Response:
        """Wake the loop: something happened at the forge. What, is asked there."""
        kind = request.path_params["kind"]
        if kind not in _FORGES:
            raise RefusedRequestError(404, "there is nothing at this address")
        sent = await _sent(request, _MOST_FORGE_BYTES)
        return await run_in_threadpool(self._forge, kind, sent)

    async def signal(self, request: Request) -> Response:
        """Report the event that a feature waits for; the body is JSON for its worker."""
        sent = await _sent(request, _MOST_BYTES)
        return await run_in_threadpool(self._signal, request.path_params["wait"], sent)

    async def preview(self, request: Request) -> Response:
        """Take the report of a deployment, with the token of its preview."""
        sent = await _sent(request, _MOST_BYTES)
        return await run_in_threadpool(self._preview, request.path_params["mission"], sent)

    def _slack(self, sent: Sent) -> Response:
        def genuine(ctx: Context) -> bool:
            return is_from_slack(
                self._secret_of(ctx.settings.serve.slack_secret),
                sent.body,
                given=sent.header("x-slack-signature"),
                sent=sent.header("x-slack-request-timestamp"),
                now=ctx.clock.now(),
            )

        press = _pressed_in_slack(sent.body)
        said = self._pressed("slack", press, genuine, once=sent.header("x-slack-signature"))
        return JSONResponse({"response_type": "ephemeral", "replace_original": False, "text": said})

    def _telegram(self, sent: Sent) -> Response:
        given = sent.header("x-telegram-bot-api-secret-token")

        def genuine(ctx: Context) -> bool:
            return is_same(self._secret_of(ctx.settings.serve.telegram_secret), given)

        update = _mapping(json_of(sent.body))
        query = _mapping(update.get("callback_query"))
        press = Press(_text(_mapping(query.get("from")).get("id")), _text(query.get("data"))) if query else None
        said = self._pressed("telegram", press, genuine)
        if press is None:
            return JSONResponse({})
        answer = {"method": "answerCallbackQuery", "callback_query_id": _text(query.get("id")), "text": said[:200]}
        return JSONResponse(answer)

    def _pressed(self, door: str, press: Press | None, genuine: Callable[[Context], bool], *, once: str = "") -> str:
        """Decide with a button; return what to tell the person. Raises RefusedRequestError if nobody signed it.

        Only repositories whose secret signed the message are looked at.
        """
        signed, said = False, str(Standing.UNKNOWN)
        for ctx in self._contexts():
            if not genuine(ctx):
                continue
            if once and not signed and not take_once(ctx, once):
                raise RefusedRequestError(409, "this message was sent before")
            signed = True
            if press is None:
                return "nothing to do"
            person = decider_with(ctx, door, press.who)
            if not person:
                note_stranger(ctx, door, press.who[:64], "no decider has this id")
                said = "You are not listed as a person who may decide."
                continue
            try:
                done = redeem(ctx, press.token, door=door, by=person)
            except MissionError as error:
                said = f"Not decided: {error.message}."
                if getattr(error, "standing", None) is Standing.UNKNOWN:
                    continue
                return said
            ctx.again()
            return f"{done.words}."
        if not signed:
            raise RefusedRequestError(401, _GATEWAY)
        return said

    def _forge(self, kind: str, sent: Sent) -> Response:
        woken = 0
        for ctx in self._contexts():
            secret = self._secret_of(getattr(ctx.settings.serve, f"{kind}_secret"))
            if _is_from_forge(kind, secret, sent):
                wake(ctx)
                woken += 1
        if not woken:
            raise RefusedRequestError(401, _GATEWAY)
        return JSONResponse({"woken": woken}, 202)

    def _signal(self, wait: str, sent: Sent) -> Response:
        given = sent.header("x-mission-signature")
        for ctx in self._contexts():
            done = report_event(ctx, self._key(), wait, sent.body, given)
            if done is not None:
                ctx.again()
                return JSONResponse({"id": done.address.mission.id, "message": done.words, "commit": done.commit or ""})
        raise RefusedRequestError(401, _GATEWAY)  # also for waits that do not exist: nobody can find out which do

    def _preview(self, mission: str, sent: Sent) -> Response:
        token, facts = sent.header("authorization").removeprefix("Bearer "), _mapping(json_of(sent.body))
        state, words = _text(facts.get("state")), _text(facts.get("url" if facts.get("state") == "ready" else "reason"))
        if state not in {"ready", "failed"}:
            raise RefusedRequestError(422, "the report has no state", '{"state": "ready", "url": "https://…"}')
        for ctx in self._contexts():
            if MissionId(mission) not in ctx.state.snapshot().missions:
                continue
            try:
                done = report_preview(ctx, mission, token, Reported(state == "ready", words))
            except BlockedError:
                continue  # another repository may have a mission of the same name
            ctx.again()
            return JSONResponse({"id": done.address.mission.id, "message": done.words, "commit": done.commit or ""})
        raise RefusedRequestError(401, "the token belongs to no preview that waits for a report")

    def _contexts(self) -> Iterator[Context]:
        return (ctx for _, ctx in self._places.contexts())


async def _sent(request: Request, most: int) -> Sent:
    return Sent({name.casefold(): value for name, value in request.headers.items()}, await body_of(request, most))


def _pressed_in_slack(body: bytes) -> Press | None:
    """Return the button that was pressed; None if the message is about something else."""
    payload = _mapping(json_of(form_of(body).get("payload", "null").encode()))
    actions = payload.get("actions")
    first = _mapping(actions[0]) if isinstance(actions, list) and actions else {}
    if payload.get("type") != "block_actions" or not first:
        return None
    return Press(_text(_mapping(payload.get("user")).get("id")), _text(first.get("value")))


def _is_from_forge(kind: str, secret: str, sent: Sent) -> bool:
    if kind == "gitlab":
        return is_same(secret, sent.header("x-gitlab-token"))
    names = ("x-hub-signature-256",) if kind == "github" else ("x-forgejo-signature", "x-gitea-signature")
    return any(is_signed(secret, sent.body, sent.header(name)) for name in names)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""

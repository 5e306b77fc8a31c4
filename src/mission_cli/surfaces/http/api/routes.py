"""The routes of the API: who asks, what is asked, once or again, and the answer as JSON."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mission_cli._support.dataclass import dataclass, field, replace
from mission_cli._support.text import stamp
from mission_cli.domain.deciding.access import holder
from mission_cli.domain.deciding.grants import Reply, hash_of, replied, reply_to
from mission_cli.domain.errors import UsageError
from mission_cli.domain.host import Person
from mission_cli.surfaces.as_json import SCHEMA, as_json
from mission_cli.surfaces.http.api import acting, keeping, moving, plannings, reading, shaping
from mission_cli.surfaces.http.api.carrying import carry_out
from mission_cli.surfaces.http.api.expecting import tag_of
from mission_cli.surfaces.http.api.finished import deploying
from mission_cli.surfaces.http.api.input import read_input
from mission_cli.surfaces.http.api.money import budget
from mission_cli.surfaces.http.api.openapi import document
from mission_cli.surfaces.http.api.operation import Everything, need_mission
from mission_cli.surfaces.http.bodies import body_of, json_of, media_type
from mission_cli.surfaces.http.planners import need_repo
from mission_cli.surfaces.http.problems import RefusedRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from starlette.requests import Request

    from mission_cli.domain.deciding.access import Access
    from mission_cli.domain.ids import MissionId
    from mission_cli.engine.context import Context
    from mission_cli.surfaces.http.api.operation import Operation
    from mission_cli.surfaces.http.places import Serves
    from mission_cli.surfaces.http.planners import Planners

PREFIX = "/api/v1"
ALIASES = ("/api/v1/ai", "/api/internal")
"""Where other systems have the same resources."""
_LATER = 202
_MOST_BYTES = 512 << 10
_LONGEST_KEY = 200
_MOST_KEPT = 64 << 10
_JSON = frozenset({"application/json", ""})


def operations() -> tuple[Operation, ...]:
    """Return every operation."""
    return (
        *reading.operations(),
        *acting.operations(),
        *moving.operations(),
        *keeping.operations(),
        *shaping.operations(),
        *budget.operations(),
        *deploying.operations(),
        *plannings.operations(),
    )


@dataclass(frozen=True, slots=True)
class _Request:
    """A request after its user is known."""

    operation: Operation
    user: Access
    path: str
    given: Mapping[str, Any]
    if_match: str = ""
    key: str = ""
    """Its idempotency key."""

    @property
    def digest(self) -> str:
        """The hash of what is asked."""
        return hash_of(json.dumps([self.operation.name, self.path, self.given], sort_keys=True))

    @property
    def person(self) -> Person:
        """The actor."""
        return Person(self.user.name, self.user.email or f"{self.user.name}@localhost")


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


def user_of(users: Iterable[Access], header: str, scope: str) -> Access:
    """Return who sent a request. Raises RefusedRequestError without a valid token, or without the scope."""
    kind, _, token = header.partition(" ")
    user = holder(users, token.strip()) if kind.casefold() == "bearer" and token.strip() else None
    if user is None:
        asks = {"WWW-Authenticate": "Bearer"}
        hint = "send the header `Authorization: Bearer TOKEN`; `mission access add NAME` makes a token"
        raise RefusedRequestError(401, "there is no valid token", hint, asks)
    if scope not in user.scopes:
        hint = f"`mission access add NAME --scope {scope}` makes a token that has it"
        raise RefusedRequestError(403, f"the token of {user.name} lacks the scope {scope}", hint)
    return user


class Api:
    """The API of one server."""

    def __init__(
        self,
        places: Serves,
        users: Callable[[], tuple[Access, ...]],
        planners: Planners,
        offered: Sequence[Operation] | None = None,
    ) -> None:
        """`users` returns who may use it now; `offered` are its operations: None, all of them."""
        self._places, self._users, self._planners = places, users, planners
        self._operations = operations() if offered is None else offered
        self._document = JSONResponse(document(self._operations, PREFIX)).body

    def routes(self) -> list[Route]:
        """Return the routes, under each prefix."""
        found = [Route(f"{PREFIX}/openapi.json", self._describe, methods=["GET"])]
        paths: dict[str, dict[str, Operation]] = {}
        for operation in self._operations:
            for path in (operation.path, *operation.aliases):
                paths.setdefault(path, {})[operation.method] = operation
        found += [
            Route(prefix + path, self._endpoint(path, there), methods=[*there])
            for prefix in (PREFIX, *ALIASES)
            for path, there in paths.items()
        ]
        return found

    async def _describe(self, _: Request) -> Response:
        return Response(self._document, media_type="application/json")

    def _endpoint(self, path: str, there: Mapping[str, Operation]) -> Callable[[Request], Any]:
        """Return the endpoint of an address, for the operations by their methods; HEAD is GET without its body."""

        async def endpoint(request: Request) -> Response:
            operation = there.get(request.method) or there["GET"]
            user = user_of(self._users(), request.headers.get("authorization", ""), operation.scope)
            body: Any = {}
            if operation.changes:
                if media_type(request) not in _JSON:
                    raise RefusedRequestError(415, "the body is not JSON", "its type is application/json")
                raw = await body_of(request, _MOST_BYTES)
                body = json_of(raw) if raw.strip() else {}
            given = read_input(operation, request.path_params, request.query_params.multi_items(), body)
            key = request.headers.get("idempotency-key", "") if operation.changes else ""
            if len(key) > _LONGEST_KEY:
                raise RefusedRequestError(400, "the header Idempotency-Key is too long")
            asked = _Request(operation, user, request.url.path, given, request.headers.get("if-match", ""), key)
            answer = await run_in_threadpool(self._act, asked)
            retired = operation.retired[path].headers if path in operation.retired else {}
            headers = {**answer.headers, **_canonical(request.url.path), **retired}
            return Response(answer.body, answer.status, headers, "application/json")

        return endpoint

    def _act(self, asked: _Request) -> _Answer:
        if asked.operation.act is not None:
            return self._act_on_one(asked)
        if asked.operation.changes:
            return self._change(asked)
        return _Answer(200, _text(asked.operation, self._everything(asked), None))

    def _everything(self, asked: _Request) -> Any:
        act = asked.operation.act_on_all
        if act is None:
            raise AssertionError("an operation is on one mission, or on all")
        names, repo = self._places.names(), asked.given.get("repo", "")
        if repo:
            need_repo(names, repo)
        served = self._places.contexts(reading=not asked.operation.changes)
        contexts = ((name, ctx.acting_as(asked.person)) for name, ctx in served)
        return act(
            Everything(
                contexts,
                names,
                asked.given,
                lambda plan, repo: self._places.make(plan, repo, asked.person),
                self._planners,
                asked.person,
            )
        )

    def _change(self, asked: _Request) -> _Answer:
        """Change a repository; the idempotency key is kept there."""
        names = self._places.names()
        repo = asked.given.get("repo", names[0] if len(names) == 1 else "")
        for name, ctx in self._places.contexts() if asked.key else ():
            if name == repo:
                return _once(ctx, asked, lambda: self._changed(asked))
        return self._changed(asked)

    def _changed(self, asked: _Request) -> _Answer:
        operation, facts = asked.operation, self._everything(asked)
        later = operation.later is not None and isinstance(facts, operation.later)
        where = {"Location": PREFIX + operation.location(facts)} if operation.location is not None else {}
        return _Answer(_LATER if later else operation.status, _text(operation, facts, None), where)

    def _act_on_one(self, asked: _Request) -> _Answer:
        found = self._holding(asked)
        for name, ctx in self._places.contexts(reading=not asked.operation.changes):
            if name != found:
                continue
            mission = need_mission(ctx.state.snapshot(), asked.given["id"])
            return _once(ctx, asked, partial(_one, ctx, name, mission, asked))
        raise UsageError(f"the repository {found} is gone", hint="try again")

    def _holding(self, asked: _Request) -> str:
        """Return the name of the repository with the mission; if there is only one, its own.

        Raises UsageError if several have it.
        """
        wanted, repo, names = asked.given["id"], asked.given.get("repo", ""), self._places.names()
        if len(names) == 1 and repo in {"", names[0]}:
            return names[0]
        found = [
            name
            for name, ctx in self._places.contexts(reading=True)
            if repo in {"", name} and wanted in ctx.state.snapshot().missions
        ]
        if len(found) > 1:
            raise UsageError(f"several repositories have a mission `{wanted}`", hint=f"add ?repo={found[0]}")
        if not found:
            raise RefusedRequestError(404, f"there is no mission `{wanted}`", f"GET {PREFIX}/missions lists them")
        return found[0]


def _one(ctx: Context, repo: str, mission: MissionId, asked: _Request) -> _Answer:
    """Give the command or ask the query of an operation on one mission."""
    operation, acting_as = asked.operation, ctx.acting_as(asked.person)
    facts = carry_out(operation, acting_as, repo, mission, asked.given, if_match=asked.if_match)
    tag = tag_of(ctx, ctx.state.snapshot(), mission)
    stopped = ctx.runtime.stopped() if operation.stopped else None
    return _Answer(operation.status, _text(operation, facts, stopped), {"ETag": f'"{tag}"'} if tag else {})


def _text(operation: Operation, facts: Any, stopped: Any) -> str:
    about = {"stopped": as_json(stopped)} if operation.stopped else {}
    return json.dumps({"schema": SCHEMA, **about, **as_json(facts)}, ensure_ascii=False)


def _once(ctx: Context, asked: _Request, act: Callable[[], _Answer]) -> _Answer:
    """Act once for each idempotency key of a user, and give the same answer to a repetition."""
    if not asked.key:
        return act()
    now, key = ctx.clock.now(), hash_of(f"{asked.user.name}\0{asked.key}")
    reply = Reply(key, asked.digest, stamp(now))
    with ctx.runtime.deciding() as book:
        before = reply_to(book.ledger, key, now)
        if before is None:
            book.note(replied(book.ledger, reply, now))
    if before is not None:
        return _again(before, asked)
    try:
        answer = act()
    except Exception:
        with ctx.runtime.deciding() as book:  # nothing was done: the key may be used again
            kept = tuple(one for one in book.ledger.replies if one.key != key)
            book.note(replace(book.ledger, replies=kept))
        raise
    done = replace(reply, status=answer.status, body=answer.body if len(answer.body) <= _MOST_KEPT else "{}")
    with ctx.runtime.deciding() as book:
        book.note(replied(book.ledger, done, now))
    return answer


def _again(before: Reply, asked: _Request) -> _Answer:
    if before.request != asked.digest:
        raise RefusedRequestError(422, "this Idempotency-Key was used for another request", "use a new key")
    if not before.status:
        hint = "look whether it was done, and then use a new key"
        raise RefusedRequestError(
            409, "a request with this Idempotency-Key was begun, and its outcome is unknown", hint
        )
    return _Answer(before.status, before.body, {"Idempotency-Replayed": "true"})


def _canonical(path: str) -> dict[str, str]:
    """Return the header that names the address of a resource, for one of its other addresses."""
    prefix = next((one for one in ALIASES if path.startswith(f"{one}/")), "")
    return {"Link": f'<{PREFIX}{quote(path.removeprefix(prefix))}>; rel="canonical"'} if prefix else {}

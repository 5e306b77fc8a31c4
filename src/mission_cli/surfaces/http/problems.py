"""What went wrong, as RFC 9457 describes it: `application/problem+json`, with the hint of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from mission_cli._support.dataclass import dataclass
from mission_cli.app.deciding.redeem import DecisionRefusedError
from mission_cli.domain.errors import (
    BlockedError,
    BusyError,
    ConflictError,
    DocumentError,
    NotFoundError,
    NotWrittenError,
    UsageError,
)
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.domain.errors import MissionError

TYPE = "application/problem+json"


class ChangedMeanwhileError(ConflictError):
    """A mission is not as the client last saw it."""


_STATUS: tuple[tuple[type[MissionError], int], ...] = (
    (DecisionRefusedError, 403),
    (ChangedMeanwhileError, 412),
    (NotFoundError, 404),
    (UsageError, 422),
    (DocumentError, 422),
    (ConflictError, 409),
    (BlockedError, 409),
    (BusyError, 503),
    (NotWrittenError, 507),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: the words of an error, and what to do."""

    status: int
    title: str
    hint: str = ""


class RefusedRequestError(Exception):
    """A request that is refused before any command is given."""

    def __init__(self, status: int, title: str, hint: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(title)
        self.problem = Problem(status, title, hint)
        self.headers = headers or {}


def problem_of(error: MissionError) -> Problem:
    """Return an error of the program as a problem."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    return Problem(status, clean(error.message), clean(str(error.hint)))


def response_of(problem: Problem, headers: Mapping[str, str] | None = None, **more: Any) -> JSONResponse:
    """Return a problem as a response."""
    body = {"type": "about:blank", "status": problem.status, "title": problem.title, "hint": problem.hint, **more}
    return JSONResponse(body, problem.status, headers=dict(headers or {}), media_type=TYPE)

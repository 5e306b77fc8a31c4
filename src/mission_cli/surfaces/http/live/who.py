"""Who may listen: the holder of a token that may read, or who has signed in on the web page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli.domain.deciding.access import Scope
from mission_cli.surfaces.http.api.routes import user_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import HTTPConnection

    from mission_cli.domain.deciding.access import Access
    from mission_cli.surfaces.http.sessions import Sessions

    May = Callable[[], bool]
    """Whether a client may still listen."""


class Door:
    """Lets clients in."""

    def __init__(self, users: Callable[[], tuple[Access, ...]], sessions: Sessions) -> None:
        self._users, self._sessions = users, sessions

    def listener(self, connection: HTTPConnection) -> May:
        """Return whether a client may still listen, as a function. Raises RefusedRequestError if it may not now."""
        return self.known(connection) or self.holder("")

    def known(self, connection: HTTPConnection) -> May | None:
        """Do the same; None if a request does not say who sends it."""
        header = connection.headers.get("authorization", "")
        if header:
            return self.holder(header)
        return (lambda: self._may_see(connection)) if self._may_see(connection) else None

    def holder(self, header: str) -> May:
        """Do the same for the value of the header Authorization."""
        user = user_of(self._users(), header, Scope.READ)
        return lambda: user in self._users()

    def _may_see(self, connection: HTTPConnection) -> bool:
        visitor = self._sessions.visitor(connection)
        return visitor is not None and visitor.may(Scope.READ)

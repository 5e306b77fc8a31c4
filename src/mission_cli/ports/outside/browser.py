"""A browser that does the steps of a sign-up, one page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class Page(Protocol):
    """One page. What it says is data from outside. Every method raises ToolError if it is not possible."""

    @property
    def url(self) -> str:
        """The address that it shows now; empty before anything was opened."""
        ...

    def open(self, url: str) -> None:
        """Open an address, and wait until it is loaded."""
        ...

    def fill(self, field: str, text: str, *, secret: bool) -> None:
        """Fill a field; a secret one is hidden in every picture from then on."""
        ...

    def click(self, target: str) -> None:
        """Click, and wait until the page is at rest."""
        ...

    def about(self, target: str) -> str:
        """Return the words of an element: its text, labels, name and kind; empty if there is none."""
        ...

    def picture(self) -> bytes:
        """Return a picture of the page (PNG) in which passwords and secret fields are hidden."""
        ...

    def state(self) -> str:
        """Return cookies and storage, to go on later; they are secret."""
        ...


class Browsers(Protocol):
    """Starts browsers."""

    def obstacle(self) -> str:
        """Return what is missing here, with what helps; empty if nothing is."""
        ...

    def start(self, hosts: tuple[str, ...], state: str) -> AbstractContextManager[Page]:
        """Run a browser that reaches these hosts only, with an earlier state if it is not empty."""
        ...


class NoBrowsers:
    """There is no browser."""

    def obstacle(self) -> str:
        """Return that."""
        return "there is no browser here"

    def start(self, hosts: tuple[str, ...], state: str) -> AbstractContextManager[Page]:
        """Raise ToolError."""
        raise ToolError(f"{self.obstacle()} for {', '.join(hosts)} ({len(state)} characters of state)")

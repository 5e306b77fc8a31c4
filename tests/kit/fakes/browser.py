"""A browser in memory, with the same contract as Chromium: pages with fields and buttons, and cookies."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mission_cli.domain.accounts.plan import why_not
from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PNG = b"\x89PNG\r\n\x1a\n"


@dataclass
class Screen:
    """One page of a site."""

    fields: Mapping[str, str] = field(default_factory=dict)
    """Selectors, with the words of the elements."""
    buttons: Mapping[str, tuple[str, Callable[[dict[str, str], dict[str, str]], str]]] = field(default_factory=dict)
    """Selectors, with the words and what a click does: fields and cookies become the next address."""


@dataclass
class MemoryPage:
    """One page that is shown."""

    site: Mapping[str, Screen]
    hosts: tuple[str, ...]
    cookies: dict[str, str]
    url: str = ""
    filled: dict[str, str] = field(default_factory=dict)
    secret: set[str] = field(default_factory=set)

    def open(self, url: str) -> None:
        """Show an address; a host that is not named cannot be reached."""
        if why_not(url, self.hosts) or url.partition("?")[0] not in self.site:
            raise ToolError(f"{url} cannot be opened")
        self.url, self.filled, self.secret = url, {}, set()

    def fill(self, field: str, text: str, *, secret: bool) -> None:
        """Fill a field."""
        self._words(field)
        self.filled[field] = text
        self.secret |= {field} if secret else set()

    def click(self, target: str) -> None:
        """Do what the button does. A way to another host is gone like a failed load."""
        self._words(target)
        after = self._screen.buttons[target][1](self.filled, self.cookies)
        self.url, self.filled = after, {}

    def about(self, target: str) -> str:
        """The words of an element."""
        return self._words(target)

    def picture(self) -> bytes:
        """What can be seen."""
        shown = {name: "…" if name in self.secret else text for name, text in self.filled.items()}
        return PNG + json.dumps([self.url, shown]).encode()

    def state(self) -> str:
        """The cookies."""
        return json.dumps(self.cookies)

    @property
    def _screen(self) -> Screen:
        return self.site.get(self.url.partition("?")[0], Screen())

    def _words(self, target: str) -> str:
        if target in self._screen.fields:
            return self._screen.fields[target]
        if target in self._screen.buttons:
            return self._screen.buttons[target][0]
        raise ToolError(f"{target} cannot be found")


@dataclass
class MemoryBrowsers:
    """Browsers for one site."""

    site: Mapping[str, Screen]
    missing: str = ""
    dies_at: str = ""
    """The button whose click kills the program."""
    pages: list[MemoryPage] = field(default_factory=list)

    def obstacle(self) -> str:
        """What the test says."""
        return self.missing

    @contextmanager
    def start(self, hosts: tuple[str, ...], state: str) -> Iterator[MemoryPage]:
        """Show nothing yet."""
        page = MemoryPage(self.site, hosts, json.loads(state) if state else {})
        self.pages.append(page)
        yield page

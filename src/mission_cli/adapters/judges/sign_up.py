"""Do the steps of a sign-up in Chromium: only named hosts can be reached, and pictures hide what is secret."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mission_cli._support.text import one_line
from mission_cli.adapters.judges.chromium import chromium
from mission_cli.adapters.judges.findings import Judged
from mission_cli.domain.accounts.plan import why_not
from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator, Page, Route

_LOAD_MS, _STEP_MS, _REST_MS = 30_000, 10_000, 5_000
_SECONDS = 1800.0
_ABOUT = """e => [e.innerText, ['button', 'submit'].includes(e.type) ? e.value : '', e.name, e.id, e.autocomplete,
  e.getAttribute('aria-label'), e.placeholder,
  ...Array.from(e.labels || [], l => l.innerText)].filter(Boolean).join(' ')"""


class ChromiumPage:
    """One page of Chromium."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._secret: list[str] = []

    @property
    def url(self) -> str:
        """Its address."""
        return "" if self._page.url == "about:blank" else self._page.url

    def open(self, url: str) -> None:
        """Open an address."""
        with _told(f"{_host(url)} cannot be opened"):
            self._page.goto(url, wait_until="load", timeout=_LOAD_MS)

    def fill(self, field: str, text: str, *, secret: bool) -> None:
        """Fill a field."""
        if secret:
            self._secret.append(field)
        with _told(f"the field {field} cannot be filled", hide=text if secret else ""):
            self._one(field).fill(text)

    def click(self, target: str) -> None:
        """Click, and wait for what follows."""
        with _told(f"{target} cannot be clicked"):
            self._one(target).click()
            self._page.wait_for_load_state("load", timeout=_REST_MS)

    def about(self, target: str) -> str:
        """Return the words of an element."""
        with _told(f"{target} cannot be found"):
            return one_line(str(self._one(target).evaluate(_ABOUT)), 2000)

    def picture(self) -> bytes:
        """Return a picture without secrets."""
        hidden = [self._page.locator("input[type=password]"), *map(self._page.locator, self._secret)]
        with _told("no picture can be made"):
            return self._page.screenshot(animations="disabled", caret="hide", mask=hidden)

    def state(self) -> str:
        """Return cookies and storage."""
        return json.dumps(self._page.context.storage_state())

    def _one(self, selector: str) -> Locator:
        """Return the only element that fits: with two, what is clicked would depend on the page."""
        return self._page.locator(selector)


class ChromiumBrowsers:
    """The system's Chromium, driven by Playwright."""

    def obstacle(self) -> str:
        """Return what is missing."""
        from mission_cli.adapters.judges.chromium import missing

        return missing()

    @contextmanager
    def start(self, hosts: tuple[str, ...], state: str) -> Iterator[ChromiumPage]:
        """Run it, reaching these hosts only: names of others do not resolve, and requests to them are refused."""
        names = ", ".join(f"EXCLUDE {host.partition(':')[0]}" for host in hosts)
        rules = f"--host-resolver-rules=MAP * ~NOTFOUND, {names}"

        def guard(route: Route) -> None:
            if why_not(route.request.url, hosts):
                route.abort("blockedbyclient")
            else:
                route.continue_()

        before = dict(os.environ)
        try:
            with chromium(_SECONDS, rules) as browser:
                kept = json.loads(state) if state else None
                context = browser.new_context(storage_state=kept, accept_downloads=False, service_workers="block")
                context.set_default_timeout(_STEP_MS)
                context.route("**/*", guard)
                yield ChromiumPage(context.new_page())
        except Judged as error:
            raise ToolError(error.words) from error
        finally:
            os.environ.update(before)  # variables of the driver were left out while it ran


def _host(url: str) -> str:
    return urlsplit(url).netloc


@contextmanager
def _told(words: str, *, hide: str = "") -> Iterator[None]:
    """Turn an error of the browser into one of this program that shows no secret."""
    from playwright.sync_api import Error

    try:
        yield
    except Error as error:
        why = one_line(error.message.split("\n")[0], 200)
        raise ToolError(f"{words}: {why.replace(hide, '…') if hide else why}") from None

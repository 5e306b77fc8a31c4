"""One page in the browser: its console, its requests, and the faults of its content."""

from __future__ import annotations

import json
import re
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag, urlsplit

from mission_cli.adapters.judges.findings import cannot, shown
from mission_cli.domain.criteria.extras import without
from mission_cli.domain.status import CriterionKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

ERRORS = re.compile(
    r"Traceback \(most recent call last\)|Internal Server Error|Unhandled Runtime Error|Application error:"
    r"|Whitelabel Error Page|Cannot (?:GET|POST) /|Fatal error:|Uncaught (?:\w+)?(?:Error|Exception)|stack trace"
    r"|Cannot read propert(?:y|ies) of (?:undefined|null)|is not defined\b|502 Bad Gateway|503 Service Unavailable"
    r"|Something went wrong|An error occurred|\[object Object\]",
    re.IGNORECASE,
)
"""Texts that a page shows only if something is broken."""
_FACTS = Path(__file__).with_name("page_facts.js")
_AXE = """axe.run(document, {resultTypes: ["violations"]}).then((found) => JSON.stringify(found.violations
  .filter((one) => ["serious", "critical"].includes(one.impact))
  .map((one) => ({id: one.id, impact: one.impact, help: one.help, nodes: one.nodes.map((node) => node.html)}))))"""
_MOST = 10
"""Limit of reported faults of one kind."""
_MOST_LINKS, _LINK_MS, _LINK_SECONDS = 60, 5000, 20.0
_QUIET_MS = 1500
_WORST = 400
"""The lowest status that counts as a failed request."""


class Watched:
    """A page, with its console errors and failed requests since it was opened."""

    def __init__(self, context: BrowserContext, ignore: tuple[str, ...]) -> None:
        self.page: Page = context.new_page()
        self._context, self._ignore = context, ignore
        self._console: list[str] = []
        self._requests: list[str] = []
        self._crashed = False
        self._session = context.new_cdp_session(self.page)
        self.page.on("console", self._printed)
        self.page.on("pageerror", lambda error: self._console.append(shown(f"{error.name}: {error.message}")))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)
        self.page.on("crash", lambda _: setattr(self, "_crashed", True))

    def rest(self) -> None:
        """Wait briefly until the page sends no more requests; some pages never stop."""
        from playwright.sync_api import TimeoutError as TookTooLong

        try:
            self.page.wait_for_load_state("networkidle", timeout=_QUIET_MS)
        except TookTooLong:
            return

    def facts(self) -> Mapping[str, Any]:
        """Return the facts about the page that `page_facts.js` collects."""
        found: Mapping[str, Any] = json.loads(self._evaluate(_FACTS.read_text(encoding="utf-8")))
        return found

    def text(self) -> str:
        """Return the visible text with single spaces."""
        return " ".join(str(self.facts()["text"]).split())

    def problems(self, *, fits: bool) -> Iterator[str]:
        """Yield the faults of the page as it is now. With `fits`, it must not be wider than the window."""
        if self._crashed:
            yield "the page crashed"
            return
        facts = self.facts()
        if facts["empty"]:
            yield "the page is empty"
        error = ERRORS.search(facts["text"]) if "errors" not in self._ignore else None
        if error:
            around = facts["text"][max(0, error.start() - 20) : error.end() + 80]
            yield f"the page shows an error: {shown(around)}"
        if fits and facts["wide"] > facts["room"] + 1:
            yield f"the page is {facts['wide']} wide, but the window only {facts['room']}"
        if "accessibility" not in self._ignore:
            yield from self._accessibility()

    def printed_and_requested(self) -> Iterator[str]:
        """Yield errors in the console and failed requests."""
        if "console" not in self._ignore:
            yield from (f"an error in the console: {text}" for text in list(dict.fromkeys(self._console))[:_MOST])
        if "requests" not in self._ignore:
            yield from (f"a request failed: {text}" for text in list(dict.fromkeys(self._requests))[:_MOST])

    def broken_links(self, seen: set[str]) -> Iterator[str]:
        """Yield broken links within the site; `seen` has the addresses already checked, and gets new ones."""
        if "links" in self._ignore:
            return
        from playwright.sync_api import Error

        facts, until = self.facts(), time.monotonic() + _LINK_SECONDS
        here = urlsplit(facts["url"])
        for link in facts["links"]:
            name = f'"{shown(link["text"], 60)}" ' if link["text"] else ""
            if link["anchor"]:
                yield f"a link is broken: {name}to {shown(link['anchor'])}, which is not on the page"
                continue
            url = urldefrag(link["href"]).url
            parts = urlsplit(url)
            if (parts.scheme, parts.netloc) != (here.scheme, here.netloc) or url in seen:
                continue
            seen.add(url)
            if len(seen) > _MOST_LINKS or time.monotonic() > until:
                return
            try:
                status = self._status(url)
            except Error:
                yield f"a link is broken: {name}to {shown(_path(url))} was not answered"
                continue
            if status >= _WORST:
                yield f"a link is broken: {name}to {shown(_path(url))} answers {status}"

    def _status(self, url: str) -> int:
        answer = self._context.request.head(url, max_redirects=0, timeout=_LINK_MS)
        if answer.status in {404, 405, 500, 501}:  # servers that do not support HEAD
            answer = self._context.request.get(url, max_redirects=0, timeout=_LINK_MS)
        return answer.status

    def _accessibility(self) -> Iterator[str]:
        found = find_spec("axe_playwright_python")
        if found is None or not found.submodule_search_locations:
            raise cannot(without(CriterionKind.BROWSER, "axe-playwright-python"))
        script = Path(found.submodule_search_locations[0], "axe.min.js").read_text(encoding="utf-8")
        for one in json.loads(self._evaluate(script, _AXE))[:_MOST]:
            where = shown(one["nodes"][0], 120) if one["nodes"] else ""
            more = f" and {len(one['nodes']) - 1} more" if len(one["nodes"]) > 1 else ""
            yield f"accessibility: {one['help']} ({one['id']}, {one['impact']}): {where}{more}"

    def _evaluate(self, *scripts: str) -> str:
        """Run scripts in an isolated world, which the page's own scripts cannot reach; return the last value."""
        frame = self._session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = self._session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "mission"})
        told: dict[str, Any] = {"contextId": world["executionContextId"], "returnByValue": True, "awaitPromise": True}
        value = "null"
        for script in scripts:
            done = self._session.send("Runtime.evaluate", {"expression": script, **told})
            if "exceptionDetails" in done:
                raise cannot(f"the page cannot be examined: {shown(str(done['exceptionDetails'].get('text')))}")
            value = done["result"].get("value") or "null"
        return str(value)

    def _printed(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self._console.append(shown(message.text))

    def _failed(self, request: Request) -> None:
        why = request.failure or ""
        if "ERR_ABORTED" not in why and not _is_icon(request.url):
            self._requests.append(f"{request.method} {shown(_path(request.url))}: {shown(why)}")

    def _answered(self, response: Response) -> None:
        main = response.request.is_navigation_request() and response.frame == self.page.main_frame
        if response.status >= _WORST and not main and not _is_icon(response.url):
            self._requests.append(f"{response.request.method} {shown(_path(response.url))}: {response.status}")


def _path(url: str) -> str:
    """Return an address, without the host if it is this machine."""
    parts = urlsplit(url)
    if parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        return url
    return parts._replace(scheme="", netloc="").geturl() or "/"


def _is_icon(url: str) -> bool:
    """Whether an address is the icon that browsers request by themselves."""
    return urlsplit(url).path == "/favicon.ico"

"""Judge a `browser` criterion: open its page, run its script, and report every fault."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mission_cli.adapters.judges.chromium import chromium
from mission_cli.adapters.judges.findings import FAILED, Judged, failed, shown
from mission_cli.adapters.judges.page import Watched
from mission_cli.adapters.judges.pictures import percent_unlike
from mission_cli.document.criteria.http import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playwright.sync_api import Browser, BrowserContext, Response

    from mission_cli.adapters.judges.kept import Kept
    from mission_cli.domain.criteria.browser import BrowserCheck, Step

USUAL = (1280, 720)
_LOAD_MS, _STEP_MS = 30_000, 5_000
_WAIT, _PAUSE = 5.0, 0.1
_WORST = 400


class _Stuck(Exception):  # noqa: N818 - the script cannot continue
    pass


def judge_browser(
    check: BrowserCheck,
    values: Mapping[str, str],
    *,
    alive: Callable[[], None],
    kept: Kept,
    last: Mapping[str, bytes],
    secrets: tuple[str, ...] = (),
) -> str:
    """Return a report if there is no fault. Raises Judged otherwise.

    `values` replace `$NAME`. `last` has the accepted pictures by name. `secrets` are values that no file may show.
    """
    wrong: list[str] = []
    notes: list[str] = []
    with chromium() as browser:
        for size in check.viewports or (USUAL,):
            name = f"page-{size[0]}x{size[1]}.png"
            room = f" at {size[0]}x{size[1]}" if check.viewports else ""
            found = _run(browser, check, values, size, kept, name, secrets)
            wrong += [f"{problem}{room}" for problem in found if f"{problem}{room}" not in wrong]
            if check.tolerance is not None and name in kept.files:
                unlike = _compared(browser, check.tolerance, last.get(name), kept.files[name])
                (wrong if unlike.startswith("the picture differs") else notes).append(f"{unlike}{room}")
    alive()
    head = (
        f"{shown(_address(check.url, values))}: {len(check.steps)} steps"
        if check.steps
        else shown(_address(check.url, values))
    )
    if wrong:
        raise Judged(FAILED, "\nfailed: ".join([head, *wrong]))
    return "\n".join([head, *(_told(step) for step in check.steps), *notes])


def _run(
    browser: Browser,
    check: BrowserCheck,
    values: Mapping[str, str],
    size: tuple[int, int],
    kept: Kept,
    name: str,
    secrets: tuple[str, ...],
) -> list[str]:
    """Run the script in a window of one size; return the faults."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, accept_downloads=False)
    context.set_default_timeout(_STEP_MS)
    if not secrets:
        context.tracing.start(screenshots=True, snapshots=True)
    try:
        watched = Watched(context, check.ignore)
        found = list(dict.fromkeys(_script(watched, check, values, fits=bool(check.viewports))))
        if not any(secret in watched.page.content() for secret in secrets):
            kept.add(name, watched.page.screenshot(animations="disabled", caret="hide"))
        if found and not secrets:
            _keep_trace(context, kept)
        return found
    finally:
        context.close()


def _script(watched: Watched, check: BrowserCheck, values: Mapping[str, str], *, fits: bool) -> list[str]:
    found: list[str] = []
    links: set[str] = set()
    try:
        _open(watched, _address(check.url, values))
        found += watched.problems(fits=fits)
        looked = True
        for step in check.steps:
            if step.verb == "open":
                found += watched.broken_links(links)
            _do(watched, step, values)
            looked = step.verb in {"contains", "lacks", "visible", "hidden"} and looked
            if step.verb == "open":
                found += watched.problems(fits=fits)
                looked = True
        if not looked:
            watched.rest()
            found += watched.problems(fits=fits)
    except _Stuck as stuck:
        found.append(str(stuck))
    found += watched.broken_links(links)
    return [*watched.printed_and_requested(), *found]


def _open(watched: Watched, url: str) -> None:
    """Open an address. Raises Judged if it cannot be loaded or leads to another host."""
    from playwright.sync_api import Error

    try:
        answer: Response | None = watched.page.goto(url, wait_until="load", timeout=_LOAD_MS)
    except Error as error:
        raise failed(f"{shown(url)} cannot be opened: {shown(error.message.split(chr(10))[0])}") from error
    watched.rest()
    wanted, there = urlsplit(url), urlsplit(watched.page.url)
    if (wanted.scheme, wanted.netloc) != (there.scheme, there.netloc):
        raise failed(f"{shown(url)} leads to another place, {shown(watched.page.url)}")
    if answer is not None and answer.status >= _WORST:
        raise failed(f"{shown(url)} answers {answer.status}")


def _do(watched: Watched, step: Step, values: Mapping[str, str]) -> None:
    """Run one step. Raises _Stuck if it is not possible, or Judged if a page cannot be opened."""
    from playwright.sync_api import Error

    page = watched.page
    try:
        match step.verb:
            case "open":
                _open(watched, _address(step.target, values))
            case "fill":
                page.locator(step.target).fill(_filled(step.value, values))
            case "click":
                page.locator(step.target).click()
            case "press":
                page.keyboard.press(step.target)
            case "visible" | "hidden":
                page.locator(step.target).first.wait_for(state="visible" if step.verb == "visible" else "hidden")
            case _:
                _expect_text(watched, step)
    except Error as error:
        words = "nothing fits, or it cannot be used" if "Timeout" in error.message else error.message.split("\n")[0]
        raise _Stuck(f"`{shown(step.words)}` was not possible: {shown(words)}") from error


def _expect_text(watched: Watched, step: Step) -> None:
    wanted = " ".join(step.target.split())
    until = time.monotonic() + _WAIT
    while True:
        text = watched.text()
        if (wanted in text) == (step.verb == "contains"):
            return
        if time.monotonic() > until:
            raise _Stuck(f"expected {shown(step.words)}, found {shown(text) or 'nothing'}")
        watched.page.wait_for_timeout(_PAUSE * 1000)


def _told(step: Step) -> str:
    done = step.verb in {"open", "fill", "click", "press"}
    return f"done: {step.words}" if done else f"as expected: {step.words}"


def _compared(browser: Browser, tolerance: float, before: bytes | None, now: bytes) -> str:
    if before is None:
        return "there is no accepted picture yet: this one becomes it"
    unlike = percent_unlike(browser, before, now)
    if unlike > tolerance:
        return f"the picture differs from the last accepted one in {unlike:.2f} % of its points; {tolerance:g} % may"
    return f"the picture is like the last accepted one ({unlike:.2f} % differ)"


def _keep_trace(context: BrowserContext, kept: Kept) -> None:
    with TemporaryDirectory(prefix="mission-") as folder, suppress(OSError):
        place = Path(folder, "trace.zip")
        context.tracing.stop(path=place)
        kept.add("trace.zip", place.read_bytes())


def _address(url: str, values: Mapping[str, str]) -> str:
    return _filled(f"http://localhost:$MISSION_PORT{url}" if url.startswith("/") else url, values)


def _filled(text: str, values: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda found: values.get(found[1] or found[2], found[0]), text)

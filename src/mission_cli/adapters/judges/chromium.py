"""The system's Chromium, driven by Playwright: started once for a check, and killed if it does not respond."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mission_cli.adapters.judges.findings import cannot, failed, shown
from mission_cli.adapters.proc import control, scan
from mission_cli.domain.criteria.extras import BROWSERS, without
from mission_cli.domain.status import CriterionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

SECONDS = 120.0
"""Time limit for everything that a check does in the browser."""
_OPTIONS = (
    "--no-sandbox",  # it cannot create one inside our sandbox, or as root
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
)

_OF_THE_DRIVER = ("NODE_", "PLAYWRIGHT_", "PWDEBUG", "PW_", "DEBUG", "LD_")
"""Prefixes of variables through which the judged work could change the driver, such as NODE_OPTIONS."""


def missing() -> str:
    """Return what keeps the browser from running, and what helps; empty if nothing does."""
    if find_spec("playwright") is None:
        return without(CriterionKind.BROWSER, "playwright")
    return "" if any(map(shutil.which, BROWSERS)) else without(CriterionKind.BROWSER, BROWSERS[0])


@contextmanager
def chromium(seconds: float = SECONDS, *options: str) -> Iterator[Browser]:
    """Run the browser, with more options. Raises Judged if there is none, or if it takes longer than `seconds`."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise cannot(without(CriterionKind.BROWSER, "playwright")) from error
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise cannot(without(CriterionKind.BROWSER, BROWSERS[0]))
    for name in [name for name in os.environ if name.startswith(_OF_THE_DRIVER)]:
        del os.environ[name]
    late = threading.Event()
    watch = threading.Timer(seconds, _kill_browsers, args=(late,))
    watch.daemon = True
    with sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(executable_path=program, args=[*_OPTIONS, *options])
        except Error as error:
            raise cannot(f"{program} does not start: {shown(error.message)}") from error
        watch.start()
        try:
            yield browser
        except Error as error:
            if late.is_set():
                raise failed(f"the browser did not respond within {seconds:g} s") from error
            raise
        finally:
            watch.cancel()
            if not late.is_set():
                browser.close()


def _kill_browsers(late: threading.Event) -> None:
    late.set()
    for pid in scan.descendants(os.getpid()):
        if any(word.startswith(("--user-data-dir", "--type=")) for word in scan.command_of(pid)):
            control.tell(pid, signal.SIGKILL)

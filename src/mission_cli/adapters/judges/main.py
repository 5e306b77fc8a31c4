"""Run one judge: read its request, start the server of its check, and return the verdict as exit status."""

from __future__ import annotations

import json
import os
import sys
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mission_cli.adapters.judges.findings import CANNOT, PASSED, Judged, cannot
from mission_cli.adapters.judges.kept import Kept, kept_from
from mission_cli.adapters.judges.ports import free_port
from mission_cli.adapters.judges.server import Server
from mission_cli.adapters.proc import control
from mission_cli.domain.criteria.browser import BrowserCheck, Step
from mission_cli.domain.criteria.extras import without
from mission_cli.domain.criteria.http import Expectation, HttpCheck
from mission_cli.domain.status import CriterionKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def judge(request: str) -> tuple[int, str]:
    """Return the verdict on the tree in the current folder as (exit status, message). Never raises."""
    try:
        control.close_memory()  # so that the server cannot change the verdict
        return _judge(json.loads(request))
    except Judged as end:
        return end.code, end.words
    except Exception as error:  # noqa: BLE001 - exit status 1 would be a verdict on the work
        return CANNOT, f"cannot run: {type(error).__name__}: {error}"


def _judge(wanted: Mapping[str, Any]) -> tuple[int, str]:
    if wanted["kind"] == CriterionKind.BROWSER:
        return _in_browser(wanted)
    check = _http(wanted["http"])
    if find_spec("httpx") is None:
        raise cannot(without(CriterionKind.HTTP, "httpx"))
    from mission_cli.adapters.judges.http import judge_in_time

    def ask(values: Mapping[str, str], ready_until: float, alive: Callable[[], None]) -> str:
        return judge_in_time(check, values, ready_until=ready_until, alive=alive)

    return _served(wanted, check.url, ask)


def _in_browser(wanted: Mapping[str, Any]) -> tuple[int, str]:
    from mission_cli.adapters.judges.browser import judge_browser

    check = _browser(wanted["browser"])
    kept = Kept()
    last = kept_from(sys.stdin.read()) if check.tolerance is not None else {}
    secrets = tuple(filter(None, (os.environ.get(name) for name in wanted["secrets"])))

    def look(values: Mapping[str, str], _: float, alive: Callable[[], None]) -> str:
        return judge_browser(check, values, alive=alive, kept=kept, last=last, secrets=secrets)

    try:
        return _served(wanted, check.url, look)
    finally:  # the server has ended, so it cannot add files
        kept.write()


def _served(
    wanted: Mapping[str, Any], url: str, ask: Callable[[Mapping[str, str], float, Callable[[], None]], str]
) -> tuple[int, str]:
    """Start the server of the check, if it has one, call `ask`, and stop the server."""
    port = free_port()
    secrets = {name: os.environ.get(name, "") for name in wanted["secrets"]}
    values: dict[str, str] = {**wanted["env"], **secrets, "MISSION_PORT": str(port)}
    if not wanted["serve"]:
        return PASSED, ask(values, 0.0, lambda: None)
    env = {**os.environ, **values}
    server = Server(wanted["serve"], shell=wanted["shell"], cwd=wanted["cwd"], port=_port_of(url, values), env=env)
    code, words, left = CANNOT, "", ""
    try:
        until = time.monotonic() + wanted["ready_s"]
        server.wait(wanted["ready_s"])
        code, words = PASSED, ask(values, until, lambda: server.refuse_ended("before it answered"))
    except Judged as end:
        code, words = end.code, end.words
    finally:
        left = server.stop()
    log = server.log if code != PASSED else ""
    return code, "\n".join(filter(None, (log, left, words)))


def _port_of(url: str, values: Mapping[str, str]) -> int:
    """Return the port on which the server for an address must listen."""
    if url.startswith("/"):
        return int(values["MISSION_PORT"])
    from mission_cli.document.criteria.http import VARIABLE

    parts = urlsplit(VARIABLE.sub(lambda found: values.get(found[1] or found[2], ""), url))
    try:
        port = parts.port
    except ValueError as error:
        raise cannot(f"its address has no valid port: {error}") from error
    return port or (443 if parts.scheme == "https" else 80)


def _browser(raw: Mapping[str, Any]) -> BrowserCheck:
    return BrowserCheck(
        **{
            **raw,
            "steps": tuple(Step(**one) for one in raw["steps"]),
            "viewports": tuple((width, height) for width, height in raw["viewports"]),
            "ignore": tuple(raw["ignore"]),
        }
    )


def _http(raw: Mapping[str, Any]) -> HttpCheck:
    return HttpCheck(
        **{
            **raw,
            "statuses": tuple((low, high) for low, high in raw["statuses"]),
            "expectations": tuple(Expectation(**one) for one in raw["expectations"]),
            "headers": tuple((name, value) for name, value in raw["headers"]),
        }
    )

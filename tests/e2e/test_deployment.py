"""Deployments to a real server: one that is healthy goes live, a sick one is rolled back, and production asks."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.request import urlopen

from tests.e2e.test_previews import PLAN, WORKER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.kit.people import Person


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, and logs nothing."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""
        del args


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """Serve what is deployed into a folder."""
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def targets(folder: Path, url: str) -> str:
    """Two targets in one folder; what goes to production needs a page that is never there."""
    return f"""\
[deploy.staging]
command = 'cp page.txt {folder}/page.txt; echo version: 1.0; echo {url}'
health = "/page.txt"
health_contains = "built by m/1.1-a1"
health_timeout = "5s"

[deploy.live]
command = 'cp page.txt {folder}/live.txt'
kind = "production"
url = "{url}"
health = "/never.txt"
health_timeout = "1s"
rollback = 'rm {folder}/live.txt; echo back >> {folder}/rolled'
"""


def test_work_goes_live_and_a_sick_deployment_is_taken_back(person: Person, tmp_path: Path) -> None:
    place = tmp_path / "site"
    with site(place) as url:
        person.commit("A page", **{"page.txt": "nothing yet"})
        person.worker(WORKER)
        person.tables.append(targets(place, url))
        person.save_settings()
        person.plan(PLAN)
        person.start()
        person.run(ok=(3,))
        [shown] = person.mission("deploy", "m", "staging", "--wait", "--json").facts["deployments"]
        assert (shown["status"], shown["url"], shown["version"]) == ("live", url, "1.0")
        with urlopen(f"{shown['url']}/page.txt") as answer:  # noqa: S310 - what a browser does
            assert answer.read() == b"built by m/1.1-a1"
        assert url in person.mission("status", "m").out
        assert person.mission("deploy", "m", "live", ok=(2,)).err.endswith("hint: add --yes\n")
        failed = person.mission("deploy", "m", "live", "--yes", "--wait", "--json", ok=(1,)).facts["deployments"][0]
        assert (failed["target"], failed["status"], failed["by"]) == ("live", "failed", "Ada")
        assert failed["reason"].endswith("; rolled back")
        assert not (place / "live.txt").exists()
        assert (place / "rolled").read_text() == "back\n"
        outcomes = [row.cells for row in person.loaded().mission.kept if row.section == "Outcomes"]
        label = f"staging, deployment 1: {shown['commit'][:12]} (1.0)"
        assert [(one["type"], one["label"], one["value"].strip("<>")) for one in outcomes] == [("url", label, url)]
        assert "failed: its health check failed" in person.mission("why", "m", ok=(0, 3)).out

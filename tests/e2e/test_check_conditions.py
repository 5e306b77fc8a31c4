"""A check runs in the folder, with the variables, the secrets and the network that its criterion says."""

from __future__ import annotations

from shutil import which
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import only_at_night

from mission_cli.domain.criteria.extras import BROWSERS

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = """\
title: Conditions
budget: {time_hours: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation:
      - run: test -s a.txt && test "$MODE" = "two words" && test "$DEPLOY" = s3cret-of-the-day && echo "got $DEPLOY"
        cwd: web
        env: {MODE: two words}
        secret: DEPLOY=env:DEPLOY_TOKEN
      - run: "test -s web/a.txt && test $(grep -c : /proc/net/dev) = 1"
        network: off
    features:
      - {title: one}
"""


def test_folder_variables_secrets_and_network(person: Person) -> None:
    person.set('sandbox = "auto"\n')
    person.worker('write("web/a.txt", "x\\n")\ncommit()\n')
    person.plan(PLAN)
    person.start()
    words = person.run(ok=(3,)).out
    assert "DEPLOY refers to $DEPLOY_TOKEN, which is not set" in words
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEPLOY_TOKEN", "s3cret-of-the-day")
        person.mission("resume", "m")
        person.run()
    assert person.loaded().mission.status == "completed"
    logs = [log.read_text() for log in (person.runtime / "jobs/m/checks").rglob("out.log")]
    assert sum("got [secret: DEPLOY" in log for log in logs) >= 1
    assert not any("s3cret" in log for log in logs)


SERVED = """\
title: Served
budget: {time_hours: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation:
      - http: GET /health 200 json $.ok == true
        serve: exec python3 site.py
        network: off
    features:
      - {title: one}
"""
SITE = """\
import http.server, os

class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
        self.wfile.write(b'{"ok": true}')

http.server.HTTPServer(("127.0.0.1", int(os.environ["MISSION_PORT"])), Site).serve_forever()
"""


@only_at_night
def test_a_server_in_the_judged_tree_is_asked(person: Person) -> None:
    person.set('sandbox = "auto"\n')
    person.worker(f"write('site.py', {SITE!r})\ncommit()\n")
    person.plan(SERVED)
    assert "cannot" not in person.mission("lint", "m").out
    person.start()
    person.run()
    (criterion,) = person.loaded().mission.milestones[0].criteria
    assert (criterion.result and str(criterion.result.verdict), criterion.ticked) == ("passed", True)
    assert criterion.baseline is not None
    assert str(criterion.baseline.verdict) == "failed", "no server is a failure of the work, which is still missing"


PAGES = """\
title: Pages
budget: {time_hours: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation:
      - |
        browser: `/` contains "Hello"
        serve: exec python3 -m http.server --bind 127.0.0.1 $MISSION_PORT
        network: off
        picture: same as last
    features:
      - {title: one}
"""
PAGE = '<!doctype html><html lang="en"><head><title>T</title></head><body><main><h1>Hello</h1></main></body></html>'


@only_at_night
@pytest.mark.skipif(not any(map(which, BROWSERS)), reason="needs Chromium: apt-get install chromium")
def test_a_page_is_opened_and_its_picture_is_stored_and_compared(person: Person) -> None:
    person.set('sandbox = "auto"\n')
    person.worker(f"write('index.html', {PAGE!r})\ncommit()\n")
    person.plan(PAGES)
    person.start()
    person.run()
    (criterion,) = person.loaded().mission.milestones[0].criteria
    assert (criterion.result and str(criterion.result.verdict), criterion.ticked) == ("passed", True)
    folder = person.file().parent / "assets"
    (picture,) = folder.iterdir()
    assert (picture.name.startswith("page-"), picture.name.endswith("-page-1280x720.png")) == (True, True)
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert person.git("status", "--porcelain", cwd=folder.parent.parent) == ""
    person.mission("validate", "m/1", "--again")
    logs = [log.read_text() for log in (person.runtime / "jobs/m/checks").rglob("out.log")]
    assert any("the picture is like the last accepted one (0.00 % differ)" in log for log in logs)
    assert picture.read_bytes() == content

"""A check runs in the folder, with the variables, the secrets and the network that its criterion says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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

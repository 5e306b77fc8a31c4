"""A sign-up at a real site, with a real browser, a real mailbox, and a person for the terms."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from tests.e2e.test_mail import settings
from tests.kit.mail_servers import mail_servers
from tests.kit.nightly import only_at_night
from tests.kit.sign_up_site import SECRET, sign_up_site

from mission_cli.domain.criteria.extras import BROWSERS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.people import Person

PLAN = """\
title: A page
budget: {time_hours: 1}
resources: [{name: forum, type: account, purpose: to ask there}]
milestones: [{name: Only, validation: ["manual: it looks good"], features: [{title: one, criteria: ["file: `x`"]}]}]
"""
STEPS = """\
hosts: ["HOST"]
senders: [noreply@forum.example]
steps:
  - open: http://HOST/join
  - fill: {field: "#mail", with: mail}
  - fill: {field: "#pass", with: password}
  - ask: terms
  - click: "#terms"
  - screenshot: the form
  - click: "#join"
  - mail: code
  - fill: {field: "#code", with: code}
  - click: "#confirm"
"""


def add_steps(person: Person, text: str) -> None:
    """Put the plan of the sign-up beside the mission file, as a person does."""
    place = person.file().parent / "decisions" / "account-forum.yaml"
    place.parent.mkdir(exist_ok=True)
    place.write_text(text)
    missions = person.file().parent.parent
    person.git("add", "m/decisions", cwd=missions)
    person.git("commit", "-qm", "How to sign up", cwd=missions)


@only_at_night
@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="needs Chromium: apt-get install chromium")
def test_an_account_is_made_at_a_real_site(person: Person, tmp_path: Path) -> None:
    with mail_servers() as servers, servers.trusted(), sign_up_site() as site:
        settings(person, servers, tmp_path)

        def mail(to: str, text: str) -> None:
            head = ["From: noreply@forum.example", f"To: {to}", "Subject: Your code", "Message-ID: <1@forum>"]
            head.append(f"Date: {format_datetime(datetime.now(UTC))}")
            servers.arrive("\r\n".join([*head, "Content-Type: text/plain; charset=utf-8", "", text, ""]).encode())

        site.mail = mail
        person.plan(PLAN)
        add_steps(person, STEPS.replace("HOST", site.host))
        waits = person.mission("account", "run", "m", "forum", "--yes", "--wait", "1s", "--json", ok=(3,)).facts
        assert (waits["state"], waits["step"], waits["request"]) == ("waiting", 4, 1)
        assert site.joined == []
        person.mission("answer", "m", "1", "accept")
        found = person.mission("account", "run", "m", "forum", "--yes", "--wait", "30s", "--json")
        assert found.facts["state"] == "done", found.facts
        assert [one["mail"] for one in site.joined] == ["missions+forum@example.org"]
        assert site.confirmed == [SECRET]
        shown = person.mission("account", "show", "m", "forum", "--json").facts["accounts"][0]
        assert (shown["status"], shown["reference"], len(shown["pictures"])) == ("available", "secret:m/forum", 3)
        password = site.joined[0]["pass"]
        history = person.git("log", "-p", "--all", cwd=person.file().parent.parent)
        assert password not in history
        assert SECRET not in history
        assert password not in found.out

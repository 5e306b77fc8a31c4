"""Mail with real servers: a question and an invitation go out, forged replies are refused, and good ones unblock."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from tests.kit.mail_servers import PASSWORD, USER, MailServers, mail_servers

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

    from tests.kit.people import Person

TWO = """\
title: Two
budget: {time_hours: 1}
preferences: {max_parallel_workers: 2, land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`", "file: `1.2.txt`"]
    features:
      - {title: one, criteria: ["grep: `postgres` in `1.1.txt`"]}
      - {title: two, criteria: ["grep: `Friday` in `1.2.txt`"]}
"""
WORKS = """
if FEATURE == "1.1" and "Which database" not in PROMPT:
    import json
    told = {"question": "Which database?", "options": ["sqlite", "postgres"]}
    open(os.environ["MISSION_ASK"], "w").write(json.dumps(told))
    sys.exit(0)
if FEATURE == "1.2" and "email_reply" not in PROMPT:
    write("missions/m/research/mail/ask.md", "To: Ben <ben@example.org>\\nSubject: When?\\n\\nWhich day is it?\\n")
    commit()
    sys.exit(0)
write(FEATURE + ".txt", "postgres, Friday" if "Friday, of course" in PROMPT or FEATURE == "1.1" else "?")
commit()
"""
PROVEN = "Authentication-Results: mx.example.org; dmarc=pass header.from=example.org"
FAILED = "Authentication-Results: mx.example.org; dmarc=fail header.from=example.org"


def reply(servers: MailServers, to: EmailMessage, sender: str, text: str, *headers: str, instead: str = "") -> None:
    """Let a reply arrive by the subject alone: with the token of the mail, or another one."""
    own = re.search(r"[0-9a-f]{16}\]$", str(to["Subject"]))
    assert own is not None
    subject = str(to["Subject"]).replace(own[0], instead or own[0])
    number = len(servers.arrived)
    kind = [] if any(h.startswith("Content-Type") for h in headers) else ["Content-Type: text/plain; charset=utf-8"]
    head = [
        f"From: {sender}",
        f"To: {USER}",
        f"Subject: Re: {subject}",
        f"Message-ID: <{number}@reply>",
        *headers,
        *kind,
    ]
    servers.arrive("\r\n".join([*head, "", text, ""]).encode())


def look(person: Person) -> None:
    """Read the mailbox now, and let everything happen that follows."""
    (person.runtime / "outside/m.json").unlink(missing_ok=True)  # else it is read some minutes later
    person.mission("pulse", ok=(0, 3))
    person.rest()
    person.mission("pulse", ok=(0, 3))
    person.rest()


def traces(person: Person) -> list[str]:
    """What the log says of mails that do not count."""
    found = [row.details for row in person.loaded().mission.progress if row.event == "mail.ignored"]
    return [details.partition(" is ignored: ")[2] for details in found]


def test_replies_unblock_and_what_is_forged_wrong_or_automatic_is_ignored(person: Person, tmp_path: Path) -> None:
    with mail_servers() as servers, servers.trusted():
        settings(person, servers, tmp_path)
        person.worker(WORKS)
        person.plan(TWO)
        person.start()
        person.run(ok=(3,))
        asked, wanted = sorted(person.mission("mail", "m", "--json").facts["mails"], key=lambda one: one["feature"])
        waiting = [one["unblock"] for one in person.mission("inbox", "--json", ok=(3,)).facts["inbox"]]
        number = wanted["number"]
        assert waiting == ["mission answer m 1 ANSWER (sqlite or postgres)", f"mission mail m {number} --approve"]
        person.mission("mail", "m", str(number), "--approve")
        person.mission("pulse", ok=(0, 3))
        person.rest()
        question, invitation = servers.taken
        assert (question["To"], invitation["To"]) == ("ada@example.org", "ben@example.org")
        assert [one["status"] for one in person.mission("mail", "m", "--json").facts["mails"]] == ["sent", "sent"]

        reply(servers, question, "ada@example.org", "postgres", FAILED)
        reply(servers, question, "ada@example.org", "postgres")
        reply(servers, question, "eve@evil.example", "sqlite", PROVEN)
        reply(servers, question, "ada@example.org", "sqlite", PROVEN, instead="0123456789abcdef]")
        reply(servers, question, "ada@example.org", "postgres", PROVEN, "Auto-Submitted: auto-replied")
        reply(servers, invitation, "ben@example.org", "I am away.", "Precedence: bulk")
        look(person)
        assert sorted(traces(person)) == [
            f"it comes from eve@evil.example, to whom mail {asked['number']} was not sent",
            "it is an automatic reply (auto-submitted: auto-replied)",
            "it is an automatic reply (precedence: bulk)",
            "nothing proves its sender; request 1 stays open",
            "the mail server says that it does not come from example.org",
        ]
        assert person.features() == {"1.1": "pending", "1.2": "pending"}

        html = "<p>postgres</p><blockquote>Which database?</blockquote>"
        reply(servers, question, "Ada <ada@example.org>", html, PROVEN, "Content-Type: text/html; charset=utf-8")
        reply(servers, invitation, "ben@example.org", "Friday, of course.\r\n\r\nOn Monday, you wrote:\r\n> Which day?")
        look(person)
        person.run()
        assert person.features() == {"1.1": "done", "1.2": "done"}
        assert person.loaded().mission.requests[0].response == "postgres"
        shown = person.mission("mail", "m", str(number)).out
        assert "  > Friday, of course.\n" in shown
        assert "Which day?" not in shown.partition("reply of")[2]
        assert len(servers.taken) == 2


def settings(person: Person, servers: MailServers, folder: Path) -> None:
    """Write the table [mail]; the login is in files."""
    (folder / "user").write_text(USER)
    (folder / "password").write_text(PASSWORD)
    mine = servers.settings
    told = {
        "smtp": mine.smtp,
        "smtp_port": mine.smtp_port,
        "starttls": True,
        "imap": mine.imap,
        "imap_port": mine.imap_port,
        "user": f"file:{os.fspath(folder / 'user')}",
        "password": f"file:{os.fspath(folder / 'password')}",
        "sender": mine.sender,
        "server": mine.server,
        "questions": "ada@example.org",
        "answers": True,
    }
    lines = [
        f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {str(value).lower()}"
        for key, value in told.items()
    ]
    person.tables.append("[mail]\n" + "\n".join(lines) + "\n")
    person.save_settings()

"""`mission serve` as a process of its own: a link from a message decides, beside pulses, and SIGTERM ends it."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from tests.kit.loopback import Reply, loopback
from tests.kit.people import HONEST
from tests.kit.served import NONCE
from tests.kit.serving import ended, server

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = """\
title: By link
budget: {money_usd: 9}
preferences: {land: ask}
gates: [{name: look, kind: checkpoint, after: ["1.1"], blocks: ["1.2"]}]
milestones:
  - name: Only
    features:
      - {title: a, criteria: ["file: `1.1.txt`"]}
      - {title: b, criteria: ["file: `1.2.txt`"]}
"""
RULE = """\
[notifications.ada]
channels = ["{url}"]
events = ["gate.waiting"]
decider = "ada"
"""
EVERY_NETWORK = "0.0.0.0"  # noqa: S104 - is refused


def test_a_link_from_a_message_decides_once_beside_pulses_and_the_server_ends_cleanly(person: Person) -> None:
    person.worker(HONEST)
    with loopback(lambda _: Reply()) as ear:
        person.tables += [
            '[serve]\nurl = "https://missions.example.org"\n',
            '[deciders.ada]\nemail = "ada@example.org"\nmay = ["*"]\n',
            RULE.format(url=ear.url.replace("http:", "json:")),
        ]
        person.save_settings()
        person.mission("new", "--plan", "-", "--id", "m", "--runner", "script", stdin=PLAN)
        person.mission("start", "m", "--headless")
        person.run(ok=(3,))
        [message] = [one.json["message"] for one in ear.asked]
    links = dict(re.findall(r"^(\w+): https://missions\.example\.org(/decide/\S+)$", message, re.MULTILINE))
    assert sorted(links) == ["approve", "reject"]
    with server(person) as (facts, process), httpx.Client(base_url=facts["url"], trust_env=False) as web:
        nonces = {word: NONCE.search(web.get(link).text) for word, link in links.items()}
        assert "1 file in 1 commit" in web.get(links["approve"]).text
        statuses: list[int] = []

        def press(word: str) -> None:
            found = nonces[word]
            assert found is not None
            answer = httpx.post(facts["url"] + links[word], data={"nonce": found[1]}, trust_env=False)
            statuses.append(answer.status_code)

        threads = [threading.Thread(target=press, args=(word,)) for word in ("approve", "reject", "approve", "reject")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {*statuses} <= {200, 409, 410}
        assert statuses.count(200) == 1
        assert web.get("/", headers={"Host": "missions.example.org"}).status_code == 401
        web.get(facts["page"])
        assert '<h1 id="needs-me">Needs me' in web.get("/").text
        assert web.get("/", headers={"Host": "evil.example"}).status_code == 421
        code, log = ended(process)
    assert code == 0, log
    assert "Traceback" not in log
    assert facts["page"].rpartition("/")[2] not in log
    assert not [token for link in links.values() if (token := link.rpartition("/")[2]) in log]
    loaded = person.loaded("m")
    [approval] = loaded.mission.approvals
    assert (approval.gate, approval.by) == ("look", "ada")
    everywhere = person.git("grep", "-l", links["approve"].rpartition("/")[2], "--", ".", ok=(0, 1))
    assert everywhere == ""
    kept = (person.repo / ".git/mission/deciding.json").read_text()
    assert links["approve"].rpartition("/")[2] not in kept
    person.rest()


def test_a_user_makes_and_starts_a_mission_over_http_until_the_token_is_removed(person: Person) -> None:
    person.worker(HONEST)
    person.mission("init")
    scopes = ("--scope", "missions.read", "--scope", "missions.manage")
    tokens = [person.mission("access", "add", name, *scopes, "--json").facts["token"] for name in ("ada", "eve")]
    plan: dict[str, Any] = {"title": "Made", "budget": {"money_usd": 1}, "preferences": {"runner": "script"}}
    plan["milestones"] = [{"name": "One", "features": [{"title": "a", "criteria": ["file: `1.1.txt`"]}]}]
    with server(person) as (facts, process):
        ada, eve = (
            httpx.Client(base_url=facts["url"], trust_env=False, headers={"Authorization": f"Bearer {token}"})
            for token in tokens
        )
        with ada, eve:
            made = ada.post("/api/v1/missions", json={"plan": plan}, headers={"Idempotency-Key": "1"})
            assert (made.status_code, made.json()["id"]) == (201, "made")
            assert (
                ada.post("/api/v1/missions", json={"plan": plan}, headers={"Idempotency-Key": "1"}).json()
                == made.json()
            )
            tag = ada.get("/api/v1/missions/made").headers["etag"]
            assert ada.post("/api/v1/missions/made/start", headers={"If-Match": tag}).status_code == 200
            assert eve.post("/api/v1/missions/made/pause", headers={"If-Match": tag}).status_code == 412
            assert [one["mission"]["id"] for one in ada.get("/api/v1/missions").json()["missions"]] == ["made"]
            person.mission("access", "remove", "eve", "--yes")
            assert eve.get("/api/v1/missions").status_code == 401
            person.mission("access", "add", "mallory", *scopes)
            assert ada.get("/api/v1/missions").status_code == 200
        assert ended(process)[0] == 0
    assert "made is started (by ada)" in person.state_log()
    person.rest()


def test_other_machines_reach_it_only_with_a_token_and_users_are_known_by_hashes(person: Person) -> None:
    person.worker(HONEST)
    person.mission("new", "--plan", "-", "--id", "m", "--runner", "script", stdin=PLAN)
    refused = person.mission("serve", "--listen", "192.0.2.7", ok=(2,))
    assert refused.err == (
        "error: 192.0.2.7 can be reached by other machines, and there is no token\n"
        " hint: add one first: mission access add NAME\n"
    )
    for listen, words in ((EVERY_NETWORK, "every network"), ("example.org", "not an IP address")):
        assert words in person.mission("serve", "--listen", listen, ok=(2,)).err
    token = person.mission("access", "add", "ada", "--scope", "approve", "--json").facts["token"]
    assert person.mission("access", "add", "Ada", ok=(2,)).err.startswith("error: there is a token `Ada`")
    assert "unknown scope: approv" in person.mission("access", "add", "bob", "--scope", "approv", ok=(2,)).err
    assert person.mission("access", "list").out.startswith("ada  approve  since ")
    assert person.mission("access", "add", "eve", "--json").facts["scopes"] == ["missions.read"]
    person.mission("access", "remove", "eve", "--yes")
    place = Path(os.environ["HOME"]) / ".config/mission/access.json"
    assert place.stat().st_mode & 0o777 == 0o600
    assert token not in place.read_text()
    place.chmod(0o644)
    assert "others may read or write this file" in person.mission("access", "list", ok=(1,)).err
    place.chmod(0o600)
    assert person.mission("access", "remove", "ada", "--yes").out == "ada no longer has a token\n"
    assert "there is no token `ada`" in person.mission("access", "remove", "ada", "--yes", ok=(1,)).err


def test_all_repositories_are_served_together(person: Person) -> None:
    person.worker(HONEST)
    person.mission("new", "--plan", "-", "--id", "m", "--runner", "script", stdin=PLAN)
    with server(person, "--all", "--read-only") as (facts, process):
        assert facts["repositories"] == [os.fspath(person.repo)]
        assert facts["read_only"] is True
        assert httpx.post(f"{facts['url']}/hooks/slack", trust_env=False).status_code == 403
        assert ended(process)[0] == 0

"""`mission serve` with many clients at once: of changes that saw the same state exactly one is made, and none is lost."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import httpx
from tests.kit.nightly import NIGHTLY
from tests.kit.people import HONEST
from tests.kit.serving import ended, server

if TYPE_CHECKING:
    from tests.kit.people import Person

ROUNDS, WRITERS, READERS = (10, 8, 4) if NIGHTLY else (1, 3, 1)
VIEWS = ("/missions", "/missions/m", "/missions/m/why", "/inbox", "/missions/m/history")
PLAN = """\
title: Many hands
budget: {money_usd: 9}
preferences: {land: ask}
milestones:
  - name: Only
    features: [{title: a, criteria: ["file: `1.1.txt`"]}, {title: b, criteria: ["file: `1.2.txt`"]}]
"""


class Hands:
    """Clients of one server, and what they have seen."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self.web = httpx.Client(base_url=url, trust_env=False, headers=headers, timeout=300)
        self.over = threading.Event()
        self.wrong: list[str] = []
        self.won: list[str] = []

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request."""
        return self.web.request(method, f"/api/v1{path}", **more)

    def read(self) -> None:
        """Look at everything again and again."""
        while not self.over.is_set():
            found = [self.ask("GET", view) for view in VIEWS]
            self.wrong += [one.text for one in found if one.status_code != 200]

    def write(self, value: str, tag: str, gate: threading.Barrier, statuses: list[int]) -> None:
        """Change what was seen, at the same time as others, and note it in any case."""
        gate.wait()
        body = {"key": "title", "value": value}
        found = self.ask("PATCH", "/missions/m", json=body, headers={"If-Match": tag})
        statuses.append(found.status_code)
        self.won += [value] if found.status_code == 200 else []
        noted = self.ask("POST", "/missions/m/events", json={"text": f"note {value}"})
        self.wrong += [noted.text] if noted.status_code != 200 else []

    def together(self, values: list[str]) -> None:
        """Let several write at once: one of them changes the mission, or none if a pulse was faster."""
        tag, statuses = self.ask("GET", "/missions/m").headers["etag"], list[int]()
        gate = threading.Barrier(len(values))
        run([threading.Thread(target=self.write, args=(value, tag, gate, statuses)) for value in values])
        assert sorted(statuses) in ([200] + [412] * (len(values) - 1), [412] * len(values))
        shown = self.ask("GET", "/missions/m").json()["title"]
        assert not self.won or shown == self.won[-1], "who has written it reads it"


def run(threads: list[threading.Thread]) -> None:
    """Let threads run, and wait for them."""
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_of_many_changes_of_the_same_state_one_is_made_and_the_notes_of_all_are_kept(person: Person) -> None:
    person.worker(HONEST)
    person.mission("new", "--plan", "-", "--id", "m", "--runner", "script", stdin=PLAN)
    person.mission("start", "m", "--headless")
    made = person.mission("access", "add", "ci", "--scope", "missions.read", "--scope", "missions.manage", "--json")
    values = [[f"by-{round_}-{number}" for number in range(WRITERS)] for round_ in range(ROUNDS)]
    with server(person) as (facts, process):  # whose log is read only at the end
        hands = Hands(facts["url"], made.facts["token"])
        readers = [threading.Thread(target=hands.read) for _ in range(READERS)]
        for reader in readers:
            reader.start()
        for some in values:
            person.mission("pulse")
            hands.together(some)
        hands.over.set()
        for reader in readers:
            reader.join()
        hands.web.close()
        code, log = ended(process)
    assert (hands.wrong, code) == ([], 0)
    assert "Traceback" not in log
    assert len(hands.won) >= ROUNDS / 2
    assert person.loaded("m").mission.title == hands.won[-1]
    journal = person.git("log", "--format=%B", "missions", cwd=person.repo / "missions")
    assert [value for some in values for value in some if f"note {value}" not in journal] == []

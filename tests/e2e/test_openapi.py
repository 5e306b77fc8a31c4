"""Random requests to a real server with real missions: right ones and wrong ones, as the OpenAPI document has them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.kit.nightly import only_at_night
from tests.kit.people import HONEST
from tests.kit.serving import server

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.people import Person

PROGRAM = Path(sys.prefix) / ".fuzz/bin/schemathesis"
CALLS = int(os.environ.get("MISSION_FUZZ_CALLS", "10000"))
PLAN = """\
title: {id}
budget: {{money_usd: 9}}
preferences: {{land: ask}}
gates: [{{name: look, kind: checkpoint, after: ["1.1"], blocks: ["1.2"]}}]
milestones:
  - name: Only
    features:
      - {{title: a, criteria: ["file: `1.1.txt`"]}}
      - {{title: b, criteria: ["file: `1.2.txt`"]}}
      - {{title: c, depends: ["1.2"]}}
"""
HOOKS = """\
import random
import schemathesis

REAL = {
    "id": ["gated", "asking", "paused", "draft", "done", "phased"],
    "feature": ["1.1", "1.2", "1.3"],
    "number": [1, 2],
    "planning": PLANNINGS,
}
NAMED = {
    "repo": [REPO],
    "gate": ["look"],
    "runner": ["script", "opencode"],
    "usd": ["5", "0.5"],
    "hours": ["2"],
    "tokens": ["50M", "1k"],
}


@schemathesis.hook
def before_call(context, case, **kwargs):
    \"\"\"Mostly name what there is, unless a wrong name is what is tried.\"\"\"
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    for name, known in REAL.items():
        if name in (case.path_parameters or {}) and random.random() < 0.9:
            case.path_parameters[name] = random.choice(known)
    for given in (case.query, case.body):
        for name, known in NAMED.items():
            if isinstance(given, dict) and name in given and random.random() < 0.9:
                given[name] = random.choice(known)
"""
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
"""Not `positive_data_acceptance`: a request may fit the document, and the mission does not allow it now."""

STREAMS = ("stream_events", "stream_mission")
"""Their answers never end, and each would take a minute; unit/test_http_live_limits.py sends them what is wrong."""


def furnish(person: Person) -> str:
    """Make missions in many states; return a token that may do everything."""
    person.worker(HONEST)
    person.tables.append('[runners.opencode]\nkind = "opencode"\ncommand = ["true"]\n')
    person.save_settings()
    for identity in ("gated", "asking", "paused", "draft", "done"):
        person.mission("new", "--plan", "-", "--id", identity, "--runner", "script", stdin=PLAN.format(id=identity))
    person.mission(
        "new", "Words", "--phases", "--type", "development", "--id", "phased", "--max-usd", "5", "--headless"
    )
    for identity in ("gated", "asking", "paused", "done", "phased"):
        person.mission("start", identity, "--headless", ok=None)
    person.mission("run", "gated", ok=None)
    person.rest()
    person.mission("ask", "asking", "Which one?", "--option", "this", "--option", "that")
    person.mission("pause", "paused")
    for number in ("1.1", "1.2", "1.3"):
        person.mission("skip", f"done/{number}", "--reason", "not needed", ok=None)
    scopes = [word for scope in ("missions.read", "missions.manage", "approve") for word in ("--scope", scope)]
    return str(json.loads(person.mission("access", "add", "fuzz", *scopes, "--json").out)["token"])


@only_at_night
@pytest.mark.timeout(3600)
def test_no_request_of_ten_thousand_breaks_the_server_or_the_document(
    person: Person, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    if not PROGRAM.exists():
        pytest.skip("schemathesis is not installed: run `make nightly`, or `make .venv/.fuzz/.ready`")
    token = furnish(person)
    with server(person, "--quiet") as (facts, process):
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=f"{facts['url']}/api/v1", headers=headers, trust_env=False, timeout=60) as web:
            plannings = [web.post("/missions", json={"goal": f"g{n}", "runner": "script"}).json()["id"] for n in (1, 2)]
            document = web.get("/openapi.json").json()
        operations = sum(len(methods) for methods in document["paths"].values()) - len(STREAMS)
        hooks = tmp_path / "hooks.py"
        hooks.write_text(HOOKS.replace("PLANNINGS", repr(plannings)).replace("REPO", repr(os.fspath(person.repo))))
        found = fuzz(facts["url"], token, hooks, CALLS // operations, tmp_path)
        assert process.poll() is None
        assert httpx.get(f"{facts['url']}/api/v1/inbox", headers=headers, trust_env=False).status_code == 200
    record_property("calls", found)
    assert person.mission("lint", ok=None).code == 0, "what was written can be read"


def fuzz(url: str, token: str, hooks: Path, examples: int, folder: Path) -> dict[str, int]:
    """Send requests; return how many got which status. Asserts that every answer is as the document says."""
    report = folder / "calls.ndjson"
    command = [
        *(os.fspath(PROGRAM), "run", f"{url}/api/v1/openapi.json", "--url", url),
        *("--header", f"Authorization: Bearer {token}", "--checks", ",".join(CHECKS), "--seed", "1"),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", str(examples), "--no-shrink"),
        *("--continue-on-failure", "--request-timeout", "60", "--suppress-health-check", "all"),
        *(word for name in STREAMS for word in ("--exclude-operation-id", name)),
        *("--report", "ndjson", "--report-ndjson-path", os.fspath(report)),
    ]
    env = os.environ | {"SCHEMATHESIS_HOOKS": os.fspath(hooks)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    statuses = Counter(re.findall(r'"status_code":\s*(\d+)', report.read_text("utf-8")))
    assert done.returncode == 0, done.stdout[-6000:]
    return {"calls": sum(statuses.values()), **statuses}

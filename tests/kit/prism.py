"""GitHub's own contract: Prism checks every request against its OpenAPI description, and graphql-js every query.

Both are installed by `make test` into tests/forges. A server in front of Prism remembers what was asked and what
violates the contract, and plays GraphQL, which Prism does not know.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.kit.loopback import Asked, Loopback, Reply, loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

FOLDER = Path(__file__).resolve().parents[1] / "forges"
MODULES = FOLDER / "node_modules"
_PRISM = MODULES / "@stoplight/prism-cli/dist/index.js"
_OPENAPI = MODULES / "@octokit/openapi/generated/api.github.com.json"
_SCHEMA = MODULES / "@octokit/graphql-schema/schema.graphql"
_STARTS_WITHIN = 60.0
_R = "/repos/{owner}/{repo}"
USED = {
    "/user": "get",
    _R: "get",
    f"{_R}/pulls": "get post",
    f"{_R}/pulls/{{pull_number}}": "get patch",
    f"{_R}/pulls/{{pull_number}}/merge": "put",
    f"{_R}/pulls/{{pull_number}}/merge-async": "put",
    f"{_R}/pulls/{{pull_number}}/merge-async/{{uuid}}": "get",
    f"{_R}/pulls/{{pull_number}}/comments": "get",
    f"{_R}/pulls/{{pull_number}}/comments/{{comment_id}}/replies": "post",
    f"{_R}/pulls/{{pull_number}}/requested_reviewers": "post",
    f"{_R}/commits/{{ref}}/check-runs": "get",
    f"{_R}/commits/{{ref}}/status": "get",
    f"{_R}/check-runs/{{check_run_id}}": "get",
    f"{_R}/check-runs/{{check_run_id}}/annotations": "get",
    f"{_R}/check-runs/{{check_run_id}}/rerequest": "post",
    f"{_R}/actions/jobs/{{job_id}}/rerun": "post",
    f"{_R}/actions/jobs/{{job_id}}/logs": "get",
    f"{_R}/rules/branches/{{branch}}": "get",
    f"{_R}/branches/{{branch}}": "get",
    f"{_R}/forks": "post",
    f"{_R}/issues": "get post",
    f"{_R}/issues/{{issue_number}}": "get patch",
    f"{_R}/issues/{{issue_number}}/comments": "get post",
    f"{_R}/milestones": "get",
}
"""The paths of GitHub's interface that the adapter uses, with their methods."""
STORED = "/stored"
_FOUND = 302
_INVALID = 422
_ENTERPRISE = "/api/v3"
_JSON, _GITHUB_JSON = "application/json", "application/vnd.github+json"
_CHECK = """
import { buildSchema, parse, validate } from "graphql";
import { getVariableValues } from "graphql/execution/values.js";
import { readFileSync } from "node:fs";
const schema = buildSchema(readFileSync(process.argv[1], "utf8"), { assumeValidSDL: true });
const asked = JSON.parse(readFileSync(0, "utf8"));
const wrong = asked.map(({ query, variables }) => {
  const document = parse(query);
  const errors = validate(schema, document);
  const defined = document.definitions[0].variableDefinitions ?? [];
  const unknown = Object.keys(variables).filter((v) => !defined.some((d) => d.variable.name.value === v));
  const values = getVariableValues(schema, defined, variables).errors ?? [];
  return [...errors, ...values].map((e) => e.message).concat(unknown.map((v) => `unknown variable ${v}`));
});
console.log(JSON.stringify(wrong));
"""


def node() -> str:
    """Path of node: the one of this environment, or the one on PATH."""
    return shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}") or ""


def need_contracts() -> None:
    """Skip where the contracts or Prism are not installed."""
    if not (node() and _PRISM.is_file() and _OPENAPI.is_file() and _SCHEMA.is_file()):
        pytest.skip("GitHub's contracts are not installed: run `make test`, or `npm install --no-save` in tests/forges")


@dataclass
class Contract:
    """GitHub as its contract describes it. Its answers are the examples of the description."""

    front: Loopback
    port: int
    """Where Prism listens."""
    prefer: dict[str, str] = field(default_factory=dict)
    """What to ask Prism for, by a part of `GET /path`: `code=409`, `example=NAME`."""
    instead: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    """Functions that change the JSON of an answer, by a part of `GET /path`."""
    graphql: Callable[[str, Mapping[str, Any]], Any] = lambda _query, _variables: {"data": {}}
    stored: bytes = b""
    """What a redirect leads to."""
    violations: list[str] = field(default_factory=list)
    queries: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, asked: Asked, prefer: str = "") -> tuple[Reply, list[str]]:
        """Send a request to Prism; return its answer, and what is wrong with the request."""
        wanted = ("accept", "authorization", "content-type")
        headers = {name: asked.headers[name] for name in wanted if name in asked.headers}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(
                asked.method, asked.path, asked.body or None, headers | ({"Prefer": prefer} if prefer else {})
            )
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        line = f"{asked.method} {asked.path}"
        found = [
            one for one in json.loads(answer.getheader("sl-violations") or "[]") if one["location"][0] == "request"
        ]
        wrong = [f"{line}: {'.'.join(map(str, one['location']))}: {one['message']}" for one in found]
        if answer.status in {404, 405, 406} and b"errors#" in body:
            wrong.append(f"{line}: {json.loads(body)['detail']}")
        if answer.status == _INVALID and b"errors#" in body:  # where the description has no answer for it
            said = json.loads(body)["validation"]
            wrong += [f"{line}: {'.'.join(map(str, one['location']))}: {one['message']}" for one in said]
        return Reply(answer.status, body, {"Content-Type": answer.getheader("Content-Type") or _JSON}), wrong

    def check(self, asked: Sequence[Asked]) -> list[str]:
        """Return what is wrong with requests that were sent to another server, such as the scripted forge.

        It serves the interface as GitHub Enterprise does; requests of git and to where logs are stored do not count.
        """
        wrong, queries, seen = [], [], set()
        for one in asked:
            plain = replace(one, path=one.path.removeprefix(_ENTERPRISE))
            if one.path.endswith("/graphql"):
                queries.append(one.json)
            elif one.path.startswith(_ENTERPRISE) and (plain.method, plain.path, plain.body) not in seen:
                seen.add((plain.method, plain.path, plain.body))
                wrong += self.ask(plain)[1]
        return wrong + (wrong_queries(queries) if queries else [])


@contextmanager
def github(folder: Path) -> Iterator[Contract]:
    """Run Prism on the used paths of GitHub's description, and a server in front of it."""
    need_contracts()
    spec = folder / "github.json"
    spec.write_text(json.dumps(pruned(described(), USED)))
    with mock_of(spec, folder) as port, loopback(lambda _: Reply(500)) as front:
        contract = Contract(front, port)
        front.answer = lambda asked: _answer(contract, asked)
        yield contract


@contextmanager
def mock_of(spec: Path, folder: Path) -> Iterator[int]:
    """Run Prism on a description until the end of the block; yield the port on which it listens."""
    need_contracts()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "prism.log"
    argv = [node(), os.fspath(_PRISM), "mock", "-h", "127.0.0.1", "-p", str(port), os.fspath(spec)]
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "start_new_session": True}
    with log.open("wb") as out, subprocess.Popen(argv, stdout=out, stderr=out, **quiet) as prism:
        try:
            _wait_for(port, prism, log)
            yield port
        finally:
            os.killpg(prism.pid, signal.SIGKILL)  # the server is a child of it


def _wait_for(port: int, prism: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < until and prism.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)  # poll: Prism listens when it has read the description
    raise AssertionError(f"Prism did not start: {log.read_text('utf-8', 'replace')[-2000:]}")


def _answer(contract: Contract, asked: Asked) -> Reply:
    line = f"{asked.method} {asked.path}"
    if asked.path.endswith("/graphql"):
        contract.queries.append(asked.json)
        return Reply(200, contract.graphql(asked.json["query"], asked.json["variables"]))
    if asked.path == STORED:
        return Reply(200, contract.stored)
    prefer = next((value for part, value in contract.prefer.items() if part in line), "")
    reply, violations = contract.ask(asked, prefer)
    contract.violations += violations
    changes = [change for part, change in contract.instead.items() if part in line and reply.status < 300]
    for change in changes:
        reply = replace(reply, body=json.dumps(change(json.loads(reply.body))).encode())
    return replace(reply, headers={"Location": f"{contract.front.url}{STORED}"}) if reply.status == _FOUND else reply


def described() -> dict[str, Any]:
    """Return GitHub's description of its interface."""
    need_contracts()
    found: dict[str, Any] = json.loads(_OPENAPI.read_text("utf-8"))
    return found


def pruned(description: dict[str, Any], paths: Mapping[str, str]) -> dict[str, Any]:
    """Return a description with only these paths and methods, and with what they refer to.

    Prism takes minutes for all of it. The media type that clients of GitHub ask for is added beside JSON.
    """
    kept = {
        path: {name: part for name, part in description["paths"][path].items() if name in methods.split()}
        for path, methods in paths.items()
    }
    components: dict[str, dict[str, Any]] = {}
    todo: list[Any] = [kept]
    while todo:
        part = todo.pop()
        if isinstance(part, list):
            todo += part
        elif isinstance(part, dict):
            if "content" in part and isinstance(part["content"], dict) and _JSON in part["content"]:
                part["content"][_GITHUB_JSON] = part["content"][_JSON]
            refers = part.get("$ref")
            if isinstance(refers, str):
                kind, name = refers.removeprefix("#/components/").split("/", 1)
                if name not in components.setdefault(kind, {}):
                    components[kind][name] = description["components"][kind][name]
                    todo.append(components[kind][name])
            todo += part.values()
    whole = {name: description[name] for name in ("openapi", "info")}
    return {**whole, "servers": [{"url": "/"}], "paths": kept, "components": components}


def wrong_queries(asked: list[dict[str, Any]]) -> list[str]:
    """Return what GitHub's schema does not allow in GraphQL requests."""
    need_contracts()
    done = subprocess.run(
        [node(), "--input-type=module", "-e", _CHECK, os.fspath(_SCHEMA)],
        cwd=FOLDER,
        input=json.dumps(asked).encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    wrong = json.loads(done.stdout)
    return [
        f"{' '.join(one['query'].split())[:60]}: {words}"
        for one, said in zip(asked, wrong, strict=True)
        for words in said
    ]

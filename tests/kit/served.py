"""The real server on loopback, for missions on a host in memory: a token, a clock and a repository at will."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import SETTINGS, Host, make_host, make_mission

from mission_cli.app.commands import lifecycle
from mission_cli.app.commands.create import create
from mission_cli.document.reading.load import load
from mission_cli.domain.deciding.access import Access, Scope
from mission_cli.domain.deciding.grants import hash_of
from mission_cli.engine.loop import pulse
from mission_cli.settings import DeciderSettings, NotificationSettings, ServeSettings
from mission_cli.surfaces.http.application import make_application
from mission_cli.surfaces.http.guard import Rules
from mission_cli.surfaces.http.server import Server, bind, config_of, own_names, own_origins

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.kit.loopback import Loopback

    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.host import Person
    from mission_cli.domain.mission import Mission
    from mission_cli.engine.context import Context
    from mission_cli.ports.executor import JobSpec

URL = "https://missions.example.org"
LINK = re.compile(rf"^(.+): {URL}/decide/(\S+)$", re.MULTILINE)
NONCE = re.compile(r'name="nonce" value="([^"]+)"')
KEY = "key of the waits"
SECRETS = {"env:SLACK": "slack secret", "env:TELEGRAM": "telegram secret", "env:FORGE": "forge secret", "": ""}
_FORGE = "env:FORGE"
SERVE = ServeSettings(URL, timedelta(hours=24), "env:SLACK", "env:TELEGRAM", _FORGE, _FORGE, _FORGE)
TOKENS = {"reader": (Scope.READ,), "manager": (Scope.READ, Scope.MANAGE), "approver": (Scope.READ, Scope.APPROVE)}
"""Users by their names, which are their tokens, too, and their scopes."""
USERS = tuple(Access(name, hash_of(name), scopes, "", f"{name}@example.org") for name, scopes in TOKENS.items())
DECIDERS = {
    "ada": DeciderSettings("ada@example.org", slack="U0ADA", telegram="1", may=("*",)),
    "bob": DeciderSettings("bob@example.org", slack="U0BOB", telegram="2", may=("*",)),
    "eve": DeciderSettings("eve@example.org", slack="U0EVE", telegram="3"),
}


def works(spec: JobSpec) -> Outcome:
    """Make the file of the feature."""
    return Outcome(30.0, {f"{spec.program.env['MISSION_FEATURE']}.txt": "good\n"})


def go_on(host: Host, ticks: int = 10) -> None:
    """Let pulses and jobs go on for some minutes."""
    for _ in range(ticks):
        assert not pulse(host.context()).bugs
        host.jobs.clock.time.pass_by(timedelta(minutes=1))
        host.jobs.work()


def waiting(
    ear: Loopback,
    plan: str,
    deciders: Mapping[str, DeciderSettings],
    *,
    serve: ServeSettings = SERVE,
    events: tuple[str, ...] = ("gate.waiting", "request.asked"),
) -> Host:
    """A host whose mission waits for a decision; each decider got a message."""
    ear.asked.clear()
    host = make_host(works)
    there = ear.url.replace("http:", "json:")
    rules = {name: NotificationSettings((f"{there}/{name}",), events, decider=name) for name in deciders}
    host.settings = replace(SETTINGS, notify="", notifications=rules, deciders=dict(deciders), serve=serve)
    pulse(host.context())
    make_mission(host, plan)
    pulse(host.context())
    lifecycle.start(host.context(), "m")
    go_on(host)
    return host


def said(ear: Loopback, to: str) -> str:
    """The last message to somebody."""
    return str([one.json["message"] for one in ear.asked if one.path == f"/{to}"][-1])


def links(ear: Loopback, to: str = "ada") -> dict[str, str]:
    """The tokens of the last message, by what they do."""
    return dict(LINK.findall(said(ear, to)))


def mission_of(host: Host) -> Mission:
    """The mission as it is committed."""
    return load(next(iter(host.context().state.snapshot().missions.values())).text, "m").mission


def decided(host: Host) -> list[tuple[str, ...]]:
    """Gates, approvals, answers and waits, and the newest commit."""
    now = mission_of(host)
    rows: list[tuple[str, ...]] = [(gate.name, gate.status) for gate in now.gates]
    rows += [(a.gate, a.decision, a.by, a.comment) for a in now.approvals]
    rows += [(str(r.number), r.status, r.response) for r in now.requests]
    return [*rows, *((w.waiting_for, w.status, w.data) for w in now.waits), (str(host.context().state.head()),)]


@dataclass
class Memory:
    """The repositories of a server: those of hosts in memory."""

    hosts: list[Host]
    woken: list[str] = field(default_factory=list)

    def names(self) -> list[str]:
        """The names of the hosts."""
        return [host.jobs.name for host in self.hosts]

    def make(
        self, plan: Plan, repo: str, person: Person | None, *, base: str = "", planning: Any = None
    ) -> tuple[str, str]:
        """Make a mission, as its author."""
        ctx = next(host for host in self.hosts if host.jobs.name == repo).context()
        facts = {
            "store": ctx.state,
            "templates": ctx.templates,
            "now": ctx.clock.now(),
            "person": person or ctx.person(),
        }
        facts |= {"planning": planning} if planning is not None else {}
        return create(plan, base=lambda _: base or "main", **facts)  # type: ignore[arg-type]  # by their names

    def apart(self, repo: str, base: str) -> tuple[Context, str]:
        """The ports of a process of its own."""
        return next(host for host in self.hosts if host.jobs.name == repo).context(), base or "main"

    def contexts(self, *, reading: bool = False) -> Iterator[tuple[str, Context]]:  # noqa: ARG002 - of the protocol
        """The ports of each host."""
        for host in self.hosts:
            yield host.jobs.name, replace(host.context(), again=partial(self.woken.append, host.jobs.name))


@dataclass
class Served:
    """A server that runs, and what it logged."""

    url: str
    memory: Memory
    log: list[str]
    client: httpx.Client

    def show(self, *hosts: Host) -> Served:
        """Serve other hosts from now on."""
        self.memory.hosts[:], self.memory.woken[:], self.log[:] = hosts, [], []
        return self

    @property
    def host(self) -> Host:
        """The first host."""
        return self.memory.hosts[0]

    @property
    def name(self) -> str:
        """Its value of the header Host."""
        return self.url.removeprefix("http://")

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request."""
        return self.client.request(method, f"{self.url}{path}", **more)

    def nonce(self, token: str) -> str:
        """What the form on the page has."""
        found = NONCE.search(self.ask("GET", f"/decide/{token}").text)
        assert found is not None
        return found[1]

    def press(
        self, token: str, *, nonce: str | None = None, headers: Mapping[str, str] | None = None, **form: str
    ) -> httpx.Response:
        """Press the button on the page, as a browser does."""
        fields = {"nonce": self.nonce(token) if nonce is None else nonce, **form}
        own = {"Origin": self.url, **(headers or {})}
        return self.ask("POST", f"/decide/{token}", data=fields, headers=own)

    def slack(self, who: str, token: str, *, secret: str = SECRETS["env:SLACK"], late: float = 0) -> httpx.Response:
        """Press a button in Slack."""
        return self.ask("POST", "/hooks/slack", **self.slack_message(who, token, secret=secret, late=late))

    def slack_message(self, who: str, token: str, *, secret: str, late: float) -> dict[str, Any]:
        """Body and headers of what Slack sends."""
        payload = {"type": "block_actions", "user": {"id": who}, "actions": [{"action_id": "decide", "value": token}]}
        body = urlencode({"payload": json.dumps(payload)}).encode()
        at = str(int(self.host.context().clock.now().timestamp() - late))
        sign = hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
        headers = {"X-Slack-Signature": f"v0={sign}", "X-Slack-Request-Timestamp": at}
        return {"content": body, "headers": {**headers, "Content-Type": "application/x-www-form-urlencoded"}}

    def telegram(self, who: int, token: str, *, secret: str = SECRETS["env:TELEGRAM"]) -> httpx.Response:
        """Press a button in Telegram."""
        update = {"update_id": 7, "callback_query": {"id": "99", "from": {"id": who}, "data": token}}
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
        return self.ask("POST", "/hooks/telegram", json=update, headers=headers)


@contextmanager
def served(*hosts: Host, read_only: bool = False) -> Iterator[Served]:
    """Run the server in a thread of this process."""
    listener, address = bind("127.0.0.1", 0)
    memory = Memory(list(hosts))
    log: list[str] = []
    rules = Rules(own_names(address, [URL]), own_origins(address, [URL]), read_only)
    app = make_application(
        memory, rules, log=log.append, secret_of=SECRETS.__getitem__, key=lambda: KEY, users=lambda: USERS
    )
    ready = threading.Event()
    server = Server(config_of(app), ready.set, app.stop)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    assert ready.wait(10)
    try:
        with httpx.Client(timeout=20, trust_env=False, verify=False) as client:  # noqa: S501 - plain HTTP
            yield Served(f"http://{address.name}", memory, log, client)
    finally:
        server.should_exit = True
        thread.join()

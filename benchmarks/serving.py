"""`mission serve` under load while missions run: how long requests take, their CPU, memory, and what pulses pay.

    python benchmarks/serving.py [SECONDS] [REQUESTS PER SECOND] [MISSIONS]

Makes a repository of that many missions (50), six of which run with real workers, and sends it that many requests (40)
a second for so many seconds (60): lists, states, reasons, the inbox, histories and the OpenAPI document; every
twentieth changes a mission. Before, the list and the inbox are asked for once. The time of a request counts from the
moment at which it was due, so a server that stops answering does not hide that. Beside it, a bare Python is started
again and again: how long that takes says how busy the machine is. Then pulses are run in turns with and without such
requests.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.load import Lab

if TYPE_CHECKING:
    from collections.abc import Iterator

_RUNNING = 6
_EVERY = 20
"""One of so many requests changes something."""
_PAIRS = 9
_LONG = 0.1
_WARM = 10
"""Seconds after which the memory of the server is what it needs."""
_PLAN = """\
title: Served
goal: g
budget: {{money_usd: 5}}
preferences: {{land: ask, max_parallel_workers: 2}}
milestones:
  - name: One
    validation: ["run: `true`"]
    features:
{features}"""
_FEATURE = '      - {{title: f{n}, criteria: ["run: `test -f x/$MISSION_ID-1.{n}.txt`"]}}\n'
_SLOW_WORKER = "import time; time.sleep(2)\n"
_PYTHON = (sys.executable, "-P", "-c", "pass")


@dataclass
class Load:
    """What clients saw."""

    took: list[tuple[str, float]] = field(default_factory=list)
    """Each request: its kind, and the seconds from when it was due."""
    wrong: list[str] = field(default_factory=list)
    written: list[int] = field(default_factory=list)
    """The statuses of changes."""
    memory: list[tuple[float, int]] = field(default_factory=list)
    """Seconds since the start, and the resident KiB of the server."""
    starts: list[float] = field(default_factory=list)
    """Seconds that a bare Python took meanwhile."""


def main() -> int:
    """Print the figures; 1 if a target is missed."""
    seconds, rate, count = (float(given or usual) for given, usual in zip_longest(sys.argv[1:], (60, 40, 50)))
    missed = 0
    with tempfile.TemporaryDirectory(prefix="mission-load-", ignore_cleanup_errors=True) as folder:
        for name, value, target in lines(Lab(Path(folder)), seconds, rate, int(count)):
            kept = target is None or value <= target
            missed += not kept
            said = f"≤ {target}" if target is not None else ""
            print(f"  {name:<77} {value:8.2f}   {said}{'' if kept else '   MISSED'}".rstrip(), flush=True)
    return 1 if missed else 0


def lines(lab: Lab, seconds: float, rate: float, count: int) -> Iterator[tuple[str, float, float | None]]:
    """Yield name, value and target; a target of None says something about another line."""
    missions = fill(lab, count)
    made = lab.mission("access", "add", "b", "--scope", "missions.manage", "--scope", "missions.read", "--json")
    token = json.loads(made.stdout)["token"]
    bare = cpu_of_a_start()
    with server(lab) as (name, pid):
        asyncio.run(first_looks(name, token))
        with pulsing(lab) as pulses:
            before = cpu_of(pid)
            seen = asyncio.run(load(name, pid, token, missions, seconds, rate))
            spent = (cpu_of(pid) - before) / len(seen.took)
        yield from of_load(seen, spent / bare)
        yield "  pulses meanwhile, seconds each", statistics.median(pulses), None
        lab.mission("pause", "--all")
        yield "pulse beside 40 requests a second / without", in_turns(lab, name, token, missions, rate), 1.1
    log = (lab.repo.parent / "serve.log").read_text()
    yield "tracebacks in the log of the server", log.count("Traceback"), 0
    lab.mission("stop", "--all")


def of_load(seen: Load, cpu: float) -> Iterator[tuple[str, float, float | None]]:
    """Yield what clients saw."""
    start = statistics.median(seen.starts)
    every = [took for _, took in seen.took]
    yield "requests that failed", len(seen.wrong), 0
    yield "p99 of requests / a start of a bare Python meanwhile", share(every, 0.99) / start, 8
    yield "  p99 in ms", share(every, 0.99) * 1000, None
    yield "  p50 in ms", share(every, 0.5) * 1000, None
    for kind in sorted({kind for kind, _ in seen.took}):
        mine = [took for one, took in seen.took if one == kind]
        slow = sum(took > _LONG for took in mine)
        yield f"  p99 of {kind} ({len(mine)}, {slow} over 100 ms), in ms", share(mine, 0.99) * 1000, None
    slow = sum(took > _LONG for took in every)
    yield f"  requests over 100 ms, in 1000, the longest {max(every) * 1000:.0f} ms", slow * 1000 / len(every), None
    yield "  a start of a bare Python meanwhile, in ms", start * 1000, None
    yield "CPU of a request / CPU of a start of a bare Python", cpu, 1.3
    early = max((kib for at, kib in seen.memory if at <= _WARM), default=1)
    yield "memory of the server at the end / after 10 s", seen.memory[-1][1] / early, 1.1
    yield "  at the end, in MiB", seen.memory[-1][1] / 1024, None
    yield "  changes that were refused because a pulse was faster (412)", seen.written.count(412), None


def fill(lab: Lab, count: int) -> list[str]:
    """Make missions, of which the first few are active; return their ids."""
    worker = lab.repo.parent / "worker.py"
    worker.write_text(_SLOW_WORKER + worker.read_text())
    plan = lab.repo.parent / "plan.yaml"
    plan.write_text(_PLAN.format(features="".join(_FEATURE.format(n=n) for n in range(1, 9))))
    lab.mission("new", "--plan", os.fspath(plan), "--id", "m0", "--headless", "--runner", "script")
    text, missions = (lab.repo / "missions/m0/mission.md").read_text(), lab.repo / "missions"
    for number in range(count):
        status = "active" if number < _RUNNING else "planning"
        (missions / f"m{number}").mkdir(exist_ok=True)
        own = text.replace("status: planning", f"status: {status}", 1).replace("m0", f"m{number}")
        (missions / f"m{number}/mission.md").write_text(own)
    lab.git("add", "-A", at="missions")
    lab.git("commit", "-qm", "many", at="missions")
    return [f"m{number}" for number in range(count)]


@contextmanager
def server(lab: Lab) -> Iterator[tuple[str, int]]:
    """Run the server; yield its address and process id."""
    argv = [sys.executable, "-P", "-m", "mission_cli", "serve", "--port", "0", "--json"]
    with (
        (lab.repo.parent / "serve.log").open("w") as log,
        subprocess.Popen(argv, cwd=lab.repo, env=lab.env, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"].removeprefix("http://"), process.pid
        finally:
            process.terminate()
            process.wait()


class Client:
    """Sends requests over connections that are kept."""

    def __init__(self, name: str, token: str) -> None:
        self._name, self._token = name, token
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body. What changes something gets a new connection: it must not be repeated."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._name}", f"Authorization: Bearer {self._token}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if method != "GET":
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        raw = ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
        while self._free and method == "GET":
            wire = self._free.pop()
            with suppress(OSError, asyncio.IncompleteReadError):  # the server has closed it meanwhile
                return await self._asked(wire, raw)
        host, _, port = self._name.partition(":")
        return await self._asked(await asyncio.open_connection(host, int(port)), raw)

    async def _asked(
        self, wire: tuple[asyncio.StreamReader, asyncio.StreamWriter], raw: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        wire[1].write(raw)
        head = (await wire[0].readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        parted = (line.partition(":") for line in head[1:])
        headers = {name.lower(): value.strip() for name, _, value in parted if value}
        body = await wire[0].readexactly(int(headers.get("content-length", "0")))
        self._free.append(wire)
        return int(head[0].split()[1]), headers, body


async def first_looks(name: str, token: str) -> None:
    """Look at the list and the inbox once: what a server reads when it starts is no part of the load."""
    client = Client(name, token)
    for path in ("/missions?limit=50", "/inbox"):
        await client.ask("GET", f"/api/v1{path}")


async def load(name: str, pid: int, token: str, missions: list[str], seconds: float, rate: float) -> Load:
    """Send requests at a steady rate; return what came of them."""
    client, seen, dice = Client(name, token), Load(), random.Random(7)  # noqa: S311 - the same choices each time
    began = time.monotonic()

    async def one(number: int, due: float) -> None:
        kind = "change" if number % _EVERY == 0 else ""
        try:
            if kind:
                seen.written.append(await change(client, dice.choice(missions[:_RUNNING]), number // _EVERY))
            else:
                kind, path = read(missions, dice)
                status, _, body = await client.ask("GET", f"/api/v1{path}")
                if (status, body[:1]) != (200, b"{"):
                    seen.wrong.append(f"{path}: {status} {body[:200]!r}")
        except (OSError, asyncio.IncompleteReadError) as error:
            seen.wrong.append(repr(error))
        seen.took.append((kind, time.monotonic() - due))

    async def watch() -> None:
        while not over.is_set():
            seen.memory.append((time.monotonic() - began, resident(pid)))
            at = time.monotonic()
            await (await asyncio.create_subprocess_exec(*_PYTHON)).wait()
            seen.starts.append(time.monotonic() - at)
            await asyncio.sleep(0.5)  # the rate of the sample

    over = asyncio.Event()
    watching, tasks = asyncio.create_task(watch()), []
    for number in range(int(seconds * rate)):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        tasks.append(asyncio.create_task(one(number, due)))
    await asyncio.gather(*tasks)
    over.set()
    await watching
    return seen


def read(missions: list[str], dice: random.Random) -> tuple[str, str]:
    """Return kind and path of something to look at; half of the time it is about a mission that runs."""
    mission = dice.choice(dice.choice((missions[:_RUNNING], missions)))
    kinds = {
        "list": "/missions?limit=50",
        "status": f"/missions/{mission}",
        "why": f"/missions/{mission}/why",
        "inbox": "/inbox",
        "history": f"/missions/{mission}/history?limit=20",
        "openapi": "/openapi.json",
    }
    kind = dice.choices(list(kinds), weights=(20, 35, 15, 10, 15, 5))[0]
    return kind, kinds[kind]


async def change(client: Client, mission: str, number: int) -> int:
    """Change a mission as a page does: look, then write on what was seen. Return the status."""
    path = f"/api/v1/missions/{mission}"
    words = ("note", "set", "pause", "resume")[number % 4]
    if words == "note":
        return (await client.ask("POST", f"{path}/events", json.dumps({"text": f"seen {number}"})))[0]
    status, headers, body = await client.ask("GET", path)
    if "etag" not in headers:
        raise OSError(f"{path}: {status} {body[:300]!r}")
    if words == "set":
        body = {"key": "priority", "value": ("low", "high")[number // 4 % 2]}
        return (await client.ask("PATCH", path, json.dumps(body), If_Match=headers["etag"]))[0]
    return (await client.ask("POST", f"{path}/{words}", "{}", If_Match=headers["etag"]))[0]


def in_turns(lab: Lab, name: str, token: str, missions: list[str], rate: float) -> float:
    """Return the median of pairs: a full check of all missions beside requests, and one without."""
    import threading

    def pulse() -> float:
        (lab.repo / ".git/mission/kick").touch()
        at = time.monotonic()
        lab.mission("pulse")
        return time.monotonic() - at

    async def requests(over: threading.Event) -> None:
        client, dice, began, tasks = Client(name, token), random.Random(7), time.monotonic(), []  # noqa: S311 - as above
        while not over.is_set():
            await asyncio.sleep(max(0.0, began + len(tasks) / rate - time.monotonic()))
            tasks.append(asyncio.create_task(client.ask("GET", f"/api/v1{read(missions, dice)[1]}")))
        await asyncio.gather(*tasks, return_exceptions=True)

    ratios = []
    for _ in range(_PAIRS):
        over = threading.Event()
        thread = threading.Thread(target=lambda over=over: asyncio.run(requests(over)))
        thread.start()
        beside = pulse()
        over.set()
        thread.join()
        ratios.append(beside / pulse())
    return statistics.median(ratios)


@contextmanager
def pulsing(lab: Lab) -> Iterator[list[float]]:
    """Run one pulse after the other; yield how long each took, in a list that fills."""
    import threading

    took: list[float] = []
    over = threading.Event()

    def go() -> None:
        while not over.is_set():
            at = time.monotonic()
            lab.mission("pulse")
            took.append(time.monotonic() - at)
            over.wait(1)

    thread = threading.Thread(target=go)
    thread.start()
    try:
        yield took
    finally:
        over.set()
        thread.join()


def resident(pid: int) -> int:
    """Return the resident KiB of a process."""
    found = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in found if line.startswith("VmRSS:"))


def cpu_of(pid: int) -> float:
    """Return the seconds of CPU of a process and of all that it waited for."""
    facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, facts[11:15])) / os.sysconf("SC_CLK_TCK")


def cpu_of_a_start() -> float:
    """Return the seconds of CPU of a start of Python, on average."""
    before, times = os.times(), 20
    for _ in range(times):
        subprocess.run(_PYTHON, check=True)
    after = os.times()
    return (after[2] + after[3] - before[2] - before[3]) / times


def share(values: list[float], part: float) -> float:
    """Return the value below which a part of the values are."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


if __name__ == "__main__":
    raise SystemExit(main())

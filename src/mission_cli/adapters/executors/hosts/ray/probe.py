"""What `mission hosts test` finds out about a Ray cluster: its version, its nodes, and what one short job sees."""

from __future__ import annotations

import json
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mission_cli._support.text import counted, one_line, show_bytes
from mission_cli.adapters.agents import programs
from mission_cli.adapters.executors.remote.exchange.names import USUAL_ROOT
from mission_cli.adapters.executors.remote.launcher import Finding, Launch, LaunchState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mission_cli.adapters.executors.hosts.ray.rest import Rest
    from mission_cli.adapters.executors.remote.launcher import Launcher
    from mission_cli.domain.hosts.host import Host

_PATIENCE_S, _EACH_S = 30.0, 0.5
_OLDEST_PYTHON = (3, 11)
_OLDEST_GIT = (2, 38)
_LEAST_DISK = 1 << 30

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LOOKS_AROUND = """\
import json, os, re, shutil, subprocess, sys
def said(*words):
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=20,
                              env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -oBatchMode=yes"})
        return done.returncode, (done.stdout if done.returncode == 0 else done.stderr).decode("utf-8", "replace")
    except (OSError, subprocess.SubprocessError) as error:
        return 1, str(error)
exchange, root, *wanted = sys.argv[1:]
root = os.path.expanduser(root)
while not os.path.isdir(root):
    root = os.path.dirname(root) or "/"
code, words = said("git", "ls-remote", "--quiet", "--", exchange, "HEAD") if exchange else (0, "")
print("MISSION-PROBE " + json.dumps({
    "python": list(sys.version_info[:3]),
    "git": [int(n) for n in re.findall(r"\\d+", said("git", "version")[1])[:2]],
    "exchange": "" if code == 0 else words[-300:] or "git failed",
    "sandbox": said("bwrap", "--ro-bind", "/", "/", "--unshare-pid", "--proc", "/proc", "true")[0] == 0,
    "disk": shutil.disk_usage(root).free,
    "programs": {word.partition("=")[0]: shutil.which(word.partition("=")[2]) or "" for word in wanted},
}))
"""


def findings(launcher: Launcher, rest: Rest, host: Host, runners: Mapping[str, str]) -> list[Finding]:
    """Return what is right and wrong. Raises UnreachableError if the dashboard does not answer."""
    version = rest.read("GET", "/api/version")
    found = [Finding("ray", ok=True, words=f"Ray {_word(version, 'ray_version')}"), _token(host)]
    free = launcher.free()
    if free == 0:
        found.append(Finding("places", ok=True, words="no node has what an attempt needs now; jobs wait there"))
    elif free is not None:
        found.append(Finding("places", ok=True, words=f"{counted(free, 'attempt')} would start now"))
    return [*found, *_on_a_node(launcher, host, runners)]


def _token(host: Host) -> Finding:
    where = urlsplit(host.address)
    if host.token and where.scheme == "http" and where.hostname not in _LOOPBACK:
        return Finding("token", ok=True, words="the token travels without encryption", hint="use https, or a tunnel")
    if not host.token:
        return Finding("token", ok=True, words="none is set: every program that reaches the dashboard can run commands")
    return Finding("token", ok=True, words="accepted")


def _on_a_node(launcher: Launcher, host: Host, runners: Mapping[str, str]) -> Iterator[Finding]:
    job = f"mission-test-{secrets.token_hex(6)}"
    wanted = [f"{runner}={runners[runner]}" for runner in runners]
    argv = (host.python, "-c", _LOOKS_AROUND, host.exchange, host.root or USUAL_ROOT, *wanted)
    launcher.start(Launch(job, job, argv, needed=host.needed))
    until, state = time.monotonic() + _PATIENCE_S, LaunchState.PENDING
    while time.monotonic() < until and state in {LaunchState.PENDING, LaunchState.RUNNING}:
        time.sleep(_EACH_S)  # a person waits for the answer; Ray has no request that waits
        state = launcher.look([job])[job].state
    if state in {LaunchState.PENDING, LaunchState.RUNNING}:
        launcher.cancel(job)
        yield Finding(
            "node",
            ok=False,
            words=f"a short job has not ended within {_PATIENCE_S:.0f} s; it is canceled",
            hint="`ray status` shows what is free, and what waits",
        )
        return
    printed = launcher.output(job, 0)[0].decode("utf-8", "replace")
    detail = launcher.look([job])[job].detail
    launcher.forget(job)
    line = next((one for one in printed.splitlines() if one.startswith("MISSION-PROBE ")), "")
    if not line:
        yield Finding("node", ok=False, words=f"a short job failed: {one_line(detail + ' ' + printed[-300:], 300)}")
        return
    yield from _seen(json.loads(line.removeprefix("MISSION-PROBE ")), host)


def _seen(seen: Any, host: Host) -> Iterator[Finding]:
    python, git = tuple(seen["python"]), tuple(seen["git"])
    yield Finding(
        "python",
        ok=python >= _OLDEST_PYTHON,
        words=f"{host.python} is Python {_dotted(python)}",
        hint="" if python >= _OLDEST_PYTHON else "set `python` to a Python of 3.11 or newer on the nodes",
    )
    yield Finding(
        "git",
        ok=git >= _OLDEST_GIT,
        words=f"git {_dotted(git)}" if git else "git is not installed on the node",
        hint="" if git >= _OLDEST_GIT else "install git 2.38 or newer on the nodes",
    )
    if not host.exchange:
        hint = "name a git repository that this machine and every node can reach"
        yield Finding("exchange", ok=False, words="`exchange` is not set", hint=hint)
    else:
        reached = not seen["exchange"]
        yield Finding(
            "exchange",
            ok=reached,
            words="the node reaches it" if reached else f"the node cannot reach it: {one_line(seen['exchange'], 200)}",
            hint="" if reached else "each node needs access to the repository that `exchange` names, without a prompt",
        )
    sandbox = seen["sandbox"]
    yield Finding(
        "sandbox",
        ok=sandbox,
        words="bubblewrap works" if sandbox else "bubblewrap does not work on the node",
        hint="" if sandbox else "install bubblewrap there; containers often have to allow user namespaces",
    )
    enough = seen["disk"] >= _LEAST_DISK
    yield Finding("disk", ok=enough, words=f"{show_bytes(seen['disk'])} free", hint="" if enough else "free some space")
    for name, place in seen["programs"].items():
        yield Finding(
            name,
            ok=bool(place),
            words=one_line(place) or f"`{one_line(programs().get(name, name))}` is not on PATH on the node",
            hint="" if place else f"install it on every node, or leave `{name}` out of hosts.{host.name}.runners",
        )


def _dotted(version: Sequence[int]) -> str:
    return ".".join(map(str, version))


def _word(said: Any, name: str) -> str:
    value = said.get(name) if isinstance(said, dict) else None
    return one_line(value, 40) if isinstance(value, str) else "of an unknown version"

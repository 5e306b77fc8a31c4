"""Check what an attempt needs on the machine."""

from __future__ import annotations

import shlex
import time
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from mission_cli._support.text import command_line, counted, one_line, show_bytes
from mission_cli.adapters.agents import programs
from mission_cli.adapters.executors.hosts.ssh.machine import OLDEST_PYTHON
from mission_cli.adapters.executors.hosts.ssh.repository import OLDEST_GIT, git_version
from mission_cli.adapters.executors.remote.launcher import Finding
from mission_cli.domain.hosts.host import HostKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.adapters.executors.hosts.ssh.connection import Answer, Connection
    from mission_cli.adapters.executors.hosts.ssh.machine import Machine
    from mission_cli.domain.hosts.host import Host

_LITTLE_DISK, _LITTLE_MEMORY = 2 << 30, 1 << 30
_SKEW_WORTH_A_WORD = 2
_NOT_FOUND = 127
"""The answer of a shell about a program that it does not find."""
_LOOK = """\
limit=; command -v timeout >/dev/null && limit='timeout -k 1 15'
say() { name=$1; shift; out=$($limit "$@" 2>&1 </dev/null); code=$?
    printf '\\n%s %s ' "$name" "$code"; printf %s "$out" | head -n 1 | head -c 300; }
say git git --version
say python PYTHON -I -c 'import sys; print("%d.%d" % sys.version_info[:2])'
say sandbox bwrap --unshare-user --unshare-pid --cap-drop ALL --ro-bind / / --proc /proc --dev /dev true
command -v bwrap >/dev/null || printf '\\nsandbox 127 '
printf '\\ndisk 0 '; df -Pk . | awk 'NR == 2 { print $4 }'
printf '\\nmemory 0 '; awk '/^MemAvailable/ { print $2 }' /proc/meminfo 2>/dev/null
kills=$(grep -hs '^KillUserProcesses=yes' /etc/systemd/logind.conf /etc/systemd/logind.conf.d/*.conf)
[ -z "$kills" ] || [ -e "/var/lib/systemd/linger/$(id -un)" ] || printf '\\nlogout 1 '
"""
"""Each line: name, exit status, first line of the output."""


def check(host: Host, connection: Connection, machine: Machine, runners: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return what was found, the connection first."""
    took = connection.connect()
    before = time.time()
    asked = connection.call("date +%s")
    after = time.time()
    words = f"answers in {(after - before) * 1000:.0f} ms"
    words += f", connected in {took:.1f} s" if took is not None else ""
    found = [Finding("ssh", ok=True, words=words), Finding("host key", ok=True, words="known")]
    text = machine.settle(f"{questions(host, runners)}exit 0")[2]
    found += answers(host, runners, text)
    if "logout" in _read(text):
        words = "systemd there ends your processes when the connection closes"
        found.append(Finding("logout", ok=False, words=words, hint="run `loginctl enable-linger` there"))
    if all(one.ok for one in found if one.name == "python"):
        machine.learn()  # the next job uses what this test saw
    return (*found, _clock(asked, before, after))


def questions(host: Host, runners: Mapping[str, str]) -> str:
    """Return a script that asks a machine, in the folder of the host, what an attempt finds there."""
    script = _LOOK.replace("PYTHON", shlex.quote(host.python))
    for number, program in enumerate(runners.values()):
        script += f"say runner-{number} {_asked(program)}\n"
    return script


def _asked(program: str) -> str:
    """Return a command that tells whether a program is there.

    Only agents that are known are started: any other program might begin to work.
    """
    if _is_agent(program):
        return f"{shlex.quote(program)} --version"
    return "true" if _is_in_tree(program) else f"sh -c 'command -v \"$0\"' {shlex.quote(program)}"


def _is_agent(program: str) -> bool:
    return PurePosixPath(program).name in programs().values()


def _is_in_tree(program: str) -> bool:
    return "/" in program and not program.startswith("/")


def answers(host: Host, runners: Mapping[str, str], text: str) -> list[Finding]:
    """Return what the output of `questions` means."""
    said = _read(text)
    silent = (1, "no answer")
    found = [_git(*said.get("git", silent)), _python(host, *said.get("python", silent))]
    found.append(_sandbox(*said.get("sandbox", silent)))
    found += [
        _room(name, said.get(name, silent)[1], little)
        for name, little in (("disk", _LITTLE_DISK), ("memory", _LITTLE_MEMORY))
    ]
    return found + [
        _runner(host, runner, runners[runner], *said.get(f"runner-{n}", silent)) for n, runner in enumerate(runners)
    ]


def _read(text: str) -> dict[str, tuple[int, str]]:
    found = {}
    for line in text.splitlines():
        name, _, rest = line.partition(" ")
        code, _, words = rest.partition(" ")
        if code.isdecimal():
            found[name] = (int(code), one_line(words))
    return found


def _git(code: int, words: str) -> Finding:
    version, oldest = git_version(words), ".".join(map(str, OLDEST_GIT))
    if version >= OLDEST_GIT:
        return Finding("git", ok=True, words=words.removeprefix("git version "))
    return Finding("git", ok=False, words=words or f"exit status {code}", hint=f"install git {oldest} or newer there")


def _python(host: Host, code: int, words: str) -> Finding:
    numbers = tuple(int(n) for n in words.split(".") if n.isdecimal()) if code == 0 else ()
    if numbers >= OLDEST_PYTHON:
        return Finding("python", ok=True, words=words)
    oldest = ".".join(map(str, OLDEST_PYTHON))
    hint = f"install Python {oldest} or newer there, and name it in hosts.{host.name}.python"
    return Finding("python", ok=False, words=words or f"exit status {code}", hint=hint)


def _sandbox(code: int, words: str) -> Finding:
    if code == 0:
        return Finding("sandbox", ok=True, words="bubblewrap works")
    missing = code == _NOT_FOUND
    said = "bubblewrap is not installed" if missing else f"bubblewrap does not work: {words}"
    hint = "apt install bubblewrap" if missing else "allow unprivileged user namespaces there"
    return Finding("sandbox", ok=False, words=said, hint=f"{hint}; without it a worker can do there what you can do")


def _room(name: str, kilobytes: str, little: int) -> Finding:
    if not kilobytes.isdecimal():
        return Finding(name, ok=True, words="unknown")
    free = int(kilobytes) * 1024
    hint = "" if free >= little else f"attempts need about {show_bytes(little)}"
    return Finding(name, ok=free >= little, words=f"{show_bytes(free)} free", hint=hint)


def _runner(host: Host, runner: str, program: str, code: int, words: str) -> Finding:
    if code == 0:
        return Finding(runner, ok=True, words="part of the repository" if _is_in_tree(program) else words or "works")
    if code == _NOT_FOUND or not _is_agent(program):
        words = f"`{one_line(program)}` is not on the PATH of your login shell there"
        hint = f"install it there, or leave `{runner}` out of hosts.{host.name}.runners"
        return Finding(runner, ok=False, words=words, hint=hint)
    words = f"`{one_line(program)} --version` ended with {code}: {words}"
    where = f": `{command_line('ssh', host.address)}`" if host.kind is HostKind.SSH else ""
    return Finding(runner, ok=False, words=words, hint=f"try it there{where}")


def _clock(asked: Answer, before: float, after: float) -> Finding:
    """Clocks are never compared with ours for a decision: this is for people who compare logs."""
    told = asked.out.decode(errors="replace").strip()
    if not told.isdecimal():
        return Finding("clock", ok=True, words="unknown")
    there = int(told)
    skew = max(0.0, before - there - 1) or min(0.0, after - there)
    if abs(skew) < _SKEW_WORTH_A_WORD:
        return Finding("clock", ok=True, words="as here", skew_s=0)
    words = f"{counted(round(abs(skew)), 'second')} {'behind' if skew > 0 else 'ahead'}"
    return Finding(
        "clock", ok=True, words=f"{words}; no decision depends on it", hint="turn on NTP there", skew_s=-skew
    )

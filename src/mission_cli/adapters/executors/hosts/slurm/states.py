"""What Slurm's answers mean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import one_line
from mission_cli.adapters.executors.remote.launcher import LaunchLook, LaunchState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mission_cli.domain.hosts.host import Needed

_WAITS = frozenset({"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT"})
_RUNS = frozenset({"RUNNING", "COMPLETING", "RESIZING", "SIGNALING", "STAGE_OUT", "STOPPED", "SUSPENDED"})
_STOPPED = {
    "BOOT_FAIL": "its node did not start",
    "CANCELLED": "it was cancelled",
    "DEADLINE": "it could not end by its deadline",
    "FAILED": "it failed",
    "NODE_FAIL": "its node failed",
    "OUT_OF_MEMORY": "it used more memory than it had asked for",
    "PREEMPTED": "a job with a higher priority took its place",
    "REVOKED": "another cluster took it",
    "TIMEOUT": "its time limit was over",
}
NOT_LISTED = "Slurm no longer lists it, and it did not end by itself"
_KILLED = "137"
"""The exit status of a program that was killed: Slurm ends the processes of a job one after the other."""
_UNREACHABLE = re.compile(
    r"(?i)unable to contact slurm controller|socket timed out|connection refused|communication connection failure"
    r"|zero bytes were transmitted|could not establish a configuration source|munge|authentication"
    r"|temporarily unable|unexpected message received|connection timed out|slurm backup controller in standby"
)
_OVER = re.compile(r"(?i)already complet|transient state|invalid job id|no job identification")
_DOWN = re.compile(r"[*~#!%$@^-]$|^(down|drain|drng|drained|fail|maint|unk|planned|boot|pow|no_respond|resv|inval)")


def is_unreachable(error: str) -> bool:
    """Whether a message says that the controller could not be asked."""
    return _UNREACHABLE.search(error) is not None


def is_over(error: str) -> bool:
    """Whether a message of `scancel` says that there is nothing to end."""
    return _OVER.search(error) is not None


def message(error: str) -> str:
    """Return the last line of an error, without the name of the program."""
    lines = [line for line in error.splitlines() if line.strip()]
    return one_line(re.sub(r"^\w+: (error: |fatal: )?", "", lines[-1])) if lines else ""


@dataclass(slots=True)
class _Facts:
    """What is known of one id."""

    job: int = -1
    state: str = ""
    node: str = ""
    reason: str = ""
    submitted: bool = False
    started: bool = False
    ended: str = ""


def looks(ids: Iterable[str], lines: Iterable[str]) -> dict[str, LaunchLook]:
    """Return the state of each id by what the login node said."""
    facts = {one: _Facts() for one in ids}
    for line in lines:
        kind, _, rest = line.partition("|")
        name, _, words = rest.partition("|")
        if name in facts:
            _add(facts[name], kind, words)
    return {one: _look(found) for one, found in facts.items()}


def _add(facts: _Facts, kind: str, words: str) -> None:
    if kind == "queue":
        number, state, node, reason = (*words.split("|", 3), "", "", "", "")[:4]
        job = int(number) if number.isdecimal() else 0
        if job >= facts.job:
            facts.job, facts.state, facts.node, facts.reason = job, state, node, reason
    elif kind == "started":
        facts.started, facts.node = True, facts.node or "".join(words.split()[1:2])
    elif kind == "job":
        facts.submitted = True
    elif kind == "ended":
        facts.ended = words.strip()


def _look(facts: _Facts) -> LaunchLook:
    reason = "" if facts.reason in {"", "None"} else one_line(facts.reason)
    if facts.state in _WAITS:
        return LaunchLook(LaunchState.PENDING, reason, facts.node)
    if facts.state in _RUNS:
        odd = "" if facts.state == "RUNNING" else facts.state.lower()
        return LaunchLook(LaunchState.RUNNING, odd, facts.node)
    killed = facts.ended == _KILLED
    if (facts.ended and not killed) or facts.state == "COMPLETED":
        code = "" if facts.ended in {"", "0"} else f"exit status {facts.ended}"
        why = "" if facts.state == "FAILED" else _STOPPED.get(facts.state, "")
        return LaunchLook(LaunchState.ENDED, why or code, facts.node)
    if facts.state or killed:
        return LaunchLook(LaunchState.GONE, _why(facts, reason), facts.node)
    if facts.started or facts.submitted:
        return LaunchLook(LaunchState.GONE, NOT_LISTED, facts.node)
    return LaunchLook(LaunchState.UNKNOWN)


def _why(facts: _Facts, reason: str) -> str:
    words = _STOPPED.get(facts.state, facts.state.lower())
    if facts.ended == _KILLED and facts.state in {"", "FAILED"}:
        words = "its program was killed"
    elif facts.state == "FAILED" and not facts.started:
        words = "its node could not start it: check that the node has the folder of the setting `root`"
    stale = facts.state == "CANCELLED"  # Slurm keeps the reason for which it waited
    return f"{words} ({reason})" if reason and not stale else words


def recorded(lines: Iterable[str]) -> dict[str, LaunchLook]:
    """Return how jobs ended by the records of the accounting."""
    found = {}
    for line in lines:
        name, _, state, node = (*line.split("|", 3), "", "", "", "")[:4]
        word = state.split(" ", 1)[0].rstrip("+")
        if word in _STOPPED:
            found[name] = LaunchLook(LaunchState.GONE, _STOPPED[word], node)
    return found


def number_free(lines: Iterable[str], needed: Needed) -> int:
    """Return how many jobs would start now by the nodes that `sinfo` lists."""
    nodes: dict[str, int] = {}
    for line in lines:
        name, state, cpus, memory, used, gres, gres_used = (*line.split("|"), *[""] * 7)[:7]
        if name and not _DOWN.search(state.strip()):
            nodes[name] = _fit(cpus, (memory, used), (gres, gres_used), needed)
    return sum(nodes.values())


def _fit(cpus: str, memory: tuple[str, str], gres: tuple[str, str], needed: Needed) -> int:
    parts = cpus.strip().split("/")
    fits = _number(parts[1] if len(parts) > 1 else "") // cpus_of(needed)
    if needed.memory_mb:
        fits = min(fits, (_number(memory[0]) - _number(memory[1])) // needed.memory_mb)
    if needed.gpus:
        fits = min(fits, (_gpus(gres[0]) - _gpus(gres[1])) // whole(needed.gpus))
    return max(0, fits)


def _gpus(text: str) -> int:
    """Return how many: `gpu:2`, `gpu:a100:4(S:0-1)`, `gpu:a100:1(IDX:0)`."""
    return sum(int(n) for n in re.findall(r"(?:^|,)\s*gpu(?::[^:,(]+)?:(\d+)", text))


def _number(text: str) -> int:
    return int(text.strip()) if text.strip().isdecimal() else 0


def cpus_of(needed: Needed) -> int:
    """Return how many whole CPUs a job asks for."""
    return max(1, whole(needed.cpus))


def whole(number: float) -> int:
    """Round up."""
    return -int(-number // 1)


def deadline_minutes(seconds: int) -> int:
    """Return the time limit in minutes.

    Slurm sends TERM up to 120 seconds before the limit, because it is told 60 and checks once a minute.
    """
    return whole(seconds / 60) + 2


def options_of(needed: Needed | None, deadline_s: int) -> Mapping[str, str]:
    """Return the options of `sbatch` for what a job needs."""
    options: dict[str, str] = {}
    if needed is not None:
        options |= {"--cpus-per-task": str(whole(needed.cpus))} if needed.cpus else {}
        options |= {"--mem": f"{needed.memory_mb}M"} if needed.memory_mb else {}
        options |= {"--gpus": str(whole(needed.gpus))} if needed.gpus else {}
    if deadline_s:
        options |= {"--time": str(deadline_minutes(deadline_s)), "--signal": "B:TERM@60"}
    return options

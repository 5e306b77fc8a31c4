"""What a Job and its pod say about a launch."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mission_cli._support.text import one_line, parse_stamp
from mission_cli.adapters.executors.remote.launcher import LaunchLook, LaunchState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

_LOST = {
    "DeadlineExceeded": "its time limit was over",
    "Evicted": "its node evicted it",
    "NodeAffinity": "its node no longer fits",
    "NodeLost": "its node does not answer",
    "NodeShutdown": "its node shut down",
    "OOMKilled": "it used more memory than it had asked for",
    "Preempting": "a pod with a higher priority took its place",
    "Shutdown": "its node shut down",
    "Terminated": "its node shut down",
    "UnexpectedAdmissionError": "its node refused it",
}
_DISRUPTED = "DisruptionTarget"
_KILLED = 137
_LATE = timedelta(seconds=60)
"""So long after the time by which a pod has to be gone, its node is lost: nothing else keeps it."""
_USUAL_WAITS = frozenset({"ContainerCreating", "PodInitializing"})


def look(job: Mapping[str, Any], pods: list[Mapping[str, Any]], now: datetime | None) -> LaunchLook:
    """Return the state of a launch; `pods` are those of its Job, `now` is the time by the clock of the cluster."""
    pod = max(pods, key=lambda one: str(part(one, "metadata").get("creationTimestamp") or ""), default={})
    node = _text(part(pod, "spec"), "nodeName")
    conditions = {_text(one, "type"): one for one in _true(part(job, "status"))}
    if "Complete" in conditions:
        return LaunchLook(LaunchState.ENDED, "", node)
    if failed := conditions.get("Failed"):
        return _failed(failed, pod, node)
    return _open(job, pod, node, now)


def _failed(condition: Mapping[str, Any], pod: Mapping[str, Any], node: str) -> LaunchLook:
    reason = _text(condition, "reason")
    if reason in _LOST:
        return LaunchLook(LaunchState.GONE, _with(_LOST[reason], _waiting(pod)), node)
    if not pod:
        return LaunchLook(LaunchState.GONE, "its pod is gone")
    if why := _why_lost(pod):
        return LaunchLook(LaunchState.GONE, why, node)
    code = _ended(pod).get("exitCode")
    if code is None:
        return LaunchLook(LaunchState.GONE, one_line(_text(condition, "message")) or "its pod is gone", node)
    if code == _KILLED:
        return LaunchLook(LaunchState.GONE, "its program was killed", node)
    return LaunchLook(LaunchState.ENDED, f"exit status {code}", node)


def _open(job: Mapping[str, Any], pod: Mapping[str, Any], node: str, now: datetime | None) -> LaunchLook:
    status = part(pod, "status")
    ends = parse_stamp(_text(part(pod, "metadata"), "deletionTimestamp"))
    leaving = ends is not None
    phase = _text(status, "phase")
    late = ends is not None and now is not None and now - ends > _LATE
    if phase == "Unknown" or late:
        return LaunchLook(LaunchState.GONE, _LOST["NodeLost"], node)
    if phase == "Running":
        return LaunchLook(LaunchState.RUNNING, "it was asked to end" if leaving else "", node)
    if phase in {"Succeeded", "Failed"}:
        return LaunchLook(LaunchState.RUNNING, "it has ended, and the cluster is about to say so", node)
    words = "the Job is suspended" if part(job, "spec").get("suspend") else ""
    return LaunchLook(LaunchState.PENDING, words or _waiting(pod) or _unscheduled(status), node)


def _why_lost(pod: Mapping[str, Any]) -> str:
    """Return why a pod is lost, if its end was not its own."""
    status = part(pod, "status")
    for reason in (_text(status, "reason"), _text(_ended(pod), "reason")):
        if reason in _LOST:
            return _with(_LOST[reason], _text(status, "message"))
    if "containerStatuses" in status and _ended(pod).get("exitCode") not in {None, _KILLED}:
        return ""
    disrupted = [one for one in _true(status) if one.get("type") == _DISRUPTED]
    return _with("the cluster ended its pod", _text(disrupted[0], "message")) if disrupted else ""


def _waiting(pod: Mapping[str, Any]) -> str:
    """Return why a container does not start, such as an image that cannot be pulled."""
    for one in _containers(pod):
        waiting = part(part(one, "state"), "waiting")
        reason = _text(waiting, "reason")
        if reason and reason not in _USUAL_WAITS:
            return _with(reason, _text(waiting, "message"))
    return ""


def _unscheduled(status: Mapping[str, Any]) -> str:
    conditions = status.get("conditions")
    for one in conditions if isinstance(conditions, list) else []:
        if isinstance(one, dict) and one.get("type") == "PodScheduled" and one.get("status") == "False":
            return one_line(_text(one, "message") or _text(one, "reason"))
    return ""


def _ended(pod: Mapping[str, Any]) -> Mapping[str, Any]:
    return next((part(part(one, "state"), "terminated") for one in _containers(pod)), {})


def _containers(pod: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    found = part(pod, "status").get("containerStatuses")
    return (one for one in found if isinstance(one, dict)) if isinstance(found, list) else iter(())


def _true(status: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    found = status.get("conditions")
    return (
        (one for one in found if isinstance(one, dict) and one.get("status") == "True")
        if isinstance(found, list)
        else iter(())
    )


def part(whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object in an object; empty if there is none."""
    found = whole.get(name)
    return found if isinstance(found, dict) else {}


def _text(whole: Mapping[str, Any], name: str) -> str:
    found = whole.get(name)
    return found if isinstance(found, str) else ""


def _with(words: str, more: str) -> str:
    return one_line(f"{words}: {more}") if more else words

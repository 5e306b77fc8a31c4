"""How many more jobs would start now on a Ray cluster, from what its autoscaler reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mission_cli.domain.hosts.host import Needed

USUAL_CPUS = 1.0
"""More than 0 always: Ray runs a job that reserves nothing on the head."""
_MIB = 1 << 20


def wanted_by(needed: Needed | None) -> dict[str, float]:
    """Return what one job reserves, as Ray names it."""
    cpus = needed.cpus if needed is not None and needed.cpus > 0 else USUAL_CPUS
    wanted = {"CPU": cpus}
    if needed is not None and needed.memory_mb > 0:
        wanted["memory"] = float(needed.memory_mb * _MIB)
    if needed is not None and needed.gpus > 0:
        wanted["GPU"] = needed.gpus
    return wanted


def free_places(status: Any, wanted: Mapping[str, float]) -> int | None:
    """Return how many jobs would start at once; None if that is not known.

    `status` is the answer to `/api/cluster_status`. Jobs that wait already come first. Where the autoscaler may add
    nodes, a full cluster is not an answer: only jobs that wait make it grow.
    """
    report = _part(_part(status, "data"), "clusterStatus")
    load = _part(report, "loadMetricsReport")
    nodes = load.get("usageByNode")
    if not isinstance(nodes, Mapping) or not nodes:
        return None
    places = sum(_fitting(usage, wanted) for usage in nodes.values())
    places = max(0, places - _waiting(load.get("resourceDemand"), nodes))
    return places if places or _never_grows(report) else None


def _fitting(usage: Any, wanted: Mapping[str, float]) -> int:
    pairs = {name: _pair(usage, name) for name in wanted}
    return max(0, min(int((pairs[name][1] - pairs[name][0] + 1e-6) // much) for name, much in wanted.items()))


def _pair(usage: Any, name: str) -> tuple[float, float]:
    """Return how much of a resource is in use on a node, and how much there is."""
    match usage.get(name) if isinstance(usage, Mapping) else None:
        case [int() | float() as used, int() | float() as all_of_it]:
            return used, all_of_it
    return 0.0, 0.0


def _waiting(demand: Any, nodes: Mapping[str, Any]) -> int:
    """Return how many jobs and tasks wait that some node could run."""
    waiting = 0
    for one in demand if isinstance(demand, list) else ():
        match one:
            case [Mapping() as wanted, int() as count] if any(_could_run(usage, wanted) for usage in nodes.values()):
                waiting += count
    return waiting


def _could_run(usage: Any, wanted: Mapping[str, Any]) -> bool:
    return all(isinstance(much, int | float) and _pair(usage, name)[1] >= much for name, much in wanted.items())


def _never_grows(report: Mapping[str, Any]) -> bool:
    """Whether nodes are added by hand: then Ray names a type of its own for each node."""
    types = _part(_part(report, "autoscalerReport"), "nodeTypeMapping")
    return bool(types) and all(kind == f"node_{node}" for node, kind in types.items())


def _part(whole: Any, name: str) -> Mapping[str, Any]:
    part = whole.get(name) if isinstance(whole, Mapping) else None
    return part if isinstance(part, Mapping) else {}

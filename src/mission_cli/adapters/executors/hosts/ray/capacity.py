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
    places = max(0, places - _waiting(load.get("resourceDemand")))
    return places if places or _never_grows(report) else None


def _fitting(usage: Any, wanted: Mapping[str, float]) -> int:
    free = {name: _free(usage, name) for name in wanted}
    return max(0, min(int((free[name] + 1e-6) // much) for name, much in wanted.items()))


def _free(usage: Any, name: str) -> float:
    pair = usage.get(name) if isinstance(usage, Mapping) else None
    if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(one, int | float) for one in pair):  # noqa: PLR2004 - used, all
        return 0.0
    return float(pair[1] - pair[0])


def _waiting(demand: Any) -> int:
    """Return how many tasks and actors wait for resources."""
    if not isinstance(demand, list):
        return 0
    counts = [one[1] for one in demand if isinstance(one, list) and one]
    return sum(count for count in counts if isinstance(count, int))


def _never_grows(report: Mapping[str, Any]) -> bool:
    """Whether nodes are added by hand: then Ray names a type of its own for each node."""
    types = _part(_part(report, "autoscalerReport"), "nodeTypeMapping")
    return bool(types) and all(kind == f"node_{node}" for node, kind in types.items())


def _part(whole: Any, name: str) -> Mapping[str, Any]:
    part = whole.get(name) if isinstance(whole, Mapping) else None
    return part if isinstance(part, Mapping) else {}

"""What `mission hosts test` says about a cluster: by its commands, and by a short job on one of its nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import one_line
from mission_cli.adapters.executors.hosts.slurm import scripts
from mission_cli.adapters.executors.hosts.slurm.states import options_of
from mission_cli.adapters.executors.hosts.ssh.findings import answers, questions
from mission_cli.adapters.executors.remote.launcher import Finding
from mission_cli.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.adapters.executors.hosts.slurm.commands import Commands
    from mission_cli.domain.hosts.host import Host

_NODE_S = 120


def findings(host: Host, commands: Commands, place: Mapping[str, str], runners: Mapping[str, str]) -> list[Finding]:
    """Return what is there and what is missing."""
    version, *rest = commands.lines(scripts.ABOUT)
    found = [Finding("slurm", ok=True, words=one_line(version))]
    partitions = [line.split()[0].rstrip("*") for line in rest if line.split()[1:] == ["up"]]
    if host.queue and host.queue not in partitions:
        words = f"the cluster has no partition `{host.queue}` that is up"
        return [*found, Finding("partition", ok=False, words=words, hint=f"it has {', '.join(partitions)}")]
    options = [f"{name}={value}" for name, value in {**place, **options_of(host.needed, 0)}.items()]
    try:
        commands.run(scripts.WOULD_START, *options, data=b"#!/bin/sh\n")
    except ToolError as error:
        hint = f"compare cpus, memory_mb, gpus, queue and account of hosts.{host.name} with `sinfo` and `sacctmgr`"
        return [*found, Finding("submit", ok=False, words=str(error), hint=hint)]
    found.append(Finding("submit", ok=True, words="the cluster accepts a job with these resources"))
    return [*found, *_on_a_node(host, commands, options, runners)]


def _on_a_node(host: Host, commands: Commands, options: list[str], runners: Mapping[str, str]) -> list[Finding]:
    script = questions(host, runners).encode()
    try:
        text = commands.run(scripts.NODE, *options, data=script, timeout=_NODE_S).decode("utf-8", "replace")
    except ToolError as error:
        hint = "test again when a node is free: what nodes have was not checked"
        return [Finding("node", ok=False, words=one_line(str(error)), hint=hint)]
    names = [line.removeprefix("node 0 ") for line in text.splitlines() if line.startswith("node 0 ")]
    node = Finding("node", ok=True, words=one_line(names[0]) if names else "unknown")
    shared = "folder 0" in text.splitlines()
    words = "the login node and the nodes share it" if shared else f"a node cannot write to {commands.root}"
    hint = "" if shared else f"set hosts.{host.name}.root to a folder that the login node and all nodes share"
    return [node, Finding("folder", ok=shared, words=words, hint=hint), *answers(host, runners, text)]

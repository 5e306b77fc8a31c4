"""Manual attempts: a person works in a tree, without a supervisor.

The folder records this from the time when the tree is ready until the exit file is written; `poll` returns RUNNING in
between. The caller holds the job's lock.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.text import stamp
from mission_cli.adapters.executors.jobs.claims import claim
from mission_cli.adapters.executors.jobs.folder import tree_path
from mission_cli.adapters.executors.jobs.tree_copy import copy_in
from mission_cli.adapters.fs.atomic import create_whole, read_json, write_whole
from mission_cli.adapters.git.code import trees
from mission_cli.adapters.git.code.collect import Screen, collect_and_save
from mission_cli.domain.runs.jobs import AgentReport, Exit
from mission_cli.domain.runs.usage import Usage
from mission_cli.domain.status import EndReason

if TYPE_CHECKING:
    from mission_cli.adapters.executors.jobs.folder import JobFolder, Surroundings
    from mission_cli.adapters.secrets.screen import SecretRules
    from mission_cli.ports.executor import JobSpec


def take(job: JobFolder, spec: JobSpec, around: Surroundings) -> None:
    """Create claim and tree for a person. If interrupted, call it again: it continues."""
    if job.started.exists() or job.exit.exists():
        return
    write_whole(job.by_hand, b"")  # durable: it is the only sign that no supervisor belongs here
    refused = claim(job, spec.key, around)
    if refused and not (refused.here and tree_path(Path(around.trees), spec.key).is_dir()):
        job.write_exit(Exit(EndReason.NOT_STARTED, detail=refused.words))
        return
    if refused is None:  # otherwise a person is working there, and only the job's folder was removed
        _make_tree(spec, around)
    create_whole(job.started, f'{{"at": "{stamp(datetime.now(UTC))}", "pid": {os.getpid()}}}\n'.encode())


def end(job: JobFolder, spec: JobSpec, around: Surroundings, *, reason: EndReason, rules: SecretRules) -> None:
    """Save uncommitted work and write the exit file. It uses no worker hours, and its cost is unknown."""
    if job.exit.exists():
        return
    tree = tree_path(Path(around.trees), spec.key).resolve()
    screen = Screen(rules, around.secret_exceptions, around.largest)
    left, saved = collect_and_save(Path(around.code), tree, spec.key, start=spec.tree.commit, screen=screen)
    started = read_json(job.started)
    job.write_exit(
        Exit(
            reason,
            code=0 if reason is EndReason.EXIT else None,
            started=str(started.get("at", "")) if isinstance(started, dict) else "",
            ended=stamp(datetime.now(UTC)),
            left=left,
            saved=saved,
            report=AgentReport(usage=Usage(usd=None, source="by hand")),
        )
    )


def _make_tree(spec: JobSpec, around: Surroundings) -> None:
    root = Path(around.trees)
    tree = tree_path(root, spec.key)
    source = tree_path(root, spec.tree.continues).resolve() if spec.tree.continues else None
    if source is not None and trees.can_go_on(source):
        trees.go_on_in(Path(around.code), source, branch=spec.tree.branch, commit=spec.tree.commit)
        trees.link_tree(tree, source)
        return
    trees.make_tree(
        Path(around.code), tree, commit=spec.tree.commit, branch=spec.tree.branch, base_name=spec.tree.base_name
    )
    copy_in(Path(around.checkout) if around.checkout else None, tree, spec.tree.copy)

"""Claims of attempts: a ref that can be created only once, with a nonce that was stored before."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.adapters.fs.atomic import random_hex, write_json
from mission_cli.adapters.git.code import trees
from mission_cli.adapters.proc import scan
from mission_cli.domain.host import same_host

if TYPE_CHECKING:
    from mission_cli.adapters.executors.jobs.folder import JobFolder, Surroundings


@dataclass(frozen=True, slots=True)
class Refusal:
    """Another clone or job has the claim."""

    words: str
    here: bool
    """True if it was claimed on this machine, by a job whose folder was removed."""


def claim(job: JobFolder, key: str, around: Surroundings) -> Refusal | None:
    """Claim an attempt here and at the remote; may be repeated. Returns the refusal, or None if the claim is ours.

    Raises ToolError if the remote cannot be reached.
    """
    if not job.claim.exists():
        write_json(
            job.claim,
            {
                "run": key,
                "host": around.host,
                "boot": scan.boot_id(),
                "pid": os.getpid(),
                "nonce": random_hex(12),
            },
        )
    content = job.claim.read_bytes()
    other = trees.claim(Path(around.code), key, content)
    if other is None and around.remote:
        from mission_cli.adapters.git.remote.share import claim_there

        name = f"{around.clone}/{key}" if around.clone else key
        other = claim_there(Path(around.code), around.remote, name, content)
    if other is None:
        return None
    words = f"{key} is already claimed: {other.decode('utf-8', 'replace')[:300]}"
    return Refusal(words, here=same_host(_host_of(other), around.host))


def _host_of(content: bytes) -> str:
    try:
        raw = json.loads(content)
    except ValueError:
        return ""
    return str(raw.get("host", "")) if isinstance(raw, dict) else ""

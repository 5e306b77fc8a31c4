"""The claim on an attempt: a ref that is created once, with a nonce that was stored before."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import write_json
from mission_cli.adapters.git import trees
from mission_cli.adapters.proc import scan

if TYPE_CHECKING:
    from mission_cli.adapters.executors.jobs import JobFolder, Surroundings


def claim(job: JobFolder, key: str, around: Surroundings) -> str:
    """Claim an attempt, as often as one likes. Returns why it is not ours, or the empty string."""
    if not job.claim.exists():
        write_json(
            job.claim,
            {
                "run": key,
                "host": around.host,
                "boot": scan.boot_id(),
                "pid": os.getpid(),
                "nonce": secrets.token_hex(12),
            },
        )
    other = trees.claim(Path(around.code), key, job.claim.read_bytes())
    if other is None:
        return ""
    return f"{key} is claimed already: {other.decode('utf-8', 'replace')[:300]}"

"""The surroundings of a job on a host: the environment, the sandbox and the folders of that host."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import mission_cli
from mission_cli.adapters.executors.jobs.folder import Surroundings
from mission_cli.adapters.executors.sandbox.choose import find_sandbox
from mission_cli.adapters.executors.sandbox.sandbox import is_usual
from mission_cli.adapters.fs.atomic import create_whole, random_hex
from mission_cli.adapters.fs.env_file import read_environment
from mission_cli.adapters.user import environment, key_file

if TYPE_CHECKING:
    from mission_cli.adapters.executors.remote.exchange.request import Terms
    from mission_cli.ports.executor import JobSpec

_ISOLATED = (
    "import sys; sys.path[:] = sys.argv.pop(1).split('\\n'); from mission_cli.__main__ import main; sys.exit(main())"
)


def compose(root: Path, place: Path, clone: str, terms: Terms, exchange: str) -> Surroundings:
    """Return the surroundings of a job of a clone; `place` is the clone's folder below `root`."""
    around = environment()
    needed = terms.sandbox == "required" or terms.network != "on"
    found = () if terms.sandbox == "off" else find_sandbox(_path(around), root / "sandbox.json", needed=needed).command
    keys = [name for name in read_environment(key_file()) if not is_usual(name)]
    home = [os.fspath(Path(mission_cli.__file__).parents[1])]
    paths = "\n".join([*home, *(os.path.realpath(one) for one in sys.path if os.path.isabs(one))])  # noqa: PTH117 - of text
    return Surroundings(
        code=os.fspath(place / "code.git"),
        checkout="",
        trees=os.fspath(place / "trees"),
        slots=os.fspath(place / "slots"),
        slot_count=terms.workers,
        host=_me(root),
        unboxed=os.fspath(place / "unboxed"),
        remote=exchange,
        clone=clone,
        mark=random_hex(12),
        environment=around,
        keys=tuple(dict.fromkeys([*keys, *terms.kept_back])),
        withheld=terms.withheld,
        bwrap=found,
        network=terms.network,
        sandbox_read=terms.sandbox_read,
        sandbox_write=terms.sandbox_write,
        secret_exceptions=terms.secret_exceptions,
        largest=terms.largest,
        proxy=(sys.executable, "-I", "-c", _ISOLATED, paths, "_egress"),
        port_base=terms.port_base,
        grace_s=terms.grace_s,
    )


def not_here(spec: JobSpec, terms: Terms, around: Surroundings) -> str:
    """Return why a job must not run on this host, or the empty string."""
    if around.bwrap or (terms.sandbox == "off" and terms.network == "on"):
        return ""
    if terms.network != "on":
        return f'network = "{terms.network}" needs the sandbox, and this host has none: install bubblewrap there'
    if terms.contained:
        return ""
    if terms.sandbox == "required":
        return "a sandbox is required, and this host has none: install bubblewrap there"
    if spec.sandbox.on:
        return "the job is made for the sandbox, and this host has none: install bubblewrap there"
    return ""


def _path(around: dict[str, str]) -> str:
    return around.get("PATH", os.defpath)


def _me(root: Path) -> str:
    """Return the name of this host, for people, and digits that stay as long as its folder does."""
    place = root / "node-id"
    create_whole(place, random_hex(8).encode())
    return f"{os.uname().nodename}:{place.read_text()}"

"""A host: a machine or a cluster that the settings name as `[hosts.NAME]`."""

from __future__ import annotations

from enum import StrEnum

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern

HERE = "local"
"""The name of the machine that drives, in mission files; no host can have it."""
NAME = pattern(r"[a-z0-9][a-z0-9-]{0,39}")
LABEL = pattern(r"[a-z0-9][a-z0-9._-]{0,39}")
"""What `[on:…]` can name: a label; the names of hosts have the same form."""


class HostKind(StrEnum):
    """How jobs are started on a host."""

    SSH = "ssh"
    RAY = "ray"
    SLURM = "slurm"
    KUBERNETES = "kubernetes"


@dataclass(frozen=True, slots=True)
class Needed:
    """What each attempt gets on a host that reserves resources; 0: what is usual there."""

    cpus: float = 0
    memory_mb: int = 0
    gpus: float = 0


@dataclass(frozen=True, slots=True)
class Host:
    """One host, as configured."""

    name: str
    kind: HostKind
    address: str = ""
    """ssh: a destination as `ssh` takes it; ray: the URL of the dashboard; slurm: a login node for `ssh`, empty for
    this machine; kubernetes: the URL of the API, empty for the one that the configuration of kubectl names."""
    exchange: str = ""
    """The git repository that both sides reach: a URL or a path; empty with ssh and slurm: one that is kept there."""
    root: str = ""
    """The folder for everything that is kept there; empty: `~/.cache/mission`."""
    python: str = "python3"
    """The Python that runs the supervisor there, 3.11 or newer."""
    workers: int = 1
    """How many attempts may run there at once."""
    labels: tuple[str, ...] = ()
    """What it offers, such as `gpu`."""
    runners: tuple[str, ...] = ()
    """The runners that work there; empty: all."""
    needed: Needed = Needed()
    image: str = ""
    """kubernetes: the image in which attempts run."""
    namespace: str = ""
    """kubernetes: the namespace; empty: `default`."""
    account: str = ""
    """kubernetes: the service account; slurm: the account that pays."""
    queue: str = ""
    """slurm: the partition; empty: the usual one."""
    token: str = ""
    """A reference to the token for the address, such as `env:RAY_TOKEN`; empty: none."""


def why_no_name(name: str) -> str:
    """Return why a host cannot have this name, or the empty string."""
    if name == HERE:
        return "is reserved: `local` means this machine"
    return "" if NAME.fullmatch(name) else "is not a valid name of a host"

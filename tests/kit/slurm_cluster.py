"""A real cluster of Slurm on this machine: a controller and two nodes, with keys, ports and folders of its own.

Debian's packages `slurmctld`, `slurmd`, `slurm-client` and `munge` have what it needs.
"""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

NODES = ("n1", "n2")
_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo", "srun")
_PATH = f"{os.environ['PATH']}{os.pathsep}/usr/sbin{os.pathsep}/sbin"
_STARTS_WITHIN = 30.0
_CONF = """\
ClusterName=rig
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
SlurmctldPort={ports[0]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=10
ReturnToService=2
MpiDefault=none
SwitchType=switch/none
SlurmdTimeout=6
SlurmctldTimeout=10
MessageTimeout=5
BatchStartTimeout=5
KillWait=2
MinJobAge={forgets_s}
SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=0
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2 RealMemory=2000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 RealMemory=2000
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
PartitionName=small Nodes=n2 MaxTime=10 State=UP
"""


class SlurmCluster:
    """Runs until `leave`. `forgets_s`: after so many seconds it forgets ended jobs; Slurm's own default is 300."""

    def __init__(self, *, forgets_s: int = 300) -> None:
        if any(shutil.which(name, path=_PATH) is None for name in _PROGRAMS):
            pytest.skip("Slurm is not installed: apt-get install slurmctld slurmd slurm-client munge")
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-"))  # the path of a socket has at most 107 bytes
        self._conf = self.folder / "slurm.conf"
        self.environment = {**os.environ, "PATH": _PATH, "SLURM_CONF": os.fspath(self._conf)}
        ports = _free_ports(1 + len(NODES))
        host = socket.gethostname().partition(".")[0]
        user = getpass.getuser()
        self._conf.write_text(_CONF.format(host=host, user=user, folder=self.folder, ports=ports, forgets_s=forgets_s))
        (self.folder / "state").mkdir()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        try:
            self._start_munge()
            self.start_controller()
            for node in NODES:
                self.start_node(node)
            self.wait_for(lambda: self.ask("sinfo", "-h", "-p", "main", "-t", "idle", "-o", "%D").strip() == "2")
        except BaseException:
            self.leave()
            raise

    def ask(self, *argv: str) -> str:
        """Run one of Slurm's commands; return what it printed."""
        done = subprocess.run(argv, env=self.environment, capture_output=True, check=False)
        return done.stdout.decode()

    def start_controller(self) -> None:
        """Start the controller; it goes on with the jobs that it knew."""
        self._start("slurmctld", "-D")
        self.wait_for(lambda: "UP" in self.ask("scontrol", "ping"))

    def stop_controller(self) -> None:
        """Stop the controller; jobs go on."""
        self._end("slurmctld", signal.SIGTERM)

    def start_node(self, node: str) -> None:
        """Start a node."""
        (self.folder / f"spool-{node}").mkdir(exist_ok=True)
        self._start("slurmd", "-D", "-N", node, name=node)

    def kill_node(self, node: str) -> None:
        """Lose a node: its daemon and whatever it runs, at once."""
        daemon = self._running[node]
        victims = [daemon.pid, *_below_steps(node)]
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._end(node, signal.SIGKILL)

    def lose_next_answer(self) -> None:
        """Let the next `sbatch` submit its job and fail, as when the answer of the controller does not arrive."""
        place = self.folder / "bin/sbatch"
        place.parent.mkdir(exist_ok=True)
        real = shutil.which("sbatch", path=_PATH)
        place.write_text(
            f'#!/bin/sh\nrm -- "$0"\n{real} "$@" >/dev/null\n'
            "echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2\nexit 1\n"
        )
        place.chmod(0o755)
        self.environment["PATH"] = f"{place.parent}{os.pathsep}{_PATH}"

    def leave(self) -> None:
        """End everything."""
        for node in NODES:
            if node in self._running:
                self.kill_node(node)
        for name in list(self._running):
            self._end(name, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start_munge(self) -> None:
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(1024))
        key.chmod(0o400)
        places = {"socket": "munge.socket", "log-file": "munge.log", "pid-file": "munge.pid", "seed-file": "munge.seed"}
        files = [f"--{name}={self.folder / place}" for name, place in places.items()]
        self._start("munged", "--force", "--foreground", f"--key-file={key}", *files)
        self.wait_for((self.folder / "munge.socket").exists)

    def _start(self, *argv: str, name: str = "") -> None:
        log = (self.folder / f"{name or argv[0]}.out").open("ab")
        with log:
            self._running[name or argv[0]] = subprocess.Popen(
                argv, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def _end(self, name: str, number: signal.Signals) -> None:
        process = self._running.pop(name, None)
        if process is not None:
            with suppress(ProcessLookupError):
                process.send_signal(number)
            process.wait(_STARTS_WITHIN)

    def wait_for(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds; fail with what the daemons said."""
        until = time.monotonic() + _STARTS_WITHIN
        while not holds():
            assert time.monotonic() < until, self._said()
            time.sleep(0.1)  # poll: another program's start

    def _said(self) -> str:
        return "\n".join(f"{p.name}: {p.read_text('utf-8', 'replace')[-800:]}" for p in self.folder.glob("*.out"))


def _free_ports(number: int) -> list[int]:
    probes = [socket.socket() for _ in range(number)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _below_steps(node: str) -> list[int]:
    """Return the processes that jobs on a node have: the daemons of their steps, and all below these."""
    parents, names = {}, {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError):
            environment = (place / "environ").read_bytes().split(b"\0")
            names[int(place.name)] = f"SLURMD_NODENAME={node}".encode() in environment
            parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
    jobs = {pid for pid, inside in names.items() if inside}
    steps = {parents[pid] for pid in jobs} - {1}
    return [*jobs, *(pid for pid in steps if _is_step(pid))]


def _is_step(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"slurmstepd")
    return False

"""Machines with a real sshd: each in a network, a process and a mount namespace of its own, with a home of its own.

`machines` needs root, `ip` and `unshare`; `near` runs one sshd on a port of this machine, as any user. Tests use them
by a program `ssh` that they put on PATH: the real one, with a configuration of their own.
"""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NET, _INNER_NET = "192.0.2", "198.51.100"
"""Addresses that no machine of the world has."""
_PORT = 2222
_PATIENCE = 400
"""Times a fiftieth of a second until sshd listens."""
_SSH = """\
#!/bin/sh
# The real ssh, with the configuration of a test. With a file `lose` the next command happens, and its answer is lost.
real() {{ {real} "$@"; }}
case " $* " in *" -T "*) if rm {folder}/lose 2>/dev/null; then real "$@" >/dev/null 2>&1; exit 255; fi;; esac
exec {real} "$@"
"""
_BOOT = """\
mount -t tmpfs none /run && mkdir -p /run/sshd /run/lock
rm -rf "$1/tmp" && mkdir -m 1777 "$1/tmp"
case "$1" in /tmp/*) mkdir -p "$1/tmp/${1#/tmp/}" && mount --bind "$1" "$1/tmp/${1#/tmp/}";; esac
mount --rbind "$1/tmp" /tmp
mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/shadow" /etc/shadow
exec "$2" -D -e -f "$1/sshd_config" 2>>"$1/sshd.log"
"""


@dataclass
class Machine:
    """One machine with an sshd."""

    name: str
    folder: Path
    address: str
    port: int = _PORT
    space: str = ""
    """Its network namespace; empty: it is this machine."""
    skew_s: int = 0
    """How far its clock is ahead."""
    banner: str = ""
    process: subprocess.Popen[bytes] | None = None
    setenv: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """The home of the user there."""
        return self.folder / "home"

    def start(self) -> None:
        """Start everything; return when sshd listens."""
        self._write()
        log = self.folder / "sshd.log"
        before = log.stat().st_size if log.exists() else 0
        sshd = _program("sshd")
        if self.space:
            boxed = [
                "unshare",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount",
                "--mount-proc",
                "--propagation",
                "private",
            ]
            inside = ["sh", "-ec", _BOOT, "sh", os.fspath(self.folder), sshd]
            argv = ["ip", "netns", "exec", self.space, *boxed, *inside]
        else:
            argv = [
                "sh",
                "-c",
                'exec "$2" -D -e -f "$1/sshd_config" 2>>"$1/sshd.log"',
                "sh",
                os.fspath(self.folder),
                sshd,
            ]
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, cwd="/", env={"PATH": os.environ["PATH"]})
        for _ in range(_PATIENCE):
            if log.exists() and b"Server listening" in log.read_bytes()[before:]:
                return
            try:
                self.process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
            break
        raise AssertionError(f"sshd of {self.name} does not listen: {log.read_text() if log.exists() else ''}")

    def kill(self) -> None:
        """Lose the machine: everything that runs on it is killed at once. Its files stay."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        while self.space and self.pids():
            try:
                subprocess.run(["ip", "netns", "pids", self.space], check=True, capture_output=True, timeout=5)
            except subprocess.TimeoutExpired:
                continue
        self.process = None

    def restart(self) -> None:
        """Lose the machine, and start it again."""
        self.kill()
        self.start()

    def leave(self) -> None:
        """Stop it."""
        if self.process is not None:
            self.kill()

    def pids(self) -> list[int]:
        """Return all processes on it."""
        done = subprocess.run(["ip", "netns", "pids", self.space], check=True, capture_output=True, text=True)
        return [int(pid) for pid in done.stdout.split()]

    def commanded(self, words: str) -> list[int]:
        """Return its processes whose command line contains the words."""
        found = []
        for pid in self.pids():
            try:
                line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if words in line:
                found.append(pid)
        return found

    def kill_each(self, words: str) -> int:
        """Kill -9 its processes whose command line contains the words; return how many."""
        found = self.commanded(words)
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        return len(found)

    def cut_off(self) -> None:
        """From now on every packet to it and from it is lost."""
        _run("ip", "-n", self.space, "link", "set", "eth0", "down")

    def connect(self) -> None:
        """Packets arrive again."""
        _run("ip", "-n", self.space, "link", "set", "eth0", "up")

    def slow_down(self, rate: str = "256kbit") -> None:
        """Let its network be slow."""
        words = ["tbf", "rate", rate, "burst", "16kbit", "latency", "800ms"]
        _run("tc", "-n", self.space, "qdisc", "replace", "dev", "eth0", "root", *words)

    def shell(self, path: str) -> None:
        """Give the user another login shell."""
        self._write(path)

    def _write(self, shell: str = "") -> None:
        user = pwd.getpwuid(os.geteuid())
        self.home.mkdir(parents=True, exist_ok=True)
        (self.folder / "banner").write_text(self.banner)
        known = self.folder / "passwd"
        shell = shell or (known.read_text().splitlines()[0].rpartition(":")[2] if known.exists() else "/bin/bash")
        others = [f"{p.pw_name}:x:{p.pw_uid}:{p.pw_gid}::{p.pw_dir}:{p.pw_shell}" for p in pwd.getpwall() if p.pw_uid]
        own = f"{user.pw_name}:x:{user.pw_uid}:{user.pw_gid}::{self.home}:{shell}"
        known.write_text("\n".join([own, *others, ""]))
        (self.folder / "shadow").write_text(f"{user.pw_name}:*:19000:0:99999:7:::\n")
        setenv = dict(self.setenv) if self.space else {"HOME": os.fspath(self.home), **self.setenv}
        if self.skew_s:
            setenv |= {"LD_PRELOAD": _wrong_clock(self.folder), "SKEW_S": str(self.skew_s)}
        lines = [
            f"Port {self.port}",
            f"ListenAddress {self.address}",
            f"HostKey {self.folder}/host_key",
            f"AuthorizedKeysFile {self.folder}/key.pub",
            f"PidFile {self.folder}/sshd.pid",
            *([f"Banner {self.folder}/banner"] if self.banner else []),
            *(["SetEnv " + " ".join(f'"{n}={v}"' for n, v in setenv.items())] if setenv else []),
            *["UsePAM no", "StrictModes no", "PermitRootLogin prohibit-password", "PasswordAuthentication no"],
            *["KbdInteractiveAuthentication no", "MaxSessions 50", "MaxStartups 100", "PrintMotd no", "UseDNS no"],
            *["ClientAliveInterval 10", "ClientAliveCountMax 3"],
        ]
        (self.folder / "sshd_config").write_text("\n".join([*lines, ""]))


@dataclass
class Network:
    """All machines, and the side of the person who uses them."""

    folder: Path
    machines: dict[str, Machine]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the person: `ssh` on its PATH finds the machines by their names."""
        return {**os.environ, "PATH": f"{self.folder}/bin:{os.environ['PATH']}"}

    def lose_next_answer(self) -> None:
        """The next command happens, and its answer is lost."""
        (self.folder / "lose").touch()

    def __getitem__(self, name: str) -> Machine:
        return self.machines[name]


@contextmanager
def machines(folder: Path, names: Sequence[str], *, bastion: str = "") -> Iterator[Network]:
    """Machines of these names in a network. `bastion` is a further one, behind which all others are."""
    _want("sshd:openssh-server", "ssh:openssh-client", "ip:iproute2", "unshare:util-linux", "git:git")
    if os.geteuid() != 0:
        pytest.skip("namespaces need root: run the tests as root, in a container")
    mark = f"s{os.getpid() % 100_000}"
    with ExitStack() as end:
        driver = _make_space(end, f"{mark}-driver")
        _bridge(driver, "br0", f"{_NET}.1")
        made = {}
        hub, bridge, net = driver, "br0", _NET
        if bastion:
            made[bastion] = _join(end, folder, f"{mark}-{bastion}", bastion, driver, "br0", f"{_NET}.2")
            _bridge(made[bastion].space, "br1", f"{_INNER_NET}.1")
            hub, bridge, net = made[bastion].space, "br1", _INNER_NET
        for number, name in enumerate(names, 10):
            made[name] = _join(end, folder, f"{mark}-{name}", name, hub, bridge, f"{net}.{number}")
        network = Network(folder, made)
        _prepare(network, f"nsenter --net=/run/netns/{driver} ", bastion)
        for machine in made.values():
            end.callback(machine.leave)
            machine.start()
        yield network


@contextmanager
def near(folder: Path, name: str = "near") -> Iterator[Network]:
    """One machine that is a port of this one."""
    _want("sshd:openssh-server", "ssh:openssh-client", "git:git")
    if os.geteuid() == 0 and not Path("/run/sshd").is_dir():
        Path("/run/sshd").mkdir(mode=0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    network = Network(folder, {name: Machine(name, folder / name, "127.0.0.1", port)})
    _prepare(network, "", "")
    try:
        network[name].start()
        yield network
    finally:
        network[name].leave()


def python_there() -> str:
    """Return a Python that machines have outside of any home."""
    for path in ("/usr/bin/python3", "/usr/local/bin/python3", sys.executable):
        asked = "import sys; sys.exit(sys.version_info < (3, 11))"
        if Path(path).exists() and subprocess.run([path, "-I", "-c", asked], check=False).returncode == 0:
            return path
    pytest.skip("there is no Python 3.11 outside of homes: apt install python3")


def _prepare(network: Network, before: str, bastion: str) -> None:
    """Keys, the files of known hosts, and the configuration of ssh."""
    folder = network.folder
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{folder}/key")
    user = pwd.getpwuid(os.geteuid()).pw_name
    known, config = [], []
    for machine in network.machines.values():
        machine.folder.mkdir(parents=True, exist_ok=True)
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{machine.folder}/host_key")
        shutil.copy(folder / "key.pub", machine.folder)
        kind, key = (machine.folder / "host_key.pub").read_text().split()[:2]
        known.append(f"[{machine.address}]:{machine.port} {kind} {key}")
        config += [f"Host {machine.name}", f"  HostName {machine.address}", f"  Port {machine.port}"]
        config += [f"  ProxyJump {bastion}"] if bastion and machine.name != bastion else []
    everywhere = [f"  User {user}", f"  IdentityFile {folder}/key", "  IdentitiesOnly yes"]
    everywhere += [f"  UserKnownHostsFile {folder}/known_hosts", "  GlobalKnownHostsFile none", "  LogLevel INFO"]
    (folder / "known_hosts").write_text("\n".join([*known, ""]))
    (folder / "config").write_text("\n".join([*config, "Host *", *everywhere, ""]))
    real = f"{before}{_program('ssh')} -F {shlex.quote(str(folder / 'config'))}"
    (folder / "bin" / "ssh").write_text(_SSH.format(real=real, folder=shlex.quote(str(folder))))
    (folder / "bin" / "ssh").chmod(0o755)


def _join(end: ExitStack, folder: Path, space: str, name: str, hub: str, bridge: str, address: str) -> Machine:
    _make_space(end, space)
    port = f"p{address.rpartition('.')[2]}"
    _run("ip", "-n", hub, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", space)
    _run("ip", "-n", hub, "link", "set", port, "master", bridge, "up")
    _run("ip", "-n", space, "addr", "add", f"{address}/24", "dev", "eth0")
    _run("ip", "-n", space, "link", "set", "eth0", "up")
    return Machine(name, folder / name, address, space=space)


def _bridge(space: str, name: str, address: str) -> None:
    _run("ip", "-n", space, "link", "add", name, "type", "bridge")
    _run("ip", "-n", space, "addr", "add", f"{address}/24", "dev", name)
    _run("ip", "-n", space, "link", "set", name, "up")


def _make_space(end: ExitStack, name: str) -> str:
    _run("ip", "netns", "add", name)
    end.callback(_run, "ip", "netns", "del", name)
    _run("ip", "-n", name, "link", "set", "lo", "up")
    return name


def _wrong_clock(folder: Path) -> str:
    """Return a library, made now, that changes the time that programs see."""
    _want("cc:gcc")
    made = folder / "wrong_clock.so"
    if not made.exists():
        _run(
            "cc",
            "-shared",
            "-fPIC",
            "-o",
            os.fspath(made),
            os.fspath(Path(__file__).with_name("wrong_clock.c")),
            "-ldl",
        )
    return os.fspath(made)


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert found is not None
    return found


def _want(*programs: str) -> None:
    for wanted in programs:
        program, _, package = wanted.partition(":")
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
            pytest.skip(f"{program} is not installed: apt install {package}")


def _run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(argv)}: {done.stderr}"

"""Machines of one network: each in a network namespace and with a home of its own, and one that serves a repository.

Needs root and `ip`. The namespaces lie on a bridge that nothing else is connected to.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.clones import make_hub
from tests.kit.people import Answer, Person

if TYPE_CHECKING:
    from collections.abc import Iterator

_NET = "192.0.2"
"""Addresses that no machine of the world has."""
_SERVER = 1


@dataclass
class Host(Person):
    """Somebody at one of the machines."""

    space: str = ""
    home: Path = Path()

    def git(self, *args: str, cwd: Path | None = None, ok: tuple[int, ...] = (0,)) -> str:
        """Run git there."""
        done = self._there(["git", *args], cwd or self.repo)
        assert done.code in ok, f"git {' '.join(args)}: {done.err}"
        return done.out.rstrip("\n")

    def mission(self, *words: str, ok: tuple[int, ...] | None = (0,), stdin: str = "") -> Answer:
        """Run our command line there."""
        assert not stdin
        answer = self._there([sys.executable, "-P", "-m", "mission_cli", *words], self.repo)
        assert ok is None or answer.code in ok, f"{self.space}: mission {' '.join(words)}\n{answer.out}\n{answer.err}"
        return answer

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        """Start our command line there, and go on."""
        return subprocess.Popen(
            self._inside([sys.executable, "-P", "-m", "mission_cli", *words]),
            cwd=self.repo,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def cut_off(self) -> None:
        """Nobody reaches this machine, and it reaches nobody."""
        _run("ip", "-n", self.space, "link", "set", "eth0", "down")

    def connect(self) -> None:
        """It is in the network again."""
        _run("ip", "-n", self.space, "link", "set", "eth0", "up")

    def _inside(self, argv: list[str]) -> list[str]:
        return ["ip", "netns", "exec", self.space, *argv]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "HOME": os.fspath(self.home)}

    def _there(self, argv: list[str], cwd: Path) -> Answer:
        done = subprocess.run(
            self._inside(argv),
            cwd=cwd,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Answer(done.returncode, done.stdout, done.stderr)


@contextmanager
def network(folder: Path, names: list[str], *, worker: str) -> Iterator[list[Host]]:
    """People at machines of these names, each with a clone of the repository that a further machine serves."""
    for program, package in (("ip", "iproute2"), ("git", "git")):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: apt install {package}")
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root: run the tests as root, in a container")
    hub = make_hub(folder)
    mark = f"m{os.getpid() % 100_000}"
    with ExitStack() as end:
        server = _make_space(end, f"{mark}-hub")
        _run("ip", "-n", server, "link", "add", "br0", "type", "bridge")
        _run("ip", "-n", server, "addr", "add", f"{_NET}.{_SERVER}/24", "dev", "br0")
        _run("ip", "-n", server, "link", "set", "br0", "up")
        places = [f"--listen={_NET}.{_SERVER}", f"--base-path={folder}", os.fspath(folder)]
        daemon = subprocess.Popen(
            ["ip", "netns", "exec", server, "git", "daemon", "--export-all", "--enable=receive-pack", *places],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end.callback(_end, daemon)
        people = []
        for number, name in enumerate(names, 1):
            space = _make_space(end, f"{mark}-{name}")
            port = f"{mark}{number}"
            _run("ip", "-n", server, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", space)
            _run("ip", "-n", server, "link", "set", port, "master", "br0", "up")
            _run("ip", "-n", space, "addr", "add", f"{_NET}.{_SERVER + number}/24", "dev", "eth0")
            _run("ip", "-n", space, "link", "set", "lo", "up")
            _run("ip", "-n", space, "link", "set", "eth0", "up")
            someone = _settle(folder / name, space, hub.path.name, worker)
            end.callback(someone.leave)
            people.append(someone)
        yield people


def _make_space(end: ExitStack, name: str) -> str:
    _run("ip", "netns", "add", name)
    end.callback(_run, "ip", "netns", "del", name)
    return name


def _settle(place: Path, space: str, hub: str, worker: str) -> Host:
    """A home and a clone. The daemon may take a moment to listen, so that the clone is tried again."""
    home = place / "home"
    home.mkdir(parents=True)
    shutil.copy(Path.home() / ".gitconfig", home / ".gitconfig")
    someone = Host(place / "repo", space=space, home=home)
    url = f"git://{_NET}.{_SERVER}/{hub}"
    loop = (
        'for n in 1 2 3 4 5 6 7 8 9; do git clone --quiet "$1" "$2" && exit 0; read -t 0.3 n <> /dev/ptmx; done; exit 1'
    )
    subprocess.run(
        ["ip", "netns", "exec", space, "bash", "-c", loop, "bash", url, os.fspath(someone.repo)],
        env={**os.environ, "HOME": os.fspath(home)},
        check=True,
        capture_output=True,
    )
    someone.set('remote = "origin"\nremote_every = "0s"')
    someone.worker(worker, deadline="600s")
    return someone


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


def _run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(argv)}: {done.stderr}"

"""Machines as people have them behind `ssh`: other shells, chatty startup files, jump hosts, unknown keys."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import only_at_night
from tests.kit.sshd import machines, near, python_there

from mission_cli.adapters.executors.hosts.ssh.launcher import SshLauncher
from mission_cli.adapters.executors.remote.launcher import Launch, LaunchState, UnreachableError
from mission_cli.domain.errors import ToolError
from mission_cli.domain.hosts.cleaning import Cleaning
from mission_cli.domain.hosts.host import Host, HostKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.kit.sshd import Network

    from mission_cli.adapters.executors.remote.launcher import Finding

PATIENCE = 60
NOISE = "echo 'Welcome, <PATH> to </PATH> the machine'; printf '\\0\\377 no newline'; echo oops >&2"
SHELLS = ("bash", "dash", "zsh", "fish", "sh")


def launcher(network: Network, folder: Path, name: str = "one", address: str = "") -> SshLauncher:
    """Return a launcher with a folder of its own."""
    host = Host(name, HostKind.SSH, address=address or name, python=python_there())
    return SshLauncher(host, environment=network.environment, folder=folder)


def ran(there: SshLauncher, *argv: str, job: str = "job-1") -> str:
    """Run a command there to its end; return what it printed."""
    there.start(Launch(job, "m/1.1-a1", argv))
    ends = time.monotonic() + PATIENCE
    while there.look([job])[job].state is not LaunchState.ENDED:
        assert time.monotonic() < ends
    return there.output(job, 0)[0].decode()


def found(there: SshLauncher, *runners: str) -> dict[str, Finding]:
    """Return the findings by name."""
    return {finding.name: finding for finding in there.test({name: name for name in runners})}


def git(network: Network, there: SshLauncher, repository: Path) -> str:
    """Push one commit to the exchange, and list it."""
    subprocess.run(["git", "init", "--quiet", repository], check=True)
    words = ["git", "-C", os.fspath(repository)]
    subprocess.run([*words, "commit", "--quiet", "--allow-empty", "--message", "first"], check=True)
    exchange = there.exchange()
    env = {**network.environment, **exchange.env}
    subprocess.run([*words, "push", "--quiet", exchange.url, "HEAD:refs/mission/requests/x"], env=env, check=True)
    listed = subprocess.run([*words, "ls-remote", exchange.url], env=env, check=True, capture_output=True, text=True)
    return listed.stdout.partition("\t")[2].strip()


def first(code: str) -> str:
    """The commit that `git` has pushed."""
    argv = ["git", f"--git-dir={code}", "rev-parse", "refs/mission/requests/x"]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Network]:
    """One machine in namespaces."""
    with machines(tmp_path / "network", ["one"]) as network:
        yield network


def test_a_command_runs_on_a_port_of_this_machine(tmp_path: Path) -> None:
    with near(tmp_path / "network", "one") as network:
        there = launcher(network, tmp_path / "cache")
        assert ran(there, "sh", "-c", "echo $HOME") == f"{network['one'].home}\n"
        there.close()


@only_at_night
def test_nothing_of_a_clone_stays_on_a_machine_that_is_cleaned(tmp_path: Path) -> None:
    with near(tmp_path / "network", "one") as network:
        there = launcher(network, tmp_path / "cache")
        assert ran(there, "true") == ""
        assert git(network, there, tmp_path / "mine") == "refs/mission/requests/x"
        code = there.exchange().there
        subprocess.run(
            ["git", f"--git-dir={code}", "update-ref", "refs/mission/results/me/m/1.1-a1", first(code)], check=True
        )
        assert there.clean(Cleaning(("me",))).unread == ("m/1.1-a1",)
        done = there.clean(Cleaning(("me",), taken=("m/1.1-a1",)))
        assert [(one.what, one.where) for one in done.removed] == [
            ("files of this clone", code.removesuffix("/code.git"))
        ]
        assert not (network["one"].home / ".cache" / "mission").exists()
        assert ran(there, "true") == "", "it is as new"
        there.close()


@only_at_night
@pytest.mark.parametrize("shell", SHELLS)
def test_every_login_shell_may_print_what_it_likes(one: Network, tmp_path: Path, shell: str) -> None:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed: apt install {shell}")
    one["one"].kill()
    one["one"].banner = "BANNER\n"
    one["one"].shell(path)
    home = one["one"].home
    agents = home / ".local" / "bin"
    agents.mkdir(parents=True)
    (agents / "agent").write_text("#!/bin/sh\necho agent 1.2.3\n")
    (agents / "agent").chmod(0o755)
    adds = f"PATH={agents}:$PATH; export PATH; export TOLD=profile\n"
    for name in (".bash_profile", ".profile", ".zprofile"):
        (home / name).write_text(f"{NOISE}\n{adds}")
    for name in (".bashrc", ".zshrc", ".zshenv"):
        (home / name).write_text(f"{NOISE}\n")
    fish = home / ".config" / "fish"
    fish.mkdir(parents=True)
    (fish / "config.fish").write_text(
        f"{NOISE.replace(chr(92) + '377', '')}\nset -gx PATH {agents} $PATH; set -gx TOLD profile\n"
    )
    one["one"].start()
    there = launcher(one, tmp_path / "cache")
    assert ran(there, "sh", "-c", "agent; echo $TOLD") == "agent 1.2.3\nprofile\n"
    assert found(there, "agent")["agent"].words == f"{agents}/agent"
    assert git(one, there, tmp_path / "mine") == "refs/mission/requests/x"
    there.close()


@only_at_night
def test_agents_of_files_for_interactive_shells_are_found(one: Network, tmp_path: Path) -> None:
    tools = one["one"].home / "node" / "bin"
    tools.mkdir(parents=True)
    (tools / "agent").write_text("#!/bin/sh\necho agent of nvm\n")
    (tools / "agent").chmod(0o755)
    (one["one"].home / ".bashrc").write_text(f'case $- in *i*) ;; *) return;; esac\nPATH="{tools}:$PATH"\n')
    (one["one"].home / ".profile").write_text(". ~/.bashrc\n")
    there = launcher(one, tmp_path / "cache")
    assert ran(there, "agent") == "agent of nvm\n"
    assert found(there, "agent")["agent"].ok
    there.close()


@only_at_night
@pytest.mark.parametrize("line", ["exit 3", "exec cat", "read line"])
def test_a_startup_file_that_ends_the_shell_is_named(one: Network, tmp_path: Path, line: str) -> None:
    (one["one"].home / ".bashrc").write_text(f"{line}\n")
    there = launcher(one, tmp_path / "cache")
    with pytest.raises((ToolError, UnreachableError)) as error:
        there.look(["any"])
    if isinstance(error.value, ToolError):
        assert "ended before it ran our command" in error.value.message
    (one["one"].home / ".bashrc").unlink()
    there.close()
    (one["one"].home / ".profile").write_text(f"{line}\n")
    if line != "read line":  # there is nothing to read, and the shell goes on
        with pytest.raises(ToolError, match=r"the login shell there ended before it ran our command$"):
            there.start(Launch("job-1", "m/1.1-a1", ("true",)))
    there.close()


@only_at_night
def test_an_unknown_host_key_is_never_accepted(one: Network, tmp_path: Path) -> None:
    known = one.folder / "known_hosts"
    right = known.read_text()
    config = one.folder / "config"
    config.write_text("Host *\n  StrictHostKeyChecking no\n" + config.read_text())
    known.write_text("")
    there = launcher(one, tmp_path / "cache")
    with pytest.raises(UnreachableError, match="one: the host key is unknown") as error:
        there.look(["any"])
    assert error.value.hint == "run `ssh one` once in a terminal, compare the fingerprint, and accept it"
    assert known.read_text() == ""
    other = (one.folder / "key.pub").read_text().split()[1]
    known.write_text(" ".join([*right.split()[:2], other]) + "\n")
    with pytest.raises(UnreachableError, match="one: the host key has changed") as error:
        there.look(["any"])
    assert f"ssh-keygen -R '{right.split()[0]}'" in error.value.hint
    known.write_text(right)
    assert there.look(["any"])["any"].state is LaunchState.UNKNOWN
    there.close()


@only_at_night
def test_what_keeps_a_machine_away_has_its_own_words(one: Network, tmp_path: Path) -> None:
    def said(there: SshLauncher) -> str:
        with pytest.raises(UnreachableError) as error:
            there.look(["any"])
        assert error.value.hint
        return str(error.value)

    machine = one["one"]
    (machine.folder / "key.pub").rename(machine.folder / "key")
    assert said(launcher(one, tmp_path / "a")).startswith(
        "one: the login was refused (ssh: root@192.0.2.10: Permission denied"
    )
    (machine.folder / "key").rename(machine.folder / "key.pub")
    nowhere = launcher(one, tmp_path / "b", address="nowhere.invalid")
    assert said(nowhere).startswith("one: the name cannot be resolved")
    machine.kill()
    assert said(launcher(one, tmp_path / "c")).startswith("one: no ssh server answers there")
    machine.cut_off()
    assert said(launcher(one, tmp_path / "d")).startswith(("one: no answer in time", "one: there is no route"))
    with pytest.raises(ToolError, match="is not a destination of ssh"):
        launcher(one, tmp_path / "e", address="-oProxyCommand=touch /tmp/x")


@only_at_night
def test_machines_behind_a_jump_host_are_reached(tmp_path: Path) -> None:
    with machines(tmp_path / "network", ["one"], bastion="gate") as network:
        there = launcher(network, tmp_path / "cache")
        assert ran(there, "echo", "inside") == "inside\n"
        assert git(network, there, tmp_path / "mine") == "refs/mission/requests/x"
        network["gate"].kill()
        with pytest.raises(UnreachableError):
            there.look(["job-1"])
        network["gate"].start()
        assert there.look(["job-1"])["job-1"].state is LaunchState.ENDED
        lines = (network.folder / "known_hosts").read_text().splitlines()
        (network.folder / "known_hosts").write_text("\n".join(line for line in lines if "192.0.2.2" not in line) + "\n")
        there.close()
        with pytest.raises(UnreachableError, match="one: the host key could not be verified"):
            there.look(["job-1"])
        there.close()


@only_at_night
def test_one_connection_serves_all_calls_and_git(one: Network, tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 30) / ("path" * 30)
    there = launcher(one, deep)
    assert ran(there, "true") == ""
    assert git(one, there, tmp_path / "mine") == "refs/mission/requests/x"
    log = (one["one"].folder / "sshd.log").read_text()
    assert log.count("Accepted publickey") == 1
    there.close()
    assert [path.name for path in deep.iterdir() if path.is_socket()] == []


@only_at_night
def test_the_socket_of_a_process_that_died_is_removed(one: Network, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    there = launcher(one, folder)
    there.look(["any"])
    gone = subprocess.Popen(["true"])
    gone.wait()
    (folder / f"c{os.getpid()}").rename(folder / f"c{gone.pid}")
    (folder / f"c{gone.pid}.git").write_text("")
    there.look(["any"])
    left = sorted(path.name for path in folder.iterdir() if path.name.startswith("c") and path.name != "clone")
    assert left == [f"c{os.getpid()}"]
    masters = subprocess.run(
        ["pgrep", "-fc", f"{one.folder}/config -M -N"], capture_output=True, text=True, check=False
    )
    assert masters.stdout.strip() == "1"
    there.close()


@only_at_night
def test_a_connection_that_stalls_ends_in_limited_time(one: Network, tmp_path: Path) -> None:
    there = launcher(one, tmp_path / "cache")
    there.look(["any"])
    stopped = [pid for pid in one["one"].commanded("sshd: ") if pid]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(UnreachableError):
        there.look(["any"])
    assert time.monotonic() - began < 100
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    assert there.look(["any"])["any"].state is LaunchState.UNKNOWN
    there.close()


@only_at_night
def test_an_exit_status_of_255_is_that_of_the_command(one: Network, tmp_path: Path) -> None:
    there = launcher(one, tmp_path / "cache")
    assert ran(there, "sh", "-c", "exit 255") == ""
    assert there.look(["job-1"])["job-1"].detail == "exit status 255"
    there.close()


@only_at_night
def test_a_slow_network_and_a_wrong_clock_change_nothing(one: Network, tmp_path: Path) -> None:
    one["one"].kill()
    one["one"].skew_s = -3600
    one["one"].start()
    one["one"].slow_down()
    there = launcher(one, tmp_path / "cache")
    argv = there.prepare(os.urandom(400_000), "0123")
    assert argv[-1].endswith("/mission-0123.pyz")
    hour = int(ran(there, "date", "+%s"))
    assert 3500 < time.time() - hour < 3700
    assert found(there)["clock"].words.endswith(" seconds behind; no decision depends on it")
    there.close()


@only_at_night
def test_the_exchange_has_the_object_format_of_the_repository(one: Network, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--object-format=sha256", tmp_path / "mine"], check=True)
    folder = tmp_path / "mine" / ".git" / "mission" / "hosts" / "one"
    there = launcher(one, folder)
    assert git(one, there, tmp_path / "mine") == "refs/mission/requests/x"
    place = there.exchange().there
    shutil.rmtree(place)
    subprocess.run(["git", "init", "--quiet", "--bare", place], check=True)
    with pytest.raises(ToolError, match="has the object format sha1, this one sha256"):
        there.exchange()
    there.close()


@only_at_night
def test_old_programs_there_are_removed_unless_something_runs_them(one: Network, tmp_path: Path) -> None:
    there = launcher(one, tmp_path / "cache")
    used = there.prepare(b"import time; time.sleep(600)", "a1")
    there.start(Launch("job-1", "m/1.1-a1", used))
    for name in ("a2", "a3"):
        there.prepare(name.encode(), name)
    root = one["one"].home / ".cache" / "mission"
    for path in root.glob("*.pyz"):
        os.utime(path, (0, 0))
    there.prepare(b"a3", "a3")
    assert sorted(path.name for path in root.glob("*.pyz")) == ["mission-a1.pyz", "mission-a3.pyz"]
    (root / "mission-a3.pyz").write_text("damaged")
    there.prepare(b"a3", "a3")
    assert (root / "mission-a3.pyz").read_text() == "a3"
    there.cancel("job-1")
    there.close()


@only_at_night
def test_what_is_missing_there_is_named(one: Network, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="`python9` does not work") as error:
        SshLauncher(
            Host("one", HostKind.SSH, address="one", python="python9"),
            environment=one.environment,
            folder=tmp_path / "a",
        ).prepare(b"", "0")
    assert str(error.value.hint) == "install Python 3.11 or newer there, and name it in hosts.one.python"
    old = one["one"].home / "python-old"
    old.write_text("#!/bin/sh\necho 3 9\n")
    old.chmod(0o755)
    with pytest.raises(ToolError, match=r"is Python 3\.9"):
        SshLauncher(
            Host("one", HostKind.SSH, address="one", python=os.fspath(old)),
            environment=one.environment,
            folder=tmp_path / "b",
        ).prepare(b"", "0")
    there = launcher(one, tmp_path / "c")
    (one["one"].home / ".bash_profile").write_text(f"PATH={one['one'].home}:$PATH\n")
    broken = one["one"].home / "git"
    broken.write_text("#!/bin/sh\necho git version 2.20.1\n")
    broken.chmod(0o755)
    with pytest.raises(ToolError, match=r"git there is 2\.20, which is too old"):
        there.exchange()
    said = found(there, "opencode", "sh")
    assert "logout" not in said
    assert (said["git"].ok, said["opencode"].ok) == (False, False)
    assert said["opencode"].words == "`opencode` is not on the PATH of your login shell there"
    there.close()

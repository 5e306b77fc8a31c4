"""Guards for the machine, and the situations that tests start from."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from tests.kit.clones import Hub, make_hub
from tests.kit.nightly import NIGHTLY
from tests.kit.people import HONEST, Person, make_person

if TYPE_CHECKING:
    from collections.abc import Iterator

# How long an example takes says how busy the machine is; by day the examples are the same each time.
settings.register_profile("mission", deadline=None, derandomize=not NIGHTLY, max_examples=100 if NIGHTLY else 50)
settings.load_profile("mission")

# Views show times in the zone of the machine.
os.environ["TZ"] = "UTC"
time.tzset()

# A shell in which the environment of the tests is active finds no more programs than `make test` does.
if sys.prefix != sys.base_prefix:
    own = os.fspath(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join(one for one in os.environ["PATH"].split(os.pathsep) if one != own)

_LOOPBACK = ("127.", "::1", "localhost")


def _no_outside(event: str, args: tuple[object, ...]) -> None:
    if event == "socket.connect":
        address = args[1]
        host = str(address[0]) if isinstance(address, tuple) and address else ""
        if host and not host.startswith(_LOOPBACK):
            raise RuntimeError(f"a test wants to reach {host}")


sys.addaudithook(_no_outside)


@pytest.fixture(autouse=True)
def _guarded(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No real home, no real git configuration, and an environment that is the same afterwards."""
    home = tmp_path_factory.mktemp("home")
    for name in [n for n in os.environ if n.startswith(("GIT_", "MISSION_", "XDG_"))]:
        if name != "MISSION_NIGHTLY":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", os.fspath(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n"
    )
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:  # a background job of a shell, or nohup, hands that down
            signal.signal(number, usual)
    before = _environment()
    yield
    assert _environment() == before, "the test changed the environment"


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    """Somebody with a repository that has one commit on main."""
    someone = make_person(tmp_path / "repo")
    yield someone
    if NIGHTLY:
        someone.decides_again()
    someone.leave()


def pytest_collection_finish() -> None:
    """Take the thousands of tests and modules out of what each garbage collection looks through."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have counted: deaths, ticks, worlds."""
    counts: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "counts":
                counts.update(value)
    if counts:
        terminalreporter.section("counts")
        for what, times in sorted(counts.items()):
            terminalreporter.line(f"{times:9} {what}")


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """A remote that clones share."""
    return make_hub(tmp_path)


@pytest.fixture
def ada(hub: Hub, tmp_path: Path) -> Iterator[Person]:
    """Somebody with a clone of it."""
    someone = hub.clone(tmp_path / "ada", worker=HONEST)
    yield someone
    someone.leave()


@pytest.fixture
def ben(hub: Hub, tmp_path: Path) -> Iterator[Person]:
    """Somebody else with another."""
    someone = hub.clone(tmp_path / "ben", worker=HONEST)
    yield someone
    someone.leave()

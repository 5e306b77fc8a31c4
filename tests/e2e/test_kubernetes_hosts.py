"""A mission whose workers run as Jobs, over the part of an API server that the launcher uses."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.contract.kubernetes_rig import KubernetesRig
from tests.e2e.test_slurm_hosts import SLOW, plan, until
from tests.kit.nightly import only_at_night

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.people import Person


@pytest.fixture
def rig(person: Person, tmp_path: Path) -> Iterator[KubernetesRig]:
    """A cluster that is the only host of the person."""
    place = tmp_path / "cluster"
    place.mkdir()
    made = KubernetesRig(place)
    own = Path(os.environ["HOME"]) / ".config/mission/config.toml"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(
        f'[hosts.cluster]\nkind = "kubernetes"\nimage = "worker:1"\nexchange = "{place}/exchange.git"\n'
        f'python = "{sys.executable}"\nworkers = 4\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", os.fspath(place / "config"))
        yield made
        person.leave()
    made.leave()


@only_at_night
def test_four_features_are_built_while_a_node_is_lost(person: Person, rig: KubernetesRig) -> None:
    person.worker(SLOW, deadline="120s")
    plan(person, 4)
    words = [sys.executable, "-P", "-m", "mission_cli", "run", "m"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, cwd=person.repo, stdin=quiet, stdout=quiet, stderr=quiet) as driver:
        try:
            until(lambda: len(person.starts()) >= 2)
            rig.kill_node(next(iter(rig.server.running)))
            until(lambda: driver.poll() is not None)
        finally:
            with suppress(ProcessLookupError):
                driver.kill()
    assert str(person.loaded().mission.status) == "completed"
    assert set(person.features().values()) == {"done"}
    assert [run for run, times in Counter(person.starts()).items() if times > 1] == []
    causes = Counter(cause for _, cause in person.causes())
    assert causes["done"] == 4
    assert set(causes) <= {"done", "lost", "host"}, "`host`: it had not begun on the node that was lost"
    assert len(rig.server.maps) == 1

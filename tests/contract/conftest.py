"""Every test here runs over the real thing and over its fake: what holds for one holds for the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.contract.places import FakePlace, Place, RealPlace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["real", "fake"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A repository with one commit on main and no mission."""
    made: Place = RealPlace(tmp_path) if request.param == "real" else FakePlace()
    yield made
    made.leave()

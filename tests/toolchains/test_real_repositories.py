"""A real repository of each toolchain: what its tests say is reported rightly, by day for a few and at night for all.

Every one is judged by the commands that are found in it, through the whole program. No network is used; what this
machine lacks is skipped, and says so.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from tests.kit.nightly import NIGHTLY
from tests.toolchains.repos import BROKEN, FAILING, FLAKY, GOOD, HOME, REPOS, VARIANTS, ZERO

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.people import Person
    from tests.toolchains.repos import Repo

DAY = ("python, unittest",)
"""On every machine."""
PLAN = """\
title: One
budget: {time_hours: 1}
milestones: [{name: Only, features: [{title: one}]}]
"""
CASES = [
    pytest.param(repo, variant, id=f"{repo.name}: {variant}")
    for repo in REPOS
    for variant in VARIANTS
    if NIGHTLY or repo.name in DAY
]


def judged(person: Person, repo: Repo, variant: str, seen: Path) -> dict[str, Any]:
    """The verdict on a variant, with its output."""
    person.commit("Add everything", **repo.files_of(variant, seen))
    person.plan(PLAN)
    found = person.mission("validate", "m", "--report-only", "--json", ok=None).facts["criteria"]
    command = "deno test" if (repo.name, variant) == ("deno", BROKEN) else repo.command  # its file has no task then
    assert [one["text"] for one in found] == [f"run: `{command}`"]
    one: dict[str, Any] = found[0]
    return one


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("repo", "variant"), CASES)
def test_what_tests_say_is_reported_rightly(person: Person, tmp_path: Path, repo: Repo, variant: str) -> None:
    if repo.lacks:
        pytest.skip(f"not on this machine: {repo.lacks}")
    with pytest.MonkeyPatch.context() as environment:
        for name, folder in (("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")):
            environment.setenv(name, os.environ.get(name, str(HOME / folder)))
        environment.setenv("COMPOSER_ALLOW_SUPERUSER", "1")
        found = judged(person, repo, variant, tmp_path / "seen")
    verdict, detail = found["verdict"], found["detail"]
    if variant == GOOD:
        assert verdict == "passed", detail
    elif variant == ZERO:
        assert verdict == "failed", detail
    elif variant == FAILING:
        assert verdict == "failed", detail
        assert "bad" in detail.casefold()
    elif variant == FLAKY:
        assert verdict == "flaky", detail
        named = [line for line in detail.splitlines() if line.startswith("flaky tests: ")]
        assert bool(named) is repo.named, detail
        assert all("bad" in line.casefold() for line in named)
    else:
        assert variant == BROKEN
        assert verdict in {"failed", "could-not-run"}, detail
        assert detail.strip(), "it says why"


def test_every_toolchain_has_a_repository_of_its_own() -> None:
    assert len(REPOS) >= 14
    assert len({repo.command for repo in REPOS}) == len(REPOS)

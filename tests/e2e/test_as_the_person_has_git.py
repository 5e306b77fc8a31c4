"""What lands is made as the person's own git would make it: identity, dates, attributes, line ends, merge drivers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kit.nightly import by_day

if TYPE_CHECKING:
    from tests.kit.people import Person

PLAN = """\
title: Files
budget: {time_hours: 1}
preferences: {land: auto}
milestones:
  - name: Only
    validation: [%s]
    features: [%s]
"""


def finish(person: Person, *files: str) -> None:
    """Run a mission with one feature for each file, all at once, to its end."""
    criteria = ", ".join(f'"file: `{name}`"' for name in files)
    features = ", ".join(f"{{title: {name}}}" for name in files)
    person.plan(PLAN % (criteria, features))
    person.start()
    person.run()
    assert person.loaded().mission.status == "completed"


@pytest.mark.parametrize("how", by_day(["local", "includeIf", "author"], 1))
def test_what_lands_has_the_identity_of_the_repository(person: Person, how: str) -> None:
    home = Path(os.environ["HOME"])
    if how == "includeIf":
        (home / "work.inc").write_text("[user]\n\temail = me@work.example\n")
        with (home / ".gitconfig").open("a") as config:
            config.write(f'[includeIf "gitdir:{person.repo}/"]\n\tpath = {home}/work.inc\n')
    for name in {"local": ["user.email"], "author": ["author.email", "committer.email"]}.get(how, []):
        person.git("config", name, "me@work.example")
    person.git("config", "commit.gpgsign", "true")
    person.git("config", "user.signingkey", "nobody")
    start = person.git("rev-parse", "main")
    person.worker('write("new.txt", "new\\n")\ncommit()\n')
    finish(person, "new.txt")
    landed = person.git("log", "--format=%an <%ae> %cn <%ce>", f"{start}..main").splitlines()
    assert len(landed) == 2
    committer = "<me@work.example> Ada <me@work.example>"
    assert set(landed) == {f"Ada {committer}", f"script (sonnet) {committer}"}, (
        "the agent is reached through the person"
    )


@pytest.mark.parametrize(
    "date", by_day(["@0 +0000", "@1 -1200", "@86400 +0000", "@4102444800 +0000", "@99999999999 +0000"], 1)
)
def test_a_commit_of_any_date_is_finished_work(person: Person, date: str) -> None:
    person.worker(
        f"""\
        os.environ.update(GIT_AUTHOR_DATE={date!r}, GIT_COMMITTER_DATE={date!r}, SOURCE_DATE_EPOCH="0")
        write("new.txt", "new\\n")
        commit()
        """
    )
    finish(person, "new.txt")
    assert "new.txt" in person.git("ls-tree", "--name-only", "main")


@pytest.mark.parametrize("folder", by_day(["", "docs/"], 1))
def test_merges_follow_the_attributes_and_drivers_of_the_repository(person: Person, folder: str) -> None:
    changes, lock = f"{folder}CHANGES.md", f"{folder}app.lock"
    rules = "CHANGES.md merge=union\n*.lock merge=ours\n"
    person.commit("Start", **{changes: "# Changes\n", lock: "0\n", f"{folder}.gitattributes": rules})
    person.git("config", "merge.ours.driver", "true")
    os.mkfifo(person.repo.parent / "meet")
    person.worker(
        f"""\
        with open("{changes}", "a") as log:
            log.write(f"- {{FEATURE}}\\n")
        write("{lock}", FEATURE + "\\n")
        write(f"{{FEATURE}}.txt", "x\\n")
        (OUTSIDE / "meet").open("r" if FEATURE == "1.1" else "w").close()
        commit()
        """
    )
    finish(person, "1.1.txt", "1.2.txt")
    assert sorted(cause for _, cause in person.causes()) == ["done", "done"]
    assert sorted((person.repo / changes).read_text().splitlines()) == ["# Changes", "- 1.1", "- 1.2"]
    assert (person.repo / lock).read_text() in {"1.1\n", "1.2\n"}


@pytest.mark.parametrize("where", by_day([[], ["--local"]], 1), ids=lambda where: "repository" if where else "user")
def test_files_of_git_lfs_are_judged_land_and_are_in_a_clone(person: Person, where: list[str]) -> None:
    if shutil.which("git-lfs") is None:
        pytest.skip("git-lfs is not installed: apt install git-lfs")
    person.git("lfs", "install", "--skip-repo", *where)
    person.commit("Start", **{".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n"})
    person.commit("Asset", **{"old.bin": "old " * 100})
    person.worker("""\
        write("new.bin", "new " * 1000)
        commit()
        write("later.bin", "later " * 1000)
    """)
    person.plan(
        PLAN % ('"run: `grep -q new new.bin && grep -q old old.bin`"', '{title: one, criteria: ["file: `new.bin`"]}')
    )
    person.start()
    person.run()
    assert person.loaded().mission.status == "completed"
    assert (person.repo / "new.bin").read_text() == "new " * 1000
    assert person.git("status", "--porcelain") == ""
    assert "later.bin" not in person.git("ls-tree", "-r", "--name-only", "main")
    (saved,) = person.git("for-each-ref", "--format=%(refname)", "refs/mission/wip/").split()
    assert person.git("diff", "--name-only", "main", saved) == "later.bin"
    assert person.git("show", f"{saved}:later.bin").startswith("version https://git-lfs")
    fresh = person.repo.parent / "fresh"
    person.git("clone", "--quiet", f"file://{person.repo}", str(fresh))
    if where:
        person.git("lfs", "install", "--local", cwd=fresh)
        person.git("lfs", "pull", cwd=fresh)
    assert (fresh / "new.bin").read_text() == "new " * 1000

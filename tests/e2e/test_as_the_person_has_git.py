"""What lands is made as the person's own git would make it: identity, dates, attributes, line ends, merge drivers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

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


@pytest.mark.parametrize("how", ["local", "includeIf", "author"])
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
    assert set(landed) == {"Ada <me@work.example> Ada <me@work.example>"}


@pytest.mark.parametrize("date", ["@0 +0000", "@1 -1200", "@86400 +0000", "@4102444800 +0000", "@99999999999 +0000"])
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

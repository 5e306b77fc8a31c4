"""What a mission runs has to be in git: workers and checks get a clone of the base, and not the person's checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kit.people import HONEST

if TYPE_CHECKING:
    from tests.kit.people import Person

RUNS = """\
title: One
budget: {time_hours: 1}
milestones: [{name: Only, validation: ["run: `COMMAND`"], features: [{title: one, criteria: ["file: `1.1.txt`"]}]}]
"""
NOT_IN_GIT = "is not in git on `main`; workers and checks get a clone"


def refusal(person: Person, command: str) -> str:
    """What `start` says of a milestone with such a criterion; empty where it has nothing against it."""
    person.worker(HONEST)
    person.plan(RUNS.replace("COMMAND", command))
    told = person.mission("start", "m", "--headless", ok=(0, 1, 3))
    return told.err if told.code else ""


def add(path: str, *flags: str) -> str:
    return f"on the branch main: git add {' '.join([*flags, '--'])} {path} && git commit -m 'Add {path}'"


@pytest.mark.parametrize(
    ("command", "path", "flags"),
    [
        ("sh check.sh", "check.sh", ()),
        ("./check.sh --all", "./check.sh", ()),
        ("make deps && sh check.sh", "check.sh", ()),
        ("cd tools && python3 run.py", "tools/run.py", ()),
        ("sh -c 'sh check.sh'", "check.sh", ()),
        ("sh ignored.sh", "ignored.sh", ("-f",)),
    ],
)
def test_a_script_of_a_criterion_that_is_not_in_git_is_refused_with_the_line_that_adds_it(
    person: Person, command: str, path: str, flags: tuple[str, ...]
) -> None:
    person.commit("Ignore", **{".gitignore": "ignored.sh\n"})
    for name in ("check.sh", "ignored.sh", "tools/run.py"):
        person.write(name, "true\n")
    told = refusal(person, command)
    assert (
        told == f"error: `{path}`, used by the criterion `run: `{command}``, {NOT_IN_GIT}\n hint: {add(path, *flags)}\n"
    )
    assert person.git("for-each-ref", "refs/heads/mission") == ""


@pytest.mark.parametrize(
    "command",
    ["sh later.sh", "sh there.sh", "true > out.txt", "make built.js && node built.js", "echo ok", "cd nowhere && sh x.sh", "echo 'unclosed"],
)  # fmt: skip
def test_what_is_in_git_is_made_by_a_feature_or_is_only_written_is_no_obstacle(person: Person, command: str) -> None:
    person.commit("More", **{"there.sh": "true\n", ".gitignore": "built.js\n"})
    for name in ("out.txt", "built.js"):
        person.write(name, "x\n")
    assert refusal(person, command) == ""


def test_the_program_of_a_runner_and_what_the_tree_is_made_ready_with(person: Person) -> None:
    person.plan(RUNS.replace("COMMAND", "true"))
    person.write("worker.sh", "true\n")
    person.tables = ['[runners.script]\nkind = "command"\ncommand = ["sh", "worker.sh"]\n']
    person.save_settings()
    told = person.mission("start", "m", "--headless", ok=(1, 3)).err
    assert told == f"error: `worker.sh`, used by the runner `script`, {NOT_IN_GIT}\n hint: {add('worker.sh')}\n"
    person.git("add", "--", "worker.sh")
    person.git("commit", "-m", "Add worker.sh")
    person.write("prepare.sh", "true\n")
    person.tables.append('[tree]\nsetup = "sh prepare.sh"\n')
    person.save_settings()
    told = person.mission("start", "m", "--headless", ok=(1, 3)).err
    assert told == f"error: `prepare.sh`, used by `setup` of `[tree]`, {NOT_IN_GIT}\n hint: {add('prepare.sh')}\n"
    person.tables[-1] = '[tree]\ncopy = [".env.test"]\n'
    person.save_settings()
    told = person.mission("start", "m", "--headless", ok=(1, 3)).err
    assert (
        told
        == "error: `.env.test`, listed in `copy` of `[tree]`, is not in the checkout\n hint: create it, or remove it from .mission.toml\n"
    )
    person.write(".env.test", "A=1\n")
    person.mission("start", "m", "--headless")


def test_a_file_without_a_base_starts_from_the_branch_that_is_checked_out(person: Person) -> None:
    person.worker(HONEST)
    person.plan(RUNS.replace("COMMAND", "true"))
    text = person.file().read_text().replace('base: "main"\n', "")
    person.write("missions/m/mission.md", text)
    person.git("commit", "--quiet", "-am", "No base", cwd=person.repo / "missions")
    told = person.mission("start", "m", "--headless", "--base", "gone", ok=(1, 3)).err
    assert told == "error: the base branch `gone` does not exist\n hint: create it: git branch gone\n"
    told = person.mission("start", "m", "--headless").err
    assert told.startswith("the file names no base branch: using `main`, which is checked out (--base names another)\n")
    assert person.loaded().mission.base == "main"
    told = person.mission("start", "m", "--headless", "--base", "other", ok=(2,)).err
    assert told == "error: the file says that m starts from `main`\n hint: change `base` in the file: mission edit m\n"

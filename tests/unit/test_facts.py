"""What the program itself knows of a repository, for prompts."""

from __future__ import annotations

from tests.kit.fakes.executor import Outcome
from tests.kit.fakes.host import make_host
from tests.kit.fakes.objects import Commit
from tests.kit.fakes.others import ADA
from tests.kit.forge.state import OURS
from tests.kit.forge.trouble import Fault
from tests.kit.forge.world import memory_world

from mission_cli.engine.phases.facts import facts_of

FILES = {
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    "README.md": "x",
    "src/words/core.py": "x",
    "src/words/cli.py": "x",
    "tests/test_core.py": "x",
    "web/package.json": '{"scripts": {"test": "vitest run"}}',
    "web/app.ts": "x",
    "docs/a\x1b[31m.md": "x",
    **{f"many/{n:03}.sql": "x" for n in range(40)},
    **{f"f{n:03}/x": "x" for n in range(90)},
}


def test_the_facts_name_languages_manifests_and_commands() -> None:
    host = make_host(lambda _: Outcome())
    jobs = host.jobs
    first = jobs.objects.add(Commit(FILES, (), "Add words\n\nand more\n", ADA, jobs.clock.now()))
    facts = facts_of(host.context(), first)
    assert facts.stack == (
        "languages, by the number of files in the top folders: SQL, Python, TypeScript",
        "manifests: pyproject.toml, web/package.json",
        "run: `python3 -m pytest -q`",
        "run: `cd web && npm test`",
    )
    assert facts.structure[:3] == (
        "top folder: README.md, pyproject.toml",
        "docs/: a�[31m.md",
        "f000/: x",
    )
    assert (len(facts.structure), facts.structure[-1]) == (81, "and 16 more folders")
    assert (facts.commits, facts.issues, facts.without_issues) == (("Add words",), (), "")


def test_a_forge_that_cannot_be_asked_is_named_and_open_issues_are_one_line_each() -> None:
    host, world = make_host(lambda _: Outcome()), memory_world()
    host.forge = world
    first = host.jobs.objects.add(Commit(FILES, (), "Add words\n", ADA, host.jobs.clock.now()))
    world.site.open_issue(OURS, "It\nbreaks\x1b[2J", "Text")
    assert facts_of(host.context(), first).issues == ("#1 It breaks�[2J",)
    world.troubles.plan("issues", Fault.REFUSED)
    facts = facts_of(host.context(), first)
    assert (facts.issues, facts.without_issues) == ((), "the scripted forge: connection refused")

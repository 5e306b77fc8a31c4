"""The help of every command, the errors of the command line, and what is made from both."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer
from inline_snapshot import snapshot

from mission_cli.surfaces.cli.app import app
from mission_cli.surfaces.cli.catalog import COMMANDS, TOPICS, Group, examples_of
from mission_cli.surfaces.cli.help import commands_of, described, text_of
from mission_cli.surfaces.cli.usage import hoist

if TYPE_CHECKING:
    from tests.kit.people import Person

DOCS = Path(__file__).resolve().parents[2] / "docs"
TREE: Any = typer.main.get_command(app)
EVERY = commands_of(TREE)
GROUPS = frozenset({"cron", "commands"})


def test_every_command_has_a_group_a_page_and_an_example() -> None:
    assert TREE.commands.keys() == COMMANDS.keys()
    assert [name for name, one in TREE.commands.items() if one.rich_help_panel == Group.OTHER] == []
    assert {entry.topic for entry in COMMANDS.values()} <= TOPICS.keys()
    assert [name for name in EVERY if not examples_of(name)] == ["commands remove"]
    alike = {name for name in TOPICS.keys() & COMMANDS.keys() if COMMANDS[name].topic != name}
    assert not alike - {"commands"}, "a topic of the same name could not be asked for"


def test_examples_are_commands_that_can_be_given() -> None:
    for name, command in EVERY.items():
        known = {option for p in command.params for option in p.opts}
        for line, what in examples_of(name):
            options = re.findall(r"(?<= )--?[a-z][a-z-]*", line.partition(" | ")[0].partition(" < ")[0])
            assert set(options) <= known, line
            assert what[0].islower(), "it stands behind a #"
            assert not what.endswith(".")


def test_each_topic_is_a_page_that_is_shipped() -> None:
    shipped = re.findall(r'^"docs/([\w-]+)\.md" = ', (DOCS.parent / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert sorted(shipped) == sorted(TOPICS)
    assert [name for name in TOPICS if not (DOCS / f"{name}.md").is_file()] == []


@pytest.mark.parametrize("width", [50, 80, 100])
def test_nothing_is_cut_and_lines_fit(width: int) -> None:
    for name, command in {"": TREE, "cron": TREE.commands["cron"], **EVERY}.items():
        found = described(command, name)
        text = text_of(found, width=width)
        assert "..." not in text
        rows = [row for _, rows in (*found.sections, ("", found.common)) for row in rows]
        flat = " ".join(text.split())
        assert [about for _, about in rows if " ".join(about.split()) not in flat] == []
        long = [
            line for line in text.splitlines() if len(line) > width and not line.startswith(("Usage:", "  $ ", "  # "))
        ]
        assert [line for line in long if " " in line.strip()] == []


def test_help_of_a_command(person: Person) -> None:
    assert person.mission("list", "-h").out == snapshot("""\
List all missions.

Usage: mission list [OPTIONS]

Options
  --status STATUS  Only missions with these statuses, separated by commas.
  --all            Those of all repositories in which you have used mission, and
                   those without one.
  --archived       Those in the archive instead of the others.

Options of every command
  --json         Print one JSON object instead of text.
  --repo PATH    The repository; default: the one around the current folder.
  -q, --quiet    Print only the result.
  -v, --verbose  Print more.
  --debug        Show tracebacks.
  -h, --help     Show this help.

Examples
  # the missions of this repository
  $ mission list
  # those in the archive
  $ mission list --archived
  # unfinished missions of all repositories
  $ mission list --all --status active,paused

Learn more
  mission help cli  exit codes, JSON output, plan files, schedule (docs/cli.md)
""")
    for words in (["list", "--help"], ["help", "list"], ["--quiet", "list", "-h"]):
        assert person.mission(*words, ok=(0,)).out == person.mission("list", "-h").out


def test_a_page_about_a_command_of_the_same_name_follows_its_help(person: Person) -> None:
    shown = person.mission("help", "playbooks").out
    assert shown.startswith("Plans with parameters")
    assert shown.endswith((DOCS / "playbooks.md").read_text())


def test_help_of_a_group_of_commands(person: Person) -> None:
    assert person.mission("cron", "-h").out == snapshot("""\
Manage the schedule that starts a pulse every minute.

Usage: mission cron COMMAND [OPTIONS]

Commands
  install  Start `mission pulse --all` every minute; first tests that it works
           in cron's environment.
  remove   Stop starting pulses. Keys and everything else stay.
  status   Show what starts pulses, and whether it works. Exit 1 when it does
           not.

Options of every command
  -h, --help  Show this help.

Examples
  $ mission cron install  # start a pulse every minute
  $ mission cron status   # show what starts pulses
  $ mission cron remove   # stop starting pulses

Learn more
  mission help cli  exit codes, JSON output, plan files, schedule (docs/cli.md)
""")


def test_help_of_the_program_shows_every_command_in_its_group(person: Person) -> None:
    text = person.mission("-h").out
    assert text == person.mission("--help").out == person.mission("help").out
    shown = {g: text.partition(f"\n{g}\n")[2].partition("\n\n")[0] for g in Group if g is not Group.OTHER}
    names = {g: re.findall(r"^  ([a-z-]+)  ", part, re.MULTILINE) for g, part in shown.items()}
    assert names == {g: [n for n, entry in COMMANDS.items() if entry.group == g] for g in shown}


def test_help_prints_pages_of_the_manual(person: Person) -> None:
    for topic in TOPICS.keys() - COMMANDS.keys():
        assert person.mission("help", topic).out == (DOCS / f"{topic}.md").read_text("utf-8") + "\n"
    assert person.mission("help", "cron", "status", "--json").facts["text"].startswith("Show what starts pulses")
    refused = person.mission("help", "setings", ok=(2,))
    assert refused.err == "error: `mission setings` is not a command\n hint: did you mean `settings`?\n"


def test_the_version_in_three_ways(person: Person) -> None:
    said = {person.mission(*words).out for words in (["--version"], ["-V"], ["version"])}
    assert said == {"mission 0.1.0\n"}
    assert person.mission("--json", "version").facts == {"schema": 1, "version": "0.1.0"}


@pytest.mark.parametrize(
    ("words", "moved"),
    [
        ("--json list --all", "list --json --all"),
        ("--repo /x --quiet cron status", "cron status --repo /x --quiet"),
        ("--repo=/x cron --json status", "cron status --repo=/x --json"),
        ("-qv --debug", "-qv --debug"),
        ("list --json", "list --json"),
        ("--version", "--version"),
        ("new goal -- --json", "new goal -- --json"),
        ("--json new -- --verbose", "new --json -- --verbose"),
        ("--repo", "--repo"),
        ("", ""),
    ],
)
def test_common_options_may_stand_before_the_command(words: str, moved: str) -> None:
    assert hoist(words.split(), GROUPS) == moved.split()


def test_each_common_option_is_accepted_on_both_sides(person: Person) -> None:
    for option in ("--json", "--quiet", "-q", "--verbose", "-v", "--debug", f"--repo={person.repo}"):
        one, other = person.mission(option, "schema", "list"), person.mission("schema", "list", option)
        assert (one.out, one.code) == (other.out, other.code)
        assert person.mission(option, "cron", "status", ok=(0, 1)).code == 1


@pytest.mark.parametrize(
    ("line", "error", "hint"),
    [
        ("lgs", "`mission lgs` is not a command", "did you mean `logs`?"),
        ("xyzzy", "`mission xyzzy` is not a command", "mission -h lists them"),
        ("cron instal", "`mission cron instal` is not a command", "did you mean `install`?"),
        ("cron", "`mission cron` needs a command", "use one of install, remove, status"),
        ("list --al", "`mission list` has no option `--al`", "did you mean `--all`?"),
        ("list --xyzzy", "`mission list` has no option `--xyzzy`", "mission list -h lists its options"),
        ("--bogus", "`mission` has no option `--bogus`", "did you mean `--verbose`?"),
        ("answer a", "`N` is missing", "usage: mission answer ID N [TEXT] [OPTIONS]"),
        ("answer a b", "`N` is not a whole number", "write a number, for example 1"),
        ("history --limit x", "`--limit` is `x`, not a whole number", "write a number, for example 1"),
        ("history --limit=x", "`--limit` is `x`, not a whole number", "write a number, for example 1"),
        ("approve m g --choose 0", "`--choose` is `0`, too small", "write a number, at least 1"),
        ("list one", "unexpected argument: one", "usage: mission list [OPTIONS]"),
        ("list --all=3", "`--all` takes no value", "mission -h shows its options"),
        ("new --plan", "`--plan` needs a value", "mission -h shows its options"),
    ],
)
def test_errors_of_usage_have_our_form(person: Person, line: str, error: str, hint: str) -> None:
    answer = person.mission(*line.split(), ok=(2,))
    assert (answer.out, answer.err) == ("", f"error: {error}\n hint: {hint}\n")
    told = person.mission("--json", *line.split(), ok=(2,))
    assert told.facts == {"schema": 1, "error": {"message": error, "hint": hint, "code": 2}}


def test_the_pages_made_from_the_help_are_what_the_commands_say() -> None:
    made = runpy.run_path(str(DOCS / "cli_reference.py"))["files"]()
    assert {name: (DOCS / name).read_text("utf-8") for name in made} == made, "run `make docs`"


def test_the_manual_page_has_no_error() -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed: apt install groff")
    made = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", DOCS / "man/mission.1"], capture_output=True, text=True, check=True
    )
    assert made.stderr == ""
    assert "mission why [ID[/1[.2]]] [OPTIONS]" in re.sub(r"\x1b\[\d+m|.\x08", "", made.stdout)


@pytest.mark.parametrize(
    ("environment", "colored"),
    [
        ({}, False),
        ({"CLICOLOR_FORCE": "1"}, True),
        ({"CLICOLOR_FORCE": "0"}, False),
        ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False),
        ({"CLICOLOR_FORCE": "1", "TERM": "dumb"}, False),
    ],
)
def test_colors_follow_the_environment(
    person: Person, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], *, colored: bool
) -> None:
    person.plan("title: T\nmilestones: [{name: A, features: [{title: a}]}]\n")
    with monkeypatch.context() as around:
        for name in ("NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR"):
            around.delenv(name, raising=False)
        for name, value in environment.items():
            around.setenv(name, value)
        for words in (["status", "m"], ["list", "-h"], ["help", "list"]):
            assert ("\x1b[" in person.mission(*words).out) is colored, words

"""The commands `import`, `export` and `attach`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.errors import DocumentError, NotFoundError, UsageError
from mission_cli.domain.notice import do
from mission_cli.surfaces.cli.commands.create import create_mission, next_step
from mission_cli.surfaces.cli.commands.guided.moving_in import (
    CreateRepo,
    ForgeRepo,
    Private,
    Remote,
    move_in,
    new_repository,
)
from mission_cli.surfaces.cli.shell import Identity, Shell, command
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.problems import Problem
    from mission_cli.interchange.sources import Taken

_WRITTEN = ("polpo", "playbook")
_TOOLS = ("plan", "prd", "polpo", "aidevops")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "import", help="Make a mission from a requirements document, a plan file, or another tool's file.")(
        import_
    )
    command(app, "export", help="Print a mission as another tool's file, or as a playbook.")(export)
    command(app, "attach", help="Move a mission without a repository, with its history, into this one.")(attach)


@dataclass(frozen=True, slots=True)
class _Wishes:
    """The options of the command line for the new mission."""

    identity: str
    base: str
    homeless: bool
    given: Mapping[str, str]
    budget: Mapping[str, str]
    runner: str


def import_(
    shell: Shell,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The file; - reads standard input.")],
    tool: Annotated[str, typer.Option("--from", help="plan, prd, polpo or aidevops; default: detected.")] = "",
    identity: Annotated[str, typer.Option("--id", help="Name of the mission; default: its own, or by its title.")] = "",
    mode: Annotated[str, typer.Option(help="poc or full.")] = "",
    base: Annotated[str, typer.Option(help="Branch that the work starts from and lands on.")] = "",
    runner: Annotated[str, typer.Option(help="Name of a [runners.…] table of the settings.")] = "",
    max_usd: Annotated[str, typer.Option("--max-usd", help="Cap in dollars, or unlimited.")] = "",
    hours: Annotated[str, typer.Option(help="Cap in hours of work, or unlimited.")] = "",
    homeless: Annotated[bool, typer.Option("--homeless", help="Keep it in your data folder.")] = False,
) -> int:
    """Make a mission from another tool's file; report what could not be imported, and the problems that lint finds."""
    from mission_cli.app.results.files import Imported
    from mission_cli.interchange.polpo_playbooks import is_polpo_playbook
    from mission_cli.interchange.sources import LONGEST, sniff
    from mission_cli.wiring.compose import is_in_repository

    homeless = homeless or not is_in_repository(shell.repo)
    text = given_file(file)
    if len(text) > LONGEST:
        raise DocumentError(f"the file has more than {LONGEST} characters", where=file, hint="split it")
    source = tool or sniff(text)
    if source not in _TOOLS:
        raise UsageError(f"the format `{clean(source)}` is not known", hint=f"use one of {', '.join(_TOOLS)}")
    given = {k: v for k, v in {"id": identity, "mode": mode}.items() if v}
    budget = {k: v for k, v in {"money_usd": max_usd, "time_hours": hours}.items() if v}
    wishes = _Wishes(identity, base, homeless, given, budget, runner)
    if source == "polpo" and is_polpo_playbook(text):
        return _import_playbook(shell, text, file, wishes)
    if source == "aidevops":
        _refuse_plan_wishes(wishes, mode)
        mission, path = _adopt(shell, text, file, wishes)
        left: tuple[str, ...] = ()
    else:
        taken = _translate(source, text)
        mission, path = _plan(shell, taken, file, wishes)
        left = taken.left
    problems = _lint(path, mission)
    for line in left:
        shell.note(f"not imported: {line}")
    for problem in problems:
        shell.note(problem.at(path))
    words = f"{mission} is imported: {path}\n{next_step(mission, homeless=homeless)}"
    shell.say(words, Imported(mission, path, source, left, problems))
    return 0


def _import_playbook(shell: Shell, text: str, file: str, wishes: _Wishes) -> int:
    """Write a playbook for one of another tool; return 1 if the new file has errors that a person has to correct."""
    from mission_cli.app.results.files import ImportedPlaybook
    from mission_cli.document.playbooks.export import write_playbook
    from mission_cli.document.playbooks.read import check_playbook
    from mission_cli.interchange.polpo_playbooks import read_polpo_playbook
    from mission_cli.wiring.host import playbook_files

    taken = read_polpo_playbook(text, wishes.identity)
    if taken.document is None:
        raise DocumentError.of(file, taken.problems)
    name, made = str(taken.document["playbook"]), write_playbook(taken.document)
    path = playbook_files(shell.repo).add(name, made, shared=not wishes.homeless)
    read = check_playbook(made)
    for line in taken.left:
        shell.note(f"not imported: {line}")
    for problem in read.problems:
        shell.note(problem.at(path))
    words = f"the playbook {name} is imported: {path}\nnext: {do('playbooks show', name)}"
    shell.say(words, ImportedPlaybook(name, path, "polpo", taken.left, read.problems))
    return 1 if read.errors else 0


def export(
    shell: Shell,
    mission: Identity = "",
    to: Annotated[str, typer.Option("--as", "--to", help="polpo, or playbook.")] = "polpo",
) -> int:
    """Print a mission as another tool's file or as a playbook; report on stderr what is not in it."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.results.files import Exported

    if to not in _WRITTEN:
        raise UsageError(f"the format `{clean(to)}` is not known", hint=f"use one of {', '.join(_WRITTEN)}")
    found = resolve(shell.open().context.state.snapshot(), mission)
    document, text, left = _written(found.loaded, to)
    for line in left:
        shell.note(f"not exported: {line}")
    if shell.as_json:
        shell.facts(Exported(found.mission.id, to, document, left))
    else:
        sys.stdout.write(text)
    return 0


def attach(
    shell: Shell,
    mission: Identity = "",
    base: Annotated[str, typer.Option(help="Branch that the work starts from and lands on.")] = "",
    create_repo: CreateRepo = None,
    remote: Remote = "",
    forge_repo: ForgeRepo = "",
    private: Private = False,
) -> int:
    """Move a mission without a repository, with its commits, into this repository, or into a new one.

    If the command is killed at any point, running it again finishes the move.
    """
    from mission_cli.app.addressing import resolve
    from mission_cli.wiring.compose import open_homeless

    wanted = new_repository(create_repo, remote, forge_repo, private=private)
    home = open_homeless()
    if home is None:
        raise NotFoundError("there is no mission without a repository", hint='mission new --homeless "GOAL" makes one')
    return move_in(shell, resolve(home.snapshot(), mission).stored.id, wanted, base)


def _written(loaded: Loaded, to: str) -> tuple[dict[str, Any], str, tuple[str, ...]]:
    """Return a mission in another format: as a value, as text, and what is not in it."""
    if to == "playbook":
        from mission_cli.document.playbooks.export import playbook_of, write_playbook

        document, left = playbook_of(loaded)
        return document, write_playbook(document), left
    from mission_cli.interchange.to_polpo import write_polpo

    document, left = write_polpo(loaded.mission)
    return document, json.dumps(document, ensure_ascii=False, indent=2) + "\n", left


def _translate(source: str, text: str) -> Taken:
    from mission_cli.interchange.from_polpo import read_polpo
    from mission_cli.interchange.from_prd import read_prd
    from mission_cli.interchange.sources import read_own

    return {"polpo": read_polpo, "plan": read_own}.get(source, read_prd)(text)


def given_file(file: str) -> str:
    """Return the text of a file, or of standard input (`-`). Raises NotFoundError or DocumentError."""
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise NotFoundError(f"{file} cannot be read: {error.strerror}") from error
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DocumentError("the file is not UTF-8", where=f"{file}:{line}", hint="save it as UTF-8") from error


def _plan(shell: Shell, taken: Taken, file: str, wishes: _Wishes) -> tuple[str, str]:
    from mission_cli.document.plans.plan import override

    if taken.plan is None:
        for problem in taken.problems[1:]:
            shell.err.print(clean(problem.at(file)))
        raise DocumentError.of(file, taken.problems)
    plan = override(taken.plan, wishes.given, wishes.budget, wishes.runner)
    return create_mission(shell, plan, base=wishes.base, homeless=wishes.homeless, front=taken.front)


def _adopt(shell: Shell, text: str, file: str, wishes: _Wishes) -> tuple[str, str]:
    from mission_cli.app.commands.create import adopt
    from mission_cli.wiring.compose import is_in_repository, open_homeless
    from mission_cli.wiring.host import git_person

    here = not wishes.homeless and is_in_repository(shell.repo)
    store = shell.open(create=True).state if here else open_homeless(create=True)
    if store is None:
        raise AssertionError("open_homeless(create=True) returned None")
    place = Path(file)
    name = place.resolve().parent.name if place.name == "mission.md" else place.stem.removesuffix("-mission")
    return adopt(text, name, store=store, person=git_person(shell.repo), identity=wishes.identity)


def _refuse_plan_wishes(wishes: _Wishes, mode: str) -> None:
    if mode or wishes.budget or wishes.runner or wishes.base:
        hint = "import it, then: mission edit ID"
        raise UsageError("a mission file is imported unchanged, without these options", hint=hint)


def _lint(path: str, mission: str) -> tuple[Problem, ...]:
    from mission_cli.document.checking.lint import lint
    from mission_cli.document.reading.load import load

    return lint(load(Path(path).read_bytes().decode("utf-8", "surrogateescape"), mission))

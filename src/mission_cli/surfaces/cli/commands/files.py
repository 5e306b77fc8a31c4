"""The commands `lint`, `fmt` and `schema`, which work on mission files."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import counted
from mission_cli.domain.errors import ConflictError, MissionError, NotFoundError, UsageError
from mission_cli.domain.notice import do
from mission_cli.surfaces.cli.given_files import PLAN_SUFFIXES, plan_problems
from mission_cli.surfaces.cli.shell import Shell, command
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.app.results.files import FileProblem
    from mission_cli.document.reading.loaded import Loaded
    from mission_cli.domain.problems import Problem
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Stored

Paths = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PATH…]", help="Mission files, plan files, folders or ids; default: all missions."),
]


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a mission file, from disk or from a commit."""

    path: str
    text: str
    identity: str
    """The id that its path gives it."""
    placed: bool
    """Whether it is in a folder of missions; then its id has to be the name of its own folder."""
    met: tuple[Problem, ...] = ()
    """Errors of the last pulse for this mission, and a warning if the file is not committed."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "lint", help="Report errors and warnings in mission files and plan files, with line and column.")(lint)
    command(app, "fmt", help="Align the tables of mission files; changes nothing but white space.")(fmt)
    words = "Print the JSON schema of the front matter, of .mission.toml, or of what a command prints with --json."
    command(app, "schema", help=words)(schema)


def lint(
    shell: Shell,
    paths: Paths = None,
    mend: Annotated[
        bool, typer.Option("--fix", help="Fix problems that have only one solution, in the file on disk.")
    ] = False,
) -> int:
    """Report what is wrong with mission files and plan files; return 1 if there are errors."""
    from mission_cli.app.results.files import Fixed, Linted

    sources = _on_disk(_sources(shell, paths or [])) if mend else _sources(shell, paths or [])
    corrected: list[tuple[str, Problem]] = []
    found: list[tuple[str, Problem]] = []
    for source in sources:
        is_plan = Path(source.path).suffix in PLAN_SUFFIXES
        text, done = _mended(source) if mend and not is_plan else (source.text, ())
        corrected += [(source.path, note) for note in done]
        problems = plan_problems(shell, text) if is_plan else _problems(shell, source, text)
        found += [(source.path, problem) for problem in (*source.met, *problems)]
    found += [] if paths else _pages(shell)
    errors = sum(p.severity == "error" for _, p in found)
    lines = [f"{path}:{note.line}: fixed: {note.message}" for path, note in corrected]
    lines += [p.at(path) for path, p in found]
    if found:
        lines.append(f"{counted(errors, 'error')}, {counted(len(found) - errors, 'warning')}")
    commit = _how_to_commit(shell, [path for path, _ in corrected])
    words = "\n".join([*(clean(line) for line in lines), *_not_yet(commit)]) or "no errors or warnings"
    fixed = [Fixed(path, note.line, note.message) for path, note in corrected]
    shell.show(words, Linted([_with_path(path, p) for path, p in found], errors, fixed, commit))
    return 1 if errors else 0


def _problems(shell: Shell, source: Source, text: str) -> list[Problem]:
    """Return the problems of a mission file, in the order of its lines."""
    from mission_cli.app.optional import lacking_problems
    from mission_cli.document.checking.lint import lint as check
    from mission_cli.document.reading.load import load
    from mission_cli.document.reading.placed import load_placed

    loaded = (load_placed if source.placed else load)(text, source.identity)
    return sorted(
        [
            *check(loaded),
            *lacking_problems(loaded.mission),
            *_at_forge(shell, loaded),
            *_names(shell, loaded),
            *_targets(shell, loaded),
            *_hosts(shell, loaded),
        ]
    )


def _at_forge(shell: Shell, loaded: Loaded) -> list[Problem]:
    """Return what keeps a mission of this repository from opening the pull requests that its file asks for."""
    from mission_cli.app.pull_requests import NAME, forge_problems

    if not loaded.layout.front.text(*NAME.split(".")):
        return []
    try:
        return [*forge_problems(shell.look().context, loaded)]
    except MissionError:
        return []


def _pages(shell: Shell) -> list[tuple[str, Problem]]:
    """Return the files for readers that the settings ask for, and that are a person's own."""
    from mission_cli.app.queries.diagnosis.pages import page_problems

    try:
        return [*page_problems(shell.look().context)]
    except MissionError:
        return []


def _names(shell: Shell, loaded: Loaded) -> list[Problem]:
    """Return the names in `notify` and on gates that nothing in the settings of this repository acts on."""
    from mission_cli.app.queries.diagnosis.news import name_problems

    if not loaded.mission.notify and not any(gate.notify for gate in loaded.mission.gates):
        return []
    try:
        return [*name_problems(shell.look().context, loaded)]
    except MissionError:
        return []


def _targets(shell: Shell, loaded: Loaded) -> list[Problem]:
    """Return the targets of deployments that the settings of this repository do not have."""
    from mission_cli.app.deploys.lacking import target_problems

    if not loaded.mission.preferences.deploy_targets:
        return []
    try:
        return [*target_problems(shell.look().context, loaded)]
    except MissionError:
        return []


def _hosts(shell: Shell, loaded: Loaded) -> list[Problem]:
    """Return what the file says about hosts that fits none of the person's settings."""
    from mission_cli.app.hosts.problems import host_problems

    if not loaded.mission.preferences.hosts and not any(feature.on for feature in loaded.mission.features()):
        return []
    try:
        return [*host_problems(shell.look().context, loaded)]
    except MissionError:
        return []


def fmt(
    shell: Shell,
    paths: Paths = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 if something would change.")] = False,
) -> int:
    """Align tables in the files on disk."""
    from mission_cli.app.results.files import Formatted
    from mission_cli.document.checking.align import aligned

    moved = []
    for source in _on_disk(_sources(shell, paths or [])):
        new = aligned(source.text)
        if new != source.text:
            moved.append(source.path)
            if not check:
                _write(source, new)
    verb = "would be aligned" if check else "aligned"
    commit = [] if check else _how_to_commit(shell, moved)
    lines = [f"{clean(path)}: {verb}" for path in moved] or ["all tables are aligned"]
    shell.say("\n".join([*lines, *_not_yet(commit)]), Formatted(moved, not check, commit))
    return 1 if check and moved else 0


def schema(
    shell: Shell,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[mission|settings|COMMAND]", help="Which schema; default: mission."),
    ] = None,
    example: Annotated[
        bool, typer.Option("--example", help="Print a .mission.toml with every setting as a comment instead.")
    ] = False,
) -> int:
    """Print a JSON schema; with --json under the key `document`."""
    from mission_cli.app.results.files import SchemaDocument
    from mission_cli.settings.described import example as example_of_settings
    from mission_cli.surfaces.schemas import FILES, SCHEMAS

    name = " ".join(words or ["mission"])
    if example and name == "settings":
        text = example_of_settings()
        shell.show(text.rstrip(), SchemaDocument(name, {"text": text}))
        return 0
    if example:
        raise UsageError(f"there is no example of `{clean(name)}`", hint=do("schema", "settings", "--example"))
    if name not in SCHEMAS:
        hint = f"use {', '.join(FILES)}, or the name of a command"
        raise UsageError(f"there is no schema of `{clean(name)}`", hint=hint)
    found = SCHEMAS[name]()
    if shell.as_json:
        shell.facts(SchemaDocument(name, found))
    else:
        sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    return 0


def _with_path(path: str, problem: Problem) -> FileProblem:
    from mission_cli.app.results.files import FileProblem

    return FileProblem(path, problem.line, problem.column, problem.severity, problem.message, problem.hint)


def _how_to_commit(shell: Shell, written: list[str]) -> list[str]:
    """Return the commands that commit changed files of missions; none for files elsewhere."""
    from mission_cli.app.commands.edit import commit_command

    places = {Path(path).resolve() for path in written}
    if not places:
        return []
    try:
        ctx = shell.open().context
    except MissionError:
        return []
    mine = [edit for edit in ctx.state.edits() if Path(ctx.state.work_path(edit.path)).resolve() in places]
    return [commit_command(ctx, edit.path, edit.kind) for edit in mine]


def _not_yet(commit: list[str]) -> list[str]:
    """Return the lines about changes on disk that do not count yet."""
    return ["these changes do not count until you commit them:", *(f"  {line}" for line in commit)] if commit else []


def _mended(source: Source) -> tuple[str, tuple[Problem, ...]]:
    from mission_cli.document.checking.fix import fix

    fixed = fix(source.text, source.identity)
    if fixed.text != source.text:
        _write(source, fixed.text)
    return fixed.text, fixed.done


def _write(source: Source, text: str) -> None:
    from mission_cli.wiring.host import replace_unless_changed

    path = Path(source.path).resolve()
    old, new = (t.encode("utf-8", "surrogateescape") for t in (source.text, text))
    if not replace_unless_changed(path, old, new, temp_folder=path.parent):
        raise ConflictError(f"{source.path} was changed meanwhile", hint="nothing was written to it; try again")


def _sources(shell: Shell, words: list[str]) -> Iterator[Source]:
    names = []
    for word in words:
        path = Path(word)
        if path.is_dir():
            yield from (_read(file) for file in _below(path))
        elif path.is_file():
            yield _read(path)
        else:
            names.append(word)
    if names or not words:
        yield from _of_missions(shell, names)


def _below(folder: Path) -> list[Path]:
    """Return the mission files in a folder, in its subfolders, and in the mission folders of repositories below it.

    Raises NotFoundError if there is none, so that `lint` does not report success without having checked anything.
    """
    from mission_cli.domain.paths import MISSION_FOLDERS, is_mission_file

    def lies_there(file: Path) -> bool:
        place = (file.parent if file.name != "mission.md" else file.parent.parent).absolute().as_posix()
        below = file.relative_to(folder)
        return file.parent == folder or is_mission_file(below.as_posix()) or f"{place}/".endswith(ends)

    ends = tuple(f"/{name}/" for name in MISSION_FOLDERS)
    files = {*folder.rglob("mission.md"), *folder.rglob("*-mission.md")}
    found = sorted(file for file in files if lies_there(file) and file.is_file())
    if not found:
        hint = "name a folder with ID/mission.md in it, or an id"
        raise NotFoundError(f"there is no mission file in {folder}", hint=hint)
    return found


def _read(path: Path) -> Source:
    try:
        text = path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror}") from error
    name = path.resolve()
    identity = name.parent.name if name.name == "mission.md" else name.stem.removesuffix("-mission")
    placed = name.name == "mission.md" and name.parent.parent.name in {"missions", ".missions"}
    return Source(os.fspath(path), text, identity, placed)


def _of_missions(shell: Shell, names: list[str]) -> Iterator[Source]:
    """Yield the files of the named missions, or of all; a file with an uncommitted edit is read from disk."""
    from mission_cli.app.addressing import resolve
    from mission_cli.app.queries.troubles import problems_of

    ctx = shell.open().context
    snapshot = ctx.state.snapshot()
    stored = [resolve(snapshot, n).stored for n in names] if names else list(snapshot.missions.values())
    edits = {edit.path: edit.kind for edit in ctx.state.edits()}
    for one in stored:
        path, text, met = ctx.state.work_path(one.path), one.text, tuple(problems_of(ctx, one))
        if one.path in edits and Path(path).is_file():
            text, met = _read(Path(path)).text, (*met, _uncommitted(ctx, one, edits[one.path]))
        yield Source(path, text, one.id, placed=True, met=met)


def _uncommitted(ctx: Context, stored: Stored, kind: str) -> Problem:
    """Return the warning that a file on disk does not count yet; its hint is the command that commits it."""
    from mission_cli.app.commands.edit import commit_command
    from mission_cli.document.reading.placed import load_placed
    from mission_cli.domain.problems import Problem, Severity

    errors = counted(len(load_placed(stored.text, stored.id).errors()), "error")
    words = f"this is the file on disk; until you commit it, the committed one counts, which has {errors}"
    return Problem(1, 1, words, commit_command(ctx, stored.path, kind), Severity.WARNING)


def _on_disk(sources: Iterator[Source]) -> Iterator[Source]:
    """Yield those of the files that exist on disk, as they are there: a change to them is an uncommitted edit."""
    for source in sources:
        if Path(source.path).is_file():
            yield Source(source.path, _read(Path(source.path)).text, source.identity, source.placed)

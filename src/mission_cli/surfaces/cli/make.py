"""Commands that make and mend missions: new, init, lint, edit."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mission_cli.domain.errors import BlockedError, DocumentError, NotFoundError, UsageError
from mission_cli.surfaces.cli.shell import Shell, command
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from mission_cli.document.plan import Plan
    from mission_cli.domain.problems import Problem
    from mission_cli.ports.state import StateStore

_SETTINGS = """\
# Settings of mission for this repository; `docs/cli.md` of the project has all of them.
# sandbox = "auto"
# max_parallel_workers = 2
# protect = []

# [tree]
# setup = "npm ci"              # run in each new tree of a worker or check
# copy = [".env.test"]          # files that are not in git and that a tree needs

# [runners.script]
# kind = "command"              # any program: the prompt comes on stdin, MISSION_* stand in the environment
# command = ["sh", "worker.sh"]
# deadline = "3h"
"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "new", help="Make a mission from a plan file and commit it.")(new)
    command(app, "init", help="Set this repository up for missions.")(init)
    command(app, "lint", help="Say what is wrong with mission files, with line and column.")(lint)
    command(app, "merge-driver", help="Let git merge mission files by meaning: `mission merge-driver install`.")(
        merge_driver
    )
    command(app, "edit", help="Edit a copy of the mission file; it is linted, merged and committed under your name.")(
        edit
    )


def new(
    shell: Shell,
    goal: Annotated[str, typer.Argument(help="What shall be reached, in a sentence.")] = "",
    plan: Annotated[Path | None, typer.Option(help="A ready plan, YAML or JSON.")] = None,
    identity: Annotated[str, typer.Option("--id", help="Name of the mission; default: m-DATE-HEX.")] = "",
    mode: Annotated[str, typer.Option(help="poc or full.")] = "",
    kind: Annotated[str, typer.Option("--type", help="development, research, operations or your own.")] = "",
    priority: Annotated[str, typer.Option(help="low, normal, high or urgent.")] = "",
    base: Annotated[str, typer.Option(help="Branch that the work starts from and lands on.")] = "",
    runner: Annotated[str, typer.Option(help="Name of a [runners.…] table of the settings.")] = "",
    max_usd: Annotated[str, typer.Option("--max-usd", help="Cap in dollars, or unlimited.")] = "",
    hours: Annotated[str, typer.Option(help="Cap in hours of work, or unlimited.")] = "",
    max_tokens: Annotated[str, typer.Option("--max-tokens", help="Cap in tokens, or unlimited.")] = "",
    deadline: Annotated[str, typer.Option(help="Date or time.")] = "",
    homeless: Annotated[
        bool, typer.Option("--homeless", help="No repository yet: keep it in your data folder.")
    ] = False,
    start: Annotated[bool, typer.Option("--start", help="Start it at once.")] = False,
    headless: Annotated[bool, typer.Option("--headless", help="Never ask.")] = False,
) -> int:
    """Make a mission from a plan file and commit it."""
    del headless
    if plan is None:
        raise UsageError("a plan file is needed", hint="mission new --plan plan.yaml; its form is in docs/cli.md")
    given = {
        "goal": goal,
        "id": identity,
        "mode": mode,
        "type": kind,
        "priority": priority,
        "deadline": deadline,
    }
    budget = {"money_usd": max_usd, "time_hours": hours, "token_limit": max_tokens}
    read = _read(shell, plan, given, {k: v for k, v in budget.items() if v}, runner)
    mission, path = _create(shell, read, base=base, homeless=homeless)
    next_command = "" if homeless else f"mission start {mission}"
    words = f"{mission} is planned: {path}" + (f"\nnext: {next_command}" if next_command and not start else "")
    if start and not homeless:
        from mission_cli.surfaces.cli.drive import start as start_mission

        shell.note(words)
        return start_mission(shell, mission, yes=True, headless=True)
    shell.say(words, facts={"id": mission, "path": path})
    return 0


def init(shell: Shell) -> int:
    """Set this repository up: the state repository, the merge driver, a settings file to fill in."""
    from mission_cli.wiring import register_merge_driver

    opened = shell.open(create=True)
    state = opened.state.layout
    done = [f"mission files: {state.work_tree}" + (" (in place)" if state.in_place else "")]
    register_merge_driver(opened)
    done.append(f"merge driver: registered in {state.git_dir}")
    tree = opened.checkout.main_tree
    settings = tree / ".mission.toml" if tree else None
    if settings is not None:
        if settings.exists():
            done.append(f"settings: {settings} (left as it is)")
        else:
            settings.write_text(_SETTINGS, encoding="utf-8")
            done.append(f"settings: {settings} (new, all commented out: fill it in and commit it)")
    shell.say("\n".join(done), facts={"state": os.fspath(state.work_tree), "settings": os.fspath(settings or "")})
    return 0


def merge_driver(
    shell: Shell, action: Annotated[str, typer.Argument(metavar="install", help="What to do with it.")]
) -> int:
    """Register the merge driver where the mission files of this repository live."""
    from mission_cli.wiring import register_merge_driver

    if action != "install":
        raise UsageError(f"`{clean(action)}` is nothing to do", hint="mission merge-driver install")
    opened = shell.open()
    changed = register_merge_driver(opened)
    state = opened.state.layout
    words = "\n".join(f"written: {path}" for path in changed) or f"it is registered in {state.git_dir} already"
    shell.say(words, facts={"git_dir": os.fspath(state.git_dir), "changed": [os.fspath(path) for path in changed]})
    return 0


def lint(
    shell: Shell,
    paths: Annotated[
        list[str] | None, typer.Argument(help="Mission files or ids; default: all that are committed.")
    ] = None,
) -> int:
    """Say what is wrong with mission files. Exit 1 when something would not run."""
    from mission_cli.document.lint import lint as check
    from mission_cli.document.load import load

    found: list[tuple[str, Problem]] = []
    for path, text in _texts(shell, paths or []):
        found += [(path, problem) for problem in check(load(text, Path(path).parent.name))]
    errors = sum(p.severity == "error" for _, p in found)
    facts = [
        {
            "path": path,
            "line": p.line,
            "column": p.column,
            "severity": str(p.severity),
            "message": p.message,
            "hint": p.hint,
        }
        for path, p in found
    ]
    lines = [clean(p.at(path)) for path, p in found]
    words = (
        "\n".join([*lines, f"{errors} errors, {len(found) - errors} warnings"])
        if found
        else "nothing to complain about"
    )
    shell.say(words, facts={"problems": facts, "errors": errors})
    return 1 if errors else 0


def edit(shell: Shell, mission: Annotated[str, typer.Argument(help="ID")] = "") -> int:
    """Edit a copy; what is committed meanwhile is merged with it."""
    from mission_cli.adapters.proc.run import interact
    from mission_cli.document.load import load
    from mission_cli.engine.commands import save_edit
    from mission_cli.engine.loop import pulse
    from mission_cli.engine.names import resolve

    opened = shell.open()
    address = resolve(opened.world.state.snapshot(), mission)
    before = address.stored.text
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"{address.mission.id}.md"
        copy.write_bytes(before.encode("utf-8", "surrogateescape"))
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
        code = interact(["/bin/sh", "-c", f'{editor} "$1"', "sh", os.fspath(copy)], cwd=folder, env=dict(os.environ))
        if code:
            raise UsageError(f"the editor ended with {code}, nothing was saved")
        edited = copy.read_bytes().decode("utf-8", "surrogateescape")
        loaded = load(edited, address.stored.id)
        if loaded.errors() or loaded.refused:
            kept = Path(tempfile.mkdtemp()) / copy.name
            kept.write_bytes(copy.read_bytes())
            words = "\n".join(p.at(os.fspath(kept)) for p in loaded.errors())
            raise BlockedError(f"it has errors and was not saved:\n{words}", hint=f"your text is kept in {kept}")
    merged = _merged(opened.world.state, address.stored.id, before, edited)
    done = save_edit(opened.world, address.mission.id, merged)
    pulse(opened.world, [address.mission.id])
    shell.say(done.words, facts={"id": address.mission.id, "commit": done.commit or ""})
    return 0


def _merged(state: StateStore, mission: str, before: str, edited: str) -> str:
    now = next((s.text for s in state.snapshot().missions.values() if s.id == mission), before)
    if now == before:
        return edited
    merged = state.merge(before, now, edited)
    if merged is None:
        kept = Path(tempfile.mkdtemp()) / f"{mission}.md"
        kept.write_bytes(edited.encode("utf-8", "surrogateescape"))
        raise BlockedError("the file was changed at the same place meanwhile", hint=f"your text is kept in {kept}")
    return merged


def _read(shell: Shell, plan: Path, given: dict[str, str], budget: dict[str, str], runner: str) -> Plan:
    from mission_cli.document.plan import override, read_plan

    try:
        text = plan.read_text(encoding="utf-8")
    except OSError as error:
        raise NotFoundError(f"{plan} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DocumentError("it is not UTF-8", where=f"{plan}") from error
    read = read_plan(text)
    for problem in read.problems:
        if problem.severity == "warning" and not shell.as_json:
            shell.note(problem.at(os.fspath(plan)))
    if read.plan is None:
        errors = [p for p in read.problems if p.severity == "error"]
        first = errors[0]
        for problem in errors[1:]:
            shell.err.print(clean(problem.at(os.fspath(plan))))
        raise DocumentError(first.message, where=f"{plan}:{first.line}:{first.column}", hint=first.hint)
    return override(read.plan, {k: v for k, v in given.items() if v}, budget, runner)


def _create(shell: Shell, plan: Plan, *, base: str, homeless: bool) -> tuple[str, str]:
    from mission_cli.adapters.clock import SystemClock
    from mission_cli.adapters.machine import git_person
    from mission_cli.adapters.templates import JinjaTemplates
    from mission_cli.engine.create import create
    from mission_cli.wiring import is_in_repository, open_homeless

    common: dict[str, Any] = {"templates": JinjaTemplates(), "now": SystemClock().now()}
    if homeless or not is_in_repository(shell.repo):
        store = open_homeless(create=True)
        if store is None:
            raise AssertionError("it was made a line ago")
        return create(plan, store=store, person=git_person(shell.repo), base=base or plan.base, **common)
    opened = shell.open(create=True)
    chosen = base or plan.base or opened.default_base()
    if not chosen:
        raise UsageError("no branch is checked out", hint="say which one is the base: --base main")
    place = os.fspath(opened.checkout.name)
    person = opened.world.machine.person()
    return create(plan, store=opened.state, person=person, base=chosen, repo=place, **common)


def _texts(shell: Shell, paths: list[str]) -> list[tuple[str, str]]:
    files = [Path(p) for p in paths if Path(p).is_file()]
    found = [(os.fspath(p), p.read_bytes().decode("utf-8", "surrogateescape")) for p in files]
    names = [p for p in paths if not Path(p).is_file()]
    if names or not paths:
        from mission_cli.engine.names import resolve

        opened = shell.open()
        snapshot = opened.world.state.snapshot()
        stored = [resolve(snapshot, n).stored for n in names] if names else list(snapshot.missions.values())
        found += [(opened.world.state.work_path(s.path), s.text) for s in stored]
    return found

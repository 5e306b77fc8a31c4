"""The commands `new`, `init` and `merge-driver`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mission_cli._support.dataclass import replace
from mission_cli.app.authority import VOUCHING
from mission_cli.app.results import files as results
from mission_cli.domain.errors import DocumentError, MissionError, UsageError
from mission_cli.surfaces.cli.commands.guided.interview import placed, plan_for, probe_of_file, read_goal
from mission_cli.surfaces.cli.commands.guided.moving_in import (
    CreateRepo,
    ForgeRepo,
    Private,
    Remote,
    move_in,
    new_repository,
)
from mission_cli.surfaces.cli.commands.guided.order import Order, refuse_nonsense
from mission_cli.surfaces.cli.commands.guided.outcome import OVER, Approved
from mission_cli.surfaces.cli.commands.guided.without_model import depth_of, interviewed, show_questions, with_plan
from mission_cli.surfaces.cli.commands.playbooks.source import Source, plan_of_playbook, show_draft
from mission_cli.surfaces.cli.given_files import text_of
from mission_cli.surfaces.cli.shell import Shell, command
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.ids import MissionId
    from mission_cli.domain.problems import Problem
    from mission_cli.domain.runs.record import RunRecord

_Created = results.CreatedFromPlan | results.CreatedFromGoal


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "new", help="Make a mission from a goal or a plan file, and commit it.")(new)
    command(app, "init", help="Set this repository up for missions.")(init)
    command(app, "merge-driver", help="Let git merge mission files field by field: `mission merge-driver install`.")(
        merge_driver
    )


def new(
    shell: Shell,
    goal: Annotated[str, typer.Argument(help="What to achieve; - reads it from standard input.")] = "",
    plan: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A plan file, YAML or JSON; - reads standard input.")
    ] = None,
    playbook: Annotated[
        str, typer.Option(metavar="NAME", help="A playbook (mission playbooks list), or the path of one.")
    ] = "",
    values: Annotated[
        list[str] | None, typer.Option("-p", "--param", metavar="NAME=VALUE", help="A value for the playbook.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the mission file of a plan or playbook; write nothing.")
    ] = False,
    identity: Annotated[str, typer.Option("--id", help="Name of the mission; default: from the title.")] = "",
    mode: Annotated[str, typer.Option(help="poc or full.")] = "",
    kind: Annotated[str, typer.Option("--type", help="development, research, operations or your own.")] = "",
    priority: Annotated[str, typer.Option(help="low, normal, high or urgent.")] = "",
    base: Annotated[str, typer.Option(help="Branch that the work starts from and lands on.")] = "",
    runner: Annotated[str, typer.Option(help="Name of a [runners.…] table of the settings.")] = "",
    max_usd: Annotated[str, typer.Option("--max-usd", help="Cap in dollars, or unlimited.")] = "",
    hours: Annotated[str, typer.Option(help="Cap in hours of work, or unlimited.")] = "",
    max_tokens: Annotated[str, typer.Option("--max-tokens", help="Cap in tokens, or unlimited.")] = "",
    deadline: Annotated[
        str, typer.Option(metavar="TIME", help="When it pauses: 2026-12-01T18:00, tomorrow 18:00, +3d.")
    ] = "",
    orchestrator: Annotated[str, typer.Option(help="Tier of the model that writes the plan; default: opus.")] = "",
    homeless: Annotated[
        bool, typer.Option("--homeless", help="Without a repository yet: keep it in your data folder.")
    ] = False,
    create_repo: CreateRepo = None,
    remote: Remote = "",
    forge_repo: ForgeRepo = "",
    private: Private = False,
    phases: Annotated[
        bool,
        typer.Option("--phases", help="Go through the phases of its type: analyze, let people choose, plan, build."),
    ] = False,
    depth: Annotated[
        str, typer.Option(help="How much is asked: quick (2 questions), normal (8) or deep. Default: normal.")
    ] = "",
    answers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Answers to its questions, YAML or JSON; - reads standard input."),
    ] = None,
    questions: Annotated[bool, typer.Option("--questions", help="Print the questions, and make nothing.")] = False,
    start: Annotated[bool, typer.Option("--start", help="Start it immediately.")] = False,
    headless: Annotated[bool, typer.Option("--headless", help="Never ask.")] = False,
    probe: Annotated[
        bool, typer.Option("--probe", help="Check the assumption that the plan names; exit 3 if it does not hold.")
    ] = False,
) -> int:
    """Make a mission from a goal or a plan file and commit it."""
    from mission_cli.app.given import moment
    from mission_cli.wiring.host import now

    named = {
        "goal": read_goal(goal),
        "id": identity,
        "mode": mode,
        "type": kind,
        "priority": priority,
        "deadline": moment("deadline", deadline, now()) if deadline else "",
        "model_routing.orchestrator": orchestrator,
    }
    budget = _without_empty({"money_usd": max_usd, "time_hours": hours, "token_limit": max_tokens})
    source = Source(plan, playbook, tuple(values or ()), dry_run, shell.interactive and not headless)
    source.refuse_nonsense(phases=phases)
    home = new_repository(create_repo, remote, forge_repo, private=private)
    alone = homeless or home is not None
    order = Order(named["goal"], _without_empty(named), budget, runner, base, alone, new_home=home, probe=probe)
    deep = depth_of(depth or ("quick" if headless and not (source or order.goal or phases) else ""))
    ask = source.ask and answers is None and (not source or deep is not None)
    order = replace(order, ask=ask, depth=deep, answers=answers, plan=os.fspath(plan) if plan is not None else "")
    if questions:
        return show_questions(shell, placed(shell, order), order)
    if phases:
        return _with_phases(shell, plan, order, start=start)
    if source:
        return _from_plan(shell, source, order, start=start)
    _refuse_unapproved(order, headless=headless)
    return _from_goal(shell, order, start=start)


def _from_plan(shell: Shell, source: Source, order: Order, *, start: bool) -> int:
    """Make a mission from a plan file or a playbook."""
    from mission_cli.document.plans.plan import override
    from mission_cli.surfaces.new_mission import Place

    order = _placed(shell, order, start=start)
    read, warnings = (
        _read(shell, source.plan, asked=order.interviews)
        if source.plan is not None
        else plan_of_playbook(shell, source)
    )
    if order.interviews:
        found = with_plan(shell, placed(shell, order), order, read)
        if isinstance(found, int):
            return found
        read, order = found
    read = override(read, order.given, order.budget, order.runner)
    if source.dry_run:
        place = Place(shell.repo, base=order.base, homeless=order.homeless, vouched=shell.command in VOUCHING)
        return show_draft(shell, read, place, source.playbook)
    planning = probe_of_file(shell, order, read)
    mission, path = create_mission(shell, read, base=order.base, homeless=order.homeless, planning=planning)
    _forget(order)
    words, result = f"{mission} is planned: {path}", results.CreatedFromPlan(mission, path, warnings)
    return _say_created(shell, mission, words, result, order, start=start)


def _from_goal(shell: Shell, order: Order, *, start: bool) -> int:
    """Have a model write the plan; on a terminal, set the repository up before and offer the next steps afterwards."""
    from mission_cli.surfaces.cli.commands.guided.onward import go_on
    from mission_cli.surfaces.cli.commands.guided.repository import introduce, prepare

    refuse_nonsense(order)
    if order.ask and not order.homeless and prepare(shell):
        introduce(shell)
    order = _placed(shell, order, start=start)
    made = plan_for(shell, order)
    while made == OVER:
        made = plan_for(shell, _over(order))
    if isinstance(made, int):
        return made
    mission, path = _create_planned(shell, made, order)
    words = f"{mission} is planned: {path}\nplanning cost {made.cost}"
    result = results.CreatedFromGoal(mission, path, made.sums)
    if order.ask and not (order.homeless or start):
        shell.say(words, result)
        return go_on(shell, mission)
    return _say_created(shell, mission, words, result, order, start=start)


def _over(order: Order) -> Order:
    """Return an order without what is asked, to start over."""
    given = {key: value for key, value in order.given.items() if key not in {"goal", "mode"}}
    return replace(order, goal="", given=given, budget={})


def _with_phases(shell: Shell, plan: Path | None, order: Order, *, start: bool) -> int:
    """Make a mission that goes through the phases of its type. No model is asked: its workers analyze and plan."""
    from mission_cli.document.plans.phased import phased_plan
    from mission_cli.document.plans.plan import override, with_scope
    from mission_cli.domain.interview.interview import Depth
    from mission_cli.domain.phases.presets import PRESETS
    from mission_cli.surfaces.cli.commands.guided.onward import go_on
    from mission_cli.surfaces.cli.commands.guided.repository import introduce, prepare

    kind = order.given.get("type") or next(iter(PRESETS))
    if plan is not None:
        raise UsageError("--phases makes a plan of its own", hint="in a plan file write the phases under `phases:`")
    if kind not in PRESETS:
        raise UsageError(f"the type `{clean(kind)}` has no phases", hint=f"use --type {', '.join(PRESETS)}")
    order = replace(order, given={"mode": "full", **order.given})
    refuse_nonsense(order)
    if order.ask and not order.homeless and prepare(shell):
        introduce(shell)
    order = _placed(shell, order, start=start)
    found = interviewed(shell, placed(shell, order), order, Depth.QUICK)
    if isinstance(found, int):
        return found
    order = found
    made = override(phased_plan(order.goal, kind), order.given, order.budget, order.runner)
    mission, path = create_mission(shell, with_scope(made, order.scope), base=order.base, homeless=order.homeless)
    _forget(order)
    words = f"{mission} is planned: {path}\nphases: {', '.join(phase.name for phase in made.phases)}"
    result = results.CreatedFromPlan(mission, path, ())
    if order.ask and not (order.homeless or start):
        shell.say(words, result)
        return go_on(shell, mission)
    return _say_created(shell, mission, words, result, order, start=start)


def _forget(order: Order) -> None:
    """Forget the answers of an interview: they are in the mission now."""
    if order.forget is not None:
        order.forget()


def _placed(shell: Shell, order: Order, *, start: bool) -> Order:
    """Decide whether the mission is kept without a repository. Raises UsageError if it then could not start."""
    from mission_cli.wiring.compose import is_in_repository

    homeless = order.homeless or not is_in_repository(shell.repo)
    if start and homeless and order.new_home is None:
        hint = "run it in a repository, without --homeless"
        raise UsageError("a mission without a repository cannot start", hint=hint)
    return replace(order, homeless=homeless)


def _without_empty(given: Mapping[str, str]) -> dict[str, str]:
    """Return the options that were given."""
    return {name: value for name, value in given.items() if value}


def _say_created(shell: Shell, mission: str, words: str, result: _Created, order: Order, *, start: bool) -> int:
    """Report the mission that was just made, or move it into its new repository, or start it: that is reported then."""
    if order.new_home is not None:
        shell.note(words)
        return move_in(shell, mission, order.new_home, start=start)
    if start:
        from mission_cli.surfaces.cli.commands.lifecycle import start as start_mission

        shell.note(words)
        return start_mission(shell.acting("start"), mission, yes=True, headless=True)
    shell.say(f"{words}\n{next_step(mission, homeless=order.homeless)}", result)
    return 0


def next_step(mission: str, *, homeless: bool) -> str:
    """Return what to do with a new mission."""
    if not homeless:
        return f"next: mission start {mission}"
    where = "it belongs to no repository yet, and is kept in your data folder"
    return f"{where}\nnext, in its repository: mission attach {mission}"


def init(
    shell: Shell,
    remote: Annotated[str, typer.Option(help="Share missions with other clones by pushing to this git remote.")] = "",
) -> int:
    """Set up this repository: create the state repository, register the merge driver, write the settings needed."""
    from mission_cli.surfaces.cli.commands.guided.repository import prepare, set_up

    if shell.interactive and not prepare(shell):
        shell.note("nothing was changed")
        return 0
    set_up(shell, remote)
    return 0


def merge_driver(shell: Shell, action: Annotated[str, typer.Argument(metavar="install", help="Registers it.")]) -> int:
    """Register the merge driver in the git repository that stores the mission files."""
    from mission_cli.app.results.machine import DriverRegistered
    from mission_cli.wiring.compose import register_merge_driver

    if action != "install":
        raise UsageError(f"`{clean(action)}` is not an action of merge-driver", hint="mission merge-driver install")
    opened = shell.open()
    changed = register_merge_driver(opened)
    state = opened.state.layout
    words = "\n".join(f"written: {path}" for path in changed) or f"already registered in {state.git_dir}"
    shell.say(words, DriverRegistered(os.fspath(state.git_dir), [os.fspath(path) for path in changed]))
    return 0


def _read(shell: Shell, plan: Path, *, asked: bool) -> tuple[Plan, list[Problem]]:
    """Return the plan in a file, and the warnings. Raises NotFoundError, and DocumentError with all problems.

    `asked`: an interview asks for its caps.
    """
    from mission_cli.document.plans.checks import cap_problems
    from mission_cli.document.plans.plan import read_plan

    read = read_plan(text_of(plan))
    later = {p.message for p in cap_problems(read.plan, None)} if asked and read.plan is not None else set()
    warnings = [p for p in read.problems if p.severity == "warning" and p.message not in later]
    for problem in warnings if not shell.as_json else ():
        shell.note(problem.at(os.fspath(plan)))
    if read.plan is None:
        errors = [p for p in read.problems if p.severity == "error"]
        for problem in errors[1:]:
            shell.err.print(clean(problem.at(os.fspath(plan))))
        raise DocumentError.of(os.fspath(plan), errors)
    return read.plan, warnings


def _refuse_unapproved(order: Order, *, headless: bool) -> None:
    """Raise UsageError if the goal or the approval is missing and there is no terminal to ask for it."""
    if order.ask or (headless and (order.interviews or not order.goal)):
        return
    if not order.goal and order.answers is None:
        hint = 'mission new "GOAL" on a terminal or with --headless, or mission new --plan plan.yaml'
        raise UsageError("a goal or a plan file is needed", hint=hint)
    if not headless:
        hint = "--headless accepts the model's plan without approval"
        raise UsageError("the plan needs your approval, and there is no terminal", hint=hint)


def _create_planned(shell: Shell, made: Approved, order: Order) -> tuple[str, str]:
    """Make the mission of an approved plan; if that fails, print where the plan is kept and what it cost."""

    def make(plan: Plan, records: Callable[[MissionId], Sequence[RunRecord]]) -> tuple[str, str]:
        return create_mission(shell, plan, base=made.base, homeless=order.homeless, planning=records)

    try:
        return made.carry(make)
    except MissionError:
        shell.err.print(f"the plan is kept: {made.kept}; planning cost {made.cost}")
        raise


def create_mission(
    shell: Shell,
    plan: Plan,
    *,
    base: str,
    homeless: bool,
    planning: Callable[[MissionId], Sequence[RunRecord]] = lambda _: (),
    front: Mapping[str, str | int] | None = None,
) -> tuple[str, str]:
    """Make the mission of a plan in the repository, or in the data folder without one; return its id and path.

    `front` are keys of the front matter that a plan does not have.
    """
    from mission_cli.surfaces.new_mission import Place, make_mission

    place = Place(shell.repo, base=base, homeless=homeless, vouched=shell.command in VOUCHING)
    return make_mission(plan, place, planning=planning, front=front)

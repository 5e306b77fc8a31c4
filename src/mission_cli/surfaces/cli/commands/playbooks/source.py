"""Where the plan of a new mission comes from, if no model writes it: a plan file or a playbook."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli.domain.errors import UsageError
from mission_cli.surfaces.cli.commands.playbooks.values import ask_missing, values_given
from mission_cli.surfaces.plain import clean

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.problems import Problem
    from mission_cli.surfaces.cli.shell import Shell
    from mission_cli.surfaces.new_mission import Place


@dataclass(frozen=True, slots=True)
class Source:
    """What the command line names."""

    plan: Path | None
    playbook: str
    values: tuple[str, ...]
    """Of the playbook's parameters, as NAME=VALUE."""
    dry_run: bool
    ask: bool
    """Whether missing values can be asked for."""

    def __bool__(self) -> bool:
        """Whether it names a plan file or a playbook."""
        return self.plan is not None or bool(self.playbook)

    def refuse_nonsense(self, *, phases: bool) -> None:
        """Raise UsageError for options that do not fit together."""
        if self.playbook and self.plan is not None:
            raise UsageError("--plan and --playbook both name a plan", hint="use one of them")
        if self.playbook and phases:
            raise UsageError("--phases makes a plan of its own", hint="in a playbook write the phases under `plan:`")
        if self.values and not self.playbook:
            raise UsageError("-p gives a value to a playbook", hint="name one: --playbook NAME")
        if self.dry_run and not self:
            hint = "a goal is planned by a model; name --plan FILE or --playbook NAME"
            raise UsageError("--dry-run needs a plan", hint=hint)


def plan_of_playbook(shell: Shell, source: Source) -> tuple[Plan, list[Problem]]:
    """Return the plan of the playbook with its values, and its warnings; print them unless --json was given."""
    from mission_cli.app.playbooks.library import choose, make_plan, missing
    from mission_cli.wiring.host import playbook_files

    chosen = choose(playbook_files(shell.repo), source.playbook)
    given = values_given(chosen, source.values)
    lacking = missing(chosen, given)
    if lacking and source.ask:
        given = ask_missing(chosen, given, lacking)
    plan, warnings = make_plan(chosen, given)
    for problem in warnings if not shell.as_json else ():
        shell.note(problem.at(chosen.file.path))
    return plan, warnings


def show_draft(shell: Shell, plan: Plan, place: Place, playbook: str) -> int:
    """Print the mission file that would be made, and on stderr what lint says about it. Writes nothing."""
    from mission_cli.app.playbooks.results import MissionDraft
    from mission_cli.app.results.files import FileProblem
    from mission_cli.document.checking.lint import lint
    from mission_cli.document.reading.load import load
    from mission_cli.surfaces.new_mission import draft_mission

    mission, text = draft_mission(plan, place)
    problems = lint(load(text, mission))
    for problem in problems:
        shell.note(problem.at("mission.md"))
    if shell.as_json:
        found = [FileProblem("mission.md", p.line, p.column, p.severity, p.message, p.hint) for p in problems]
        shell.facts(MissionDraft(mission, playbook, text, found))
    else:
        sys.stdout.write("".join(f"{clean(line)}\n" for line in text.splitlines()))
    shell.note("nothing was written")
    return 0

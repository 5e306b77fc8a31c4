"""Find playbooks, and make plans of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import counted, did_you_mean, one_line
from mission_cli.app.playbooks.results import ListedPlaybook, ListedPlaybooks, ShownParameter, ShownPlaybook
from mission_cli.document.playbooks.read import ReadPlaybook, plan_with, read_playbook
from mission_cli.document.playbooks.values import read_values
from mission_cli.domain.errors import DocumentError, MissionError, NotFoundError, UsageError
from mission_cli.domain.notice import do
from mission_cli.domain.problems import Severity
from mission_cli.ports.playbooks import PlaybookFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mission_cli.document.playbooks.model import Parameter, Playbook
    from mission_cli.document.playbooks.values import Given
    from mission_cli.document.plans.model import Plan
    from mission_cli.domain.problems import Problem
    from mission_cli.ports.playbooks import PlaybookFiles

BY_PATH = "path"
_ENDINGS = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A playbook that was found and read without errors."""

    file: PlaybookFile
    read: ReadPlaybook
    playbook: Playbook


def listed(files: PlaybookFiles) -> ListedPlaybooks:
    """Return all playbooks. Of several with one name, the first takes precedence and says which it hides."""
    found = files.found()
    first = {file.name: file for file in reversed(found)}
    return ListedPlaybooks(
        [
            _listed(files, file, [other.path for other in found if other.name == file.name and other is not file])
            for file in sorted(first.values(), key=lambda file: file.name)
        ]
    )


def _listed(files: PlaybookFiles, file: PlaybookFile, hides: list[str]) -> ListedPlaybook:
    try:
        chosen = _read(files, file)
    except MissionError as error:
        return ListedPlaybook(file.name, "", file.origin, file.path, (), str(error), hides)
    names = [f"{name}{'*' if p.needed else ''}" for name, p in chosen.playbook.parameters.items()]
    description = one_line(chosen.playbook.description, 300)
    return ListedPlaybook(file.name, description, file.origin, file.path, names, "", hides)


def choose(files: PlaybookFiles, name: str) -> Chosen:
    """Return the playbook with a name, or in a file if `name` looks like a path. Raises NotFoundError, DocumentError."""
    if "/" in name or name.endswith(_ENDINGS):
        return _read(files, PlaybookFile(name, BY_PATH, name))
    found = files.found()
    for file in found:
        if file.name == name:
            return _read(files, file)
    near = did_you_mean(name, [file.name for file in found])
    raise NotFoundError(f"there is no playbook `{one_line(name, 60)}`", hint=f"{near} {_LISTS}".strip())


_LISTS = f"{do('playbooks', 'list')} names all"


def _read(files: PlaybookFiles, file: PlaybookFile) -> Chosen:
    read = read_playbook(files.text(file))
    if read.playbook is None:
        raise DocumentError.of(file.path, read.errors)
    if file.origin != BY_PATH and read.playbook.playbook != file.name:
        words = f"the playbook is called `{read.playbook.playbook}`, its file `{file.name}`"
        raise DocumentError(words, where=file.path, hint="give both the same name")
    return Chosen(file, read, read.playbook)


def missing(chosen: Chosen, given: Mapping[str, Given]) -> tuple[str, ...]:
    """Return the required parameters without a value. Raises UsageError if a given value cannot be used."""
    values = read_values(chosen.playbook, given)
    if values.refused:
        first, *others = values.refused
        more = f" ({counted(len(others), 'more problem')}: {', '.join(one.name for one in others)})" if others else ""
        raise UsageError(f"`{one_line(first.name, 60)}`: {first.words}{more}", hint=first.hint)
    return values.missing


def make_plan(chosen: Chosen, given: Mapping[str, Given]) -> tuple[Plan, list[Problem]]:
    """Return the plan of a playbook with values, and its warnings.

    Raises UsageError that names every missing parameter, and DocumentError if the values make no good plan.
    """
    lacking = missing(chosen, given)
    if lacking:
        hint = " ".join(f"-p {name}={_example(chosen.playbook.parameters[name])}" for name in lacking)
        raise UsageError(f"`{chosen.playbook.playbook}` needs {', '.join(lacking)}", hint=f"add {hint}")
    made = plan_with(chosen.read, read_values(chosen.playbook, given).values)
    if made.plan is None:
        raise DocumentError.of(chosen.file.path, [p for p in made.problems if p.severity is Severity.ERROR])
    return made.plan, [p for p in made.problems if p.severity is Severity.WARNING]


def _example(parameter: Parameter) -> str:
    from mission_cli.document.playbooks.values import shown_example

    return shown_example(parameter) or "|".join(parameter.choices) or "VALUE"


def shown(chosen: Chosen) -> ShownPlaybook:
    """Return a playbook with its parameters."""
    about = chosen.playbook
    parameters = [_parameter(name, parameter) for name, parameter in about.parameters.items()]
    return ShownPlaybook(
        about.playbook, about.description, chosen.file.origin, chosen.file.path, parameters, about.plan
    )


def _parameter(name: str, about: Parameter) -> ShownParameter:
    return ShownParameter(
        name,
        about.type,
        about.description,
        about.needed,
        about.default,
        about.choices,
        about.pattern,
        about.minimum,
        about.maximum,
        about.example,
    )

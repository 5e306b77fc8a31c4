"""Find playbooks, and make plans of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import command_line, counted, did_you_mean, one_line
from mission_cli.app.playbooks.results import (
    CheckedPlaybooks,
    ListedPlaybook,
    ListedPlaybooks,
    ShownParameter,
    ShownPlaybook,
)
from mission_cli.app.results.files import FileProblem
from mission_cli.document.playbooks.model import NAME
from mission_cli.document.playbooks.read import ReadPlaybook, check_playbook, plan_with, read_playbook
from mission_cli.document.playbooks.values import read_values
from mission_cli.domain.errors import DocumentError, MissionError, NotFoundError, UsageError
from mission_cli.domain.notice import do
from mission_cli.domain.problems import Problem, Severity
from mission_cli.ports.templates import PlaybookFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mission_cli.document.plans.model import Plan
    from mission_cli.document.playbooks.model import Parameter, Playbook
    from mission_cli.document.playbooks.values import Given
    from mission_cli.ports.templates import PlaybookFiles

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
    """Return the playbook with a name, or of a file. Raises NotFoundError, DocumentError."""
    return _read(files, file_named(files, name))


def file_named(files: PlaybookFiles, name: str) -> PlaybookFile:
    """Return the file of a playbook by its name, or by its path if `name` looks like one. Raises NotFoundError."""
    if "/" in name or name.endswith(_ENDINGS):
        return PlaybookFile(name, BY_PATH, name)
    found = files.found()
    for file in found:
        if file.name == name:
            return file
    near = did_you_mean(name, [file.name for file in found])
    hint = f"{near} {do('playbooks list')} names all".strip()
    raise NotFoundError(f"there is no playbook `{one_line(name, 60)}`", hint=hint)


def checked(files: PlaybookFiles, named: Sequence[PlaybookFile]) -> CheckedPlaybooks:
    """Return what is wrong with playbook files: their form, and the plans that they make with sample values."""
    problems: list[FileProblem] = []
    for file in named:
        read = check_playbook(files.text(file))
        found = [*read.problems, *(_misnamed(file, read.playbook) if read.playbook else ())]
        problems += [FileProblem(file.path, p.line, p.column, p.severity, p.message, p.hint) for p in found]
    errors = sum(p.severity is Severity.ERROR for p in problems)
    return CheckedPlaybooks([file.path for file in named], problems, errors)


def _misnamed(file: PlaybookFile, playbook: Playbook) -> list[Problem]:
    """Return the error of a file that has another name than its playbook, so that it cannot be found by either."""
    if file.origin == BY_PATH or playbook.playbook == file.name:
        return []
    words = f"the playbook is called `{playbook.playbook}`, its file `{file.name}`"
    return [Problem(1, 1, words, "give both the same name")]


def _read(files: PlaybookFiles, file: PlaybookFile) -> Chosen:
    read = read_playbook(files.text(file))
    if read.playbook is None:
        raise DocumentError.of(file.path, read.errors)
    if wrong := _misnamed(file, read.playbook):
        raise DocumentError.of(file.path, wrong)
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
        known = chosen.playbook.parameters
        hint = command_line(*(word for name in lacking for word in ("-p", f"{name}={_example(known[name])}")))
        raise UsageError(f"`{chosen.playbook.playbook}` needs {', '.join(lacking)}", hint=f"add {hint}")
    made = plan_with(chosen.read, read_values(chosen.playbook, given).values)
    if made.plan is None:
        raise DocumentError.of(chosen.file.path, [p for p in made.problems if p.severity is Severity.ERROR])
    return made.plan, [p for p in made.problems if p.severity is Severity.WARNING]


def plan_by_name(files: PlaybookFiles, name: str, values: Mapping[str, object]) -> tuple[Plan, list[Problem]]:
    """Return the plan of a playbook for someone who may name one, but not a file of this machine; and its warnings."""
    return make_plan(choose_known(files, name), {key: _given(key, value) for key, value in values.items()})


def choose_known(files: PlaybookFiles, name: str) -> Chosen:
    """Return the playbook with a name; a path is not one. Raises NotFoundError, DocumentError."""
    if not NAME.fullmatch(name):
        raise NotFoundError(f"there is no playbook `{one_line(name, 60)}`", hint=f"{do('playbooks list')} names all")
    return choose(files, name)


def _given(name: str, value: object) -> Given:
    """Return a value that came as JSON. Raises UsageError for what is neither a text, a number, a flag nor a list."""
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return [str(entry) for entry in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise UsageError(f"`{one_line(name, 60)}` has no value that can be used", hint="give a text, or a list of texts")


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

"""Read a mission file in its folder: its id must be the name of the folder."""

from __future__ import annotations

import shlex

from mission_cli._support.dataclass import replace
from mission_cli.document.reading.load import load
from mission_cli.document.reading.loaded import Loaded
from mission_cli.document.reading.metadata import state_field
from mission_cli.document.syntax.scan import scan
from mission_cli.domain.ids import MissionId
from mission_cli.domain.mission import Mission
from mission_cli.domain.problems import Problem


def load_placed(text: str, folder: str) -> Loaded:
    """Read the file of the mission folder `folder`. Never raises: a bug becomes a problem of this file only.

    The mission has the name of its folder. A file with a different id is refused, because otherwise a copied folder
    would use the branches and attempts of the original.
    """
    try:
        loaded = load(text, folder)
    except Exception as error:  # noqa: BLE001 - a bug stops only this mission, and is shown with its place
        return _failed(folder, error)
    said = loaded.mission.id
    if said == folder:
        return loaded
    value, field = loaded.layout.front.value("id"), state_field(loaded.layout, ("id",))
    line, column = (value.line, value.column) if value else (field.line.number if field else 1, 1)
    rename = f"rename the folder to {shlex.quote(said)}"
    problem = Problem(
        line,
        column,
        f"the id is `{said}`, but the folder is called `{folder}`",
        f'{rename}; to make a copy a separate mission, write `id: "{folder}"` and remove its runs/',
    )
    problems = tuple(sorted((*loaded.problems, problem)))
    return Loaded(replace(loaded.mission, id=MissionId(folder)), problems, loaded.layout, refused=True)


def _failed(folder: str, error: Exception) -> Loaded:
    """Return a refused mission whose file cannot be read because of a bug."""
    words = f"the file cannot be read: {where_it_failed(error)}"
    problem = Problem(1, 1, words, "this is a bug in mission: please report it with the file")
    return Loaded(Mission(id=MissionId(folder), title=folder, status=None), (problem,), scan(""), refused=True)


def where_it_failed(error: Exception) -> str:
    """Return type, message and place of an exception, in one line."""
    import traceback

    places = traceback.extract_tb(error.__traceback__)
    where = f" ({places[-1].filename.rpartition('/')[2]}:{places[-1].lineno})" if places else ""
    return f"{type(error).__name__}: {str(error)[:200]}{where}"

"""Jinja templates of the package, whose values are escaped for their places, and playbooks in folders."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mission_cli._support.lazy_re import pattern
from mission_cli._support.text import one_line
from mission_cli.adapters.fs.atomic import create_whole
from mission_cli.document.criteria.item import asked_criterion, item_text
from mission_cli.document.syntax import escape
from mission_cli.document.syntax.front_edit import quoted
from mission_cli.domain.errors import ConflictError, DocumentError, NotFoundError
from mission_cli.ports.templates import PlaybookFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jinja2 import Environment

ENDINGS = (".yaml", ".yml", ".json")
_MOST_BYTES = 2 << 20
_IS_ONE = pattern(r"^[ \t{]*[\"']?playbook[\"']?[ \t]*:", 0)


def template_folder() -> Path:
    """Return the folder of templates: in the installed package, otherwise at the root of the source tree."""
    return _shipped("templates")


def manual_page(topic: str) -> str:
    """Return the text of `docs/TOPIC.md`. Raises NotFoundError if it was not installed."""
    try:
        return (_shipped("docs") / f"{topic}.md").read_text(encoding="utf-8")
    except OSError as error:
        raise NotFoundError(
            f"the page `{topic}` cannot be read: {error.strerror}", hint="install mission again"
        ) from error


def _shipped(name: str) -> Path:
    """Return a folder that is shipped with the program, in the installed package or in the source tree."""
    package = Path(__file__).resolve().parent.parent
    installed = package / name
    return installed if installed.is_dir() else package.parent.parent / name


class JinjaTemplates:
    """Renders templates by name (`mission.md.j2`, `prompts/full-loop.md.j2`)."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or template_folder()

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Return the rendered text. A value that the template uses but did not get is a bug and raises."""
        return _environment(self._folder).get_template(name).render(values)


@cache
def _environment(folder: Path) -> Environment:
    """Return the templates of a folder; each is compiled once."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(os.fspath(folder)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=_is_page,  # noqa: S701 - on for HTML; in Markdown each value passes one of the filters below
    )
    environment.filters.update(
        yaml=lambda value: quoted(str(value)),
        yaml_list=_yaml_list,
        cell=lambda value: escape.cell(str(value)),
        heading=lambda value: escape.heading(str(value)),
        prose=lambda value: escape.prose(str(value)),
        one_line=lambda value: escape.line(str(value)),
        criterion=lambda value: item_text(asked_criterion(str(value))) or escape.line(str(value)),
        plain=lambda value: one_line(str(value)),
        fenced=lambda value: escape.fenced(str(value)),
        md=lambda value: escape.shown(str(value)),
        quiet=lambda value: escape.quiet(str(value)),
        quiet_prose=lambda value: escape.quiet_prose(str(value)),
    )
    return environment


def _is_page(name: str | None) -> bool:
    return name is not None and name.endswith((".html.j2", ".svg.j2"))


def _yaml_list(values: Iterable[object]) -> str:
    return "[" + ", ".join(quoted(str(v)) for v in values) + "]"


class PlaybookFolders:
    """Playbook files, by the folders of their origins, the preferred one first."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = folders

    def found(self) -> list[PlaybookFile]:
        """Return all files. What has no key `playbook`, such as a playbook of another tool, is left out."""
        return [
            PlaybookFile(path.stem, origin, os.fspath(path))
            for origin, folder in self._folders.items()
            for path in _files(folder)
            if _is_playbook(path)
        ]

    def text(self, file: PlaybookFile) -> str:
        """Return the text of a file."""
        return text_of(file.path)

    def add(self, name: str, text: str, *, shared: bool) -> str:
        """Write a new file to the folder of the repository (`shared`) or of the person; return its path."""
        folder = self._folders["repository" if shared else "person"]
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.yaml"
        if not create_whole(path, text.encode()):
            raise ConflictError(f"{path} exists already", hint="remove it, or choose another name with --id")
        return os.fspath(path)


def text_of(path: str) -> str:
    """Return the text of a file. Raises NotFoundError and DocumentError."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > _MOST_BYTES:
        raise DocumentError(f"the file has more than {_MOST_BYTES} bytes", where=path)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DocumentError("the file is not UTF-8", where=f"{path}:{line}", hint="save it as UTF-8") from error


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix in ENDINGS and path.is_file())
    except OSError:
        return []


def _is_playbook(path: Path) -> bool:
    """Whether a file has the key of a playbook at its top; one that cannot be read is shown with its problem."""
    try:
        text = text_of(os.fspath(path))
    except (NotFoundError, DocumentError):
        return True
    return any(_IS_ONE.match(line) for line in text.splitlines() if not line[:1].isspace() or path.suffix == ".json")

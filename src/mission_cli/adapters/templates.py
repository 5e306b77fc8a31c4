"""Jinja templates of the package: mission files, prompts, reports. Each value is escaped for its place."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mission_cli._support.text import one_line
from mission_cli.document.criteria.item import asked_criterion, item_text
from mission_cli.document.syntax import escape
from mission_cli.document.syntax.front_edit import quoted
from mission_cli.domain.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jinja2 import Environment


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

"""Read settings from files and environment: strictly, or for commands that must work with any settings."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from mission_cli._support.dataclass import dataclass
from mission_cli._support.text import did_you_mean
from mission_cli.adapters.agents import AGENTS
from mission_cli.adapters.executors.sandbox import settings_trust
from mission_cli.adapters.fs.atomic import write_whole
from mission_cli.adapters.git.repo.command import Git
from mission_cli.adapters.git.repo.objects import Objects
from mission_cli.domain.errors import MissionError, ToolError, UsageError
from mission_cli.domain.paths import SETTINGS_FILE
from mission_cli.settings import ENVIRONMENT_PREFIX, Settings, check, from_environment, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mission_cli.adapters.git.repo.checkout import Checkout

UNBOXED = "unboxed"
"""Folder in the runtime folder that records jobs without a sandbox."""
_KEPT = "settings"
"""Folder in the runtime folder with the last valid text of each settings file."""


@dataclass(frozen=True, slots=True)
class Found:
    """The settings in force, the files that they come from (or would come from), and errors."""

    settings: Settings
    files: tuple[str, ...]
    problems: tuple[MissionError, ...] = ()


@dataclass(frozen=True, slots=True)
class _Source:
    place: Path
    kept: str
    """Name of the copy of the last valid text."""
    text: Callable[[], str | None]


def read_settings(checkout: Checkout | None, own: Path, environment: Mapping[str, str]) -> Found:
    """Read the user's file `own`, the repository's file and the environment, in this order. Raises MissionError.

    Valid texts are kept in the runtime folder, for `settings_at_any_rate`.
    """
    settings, sources = Settings(), _sources(checkout, own)
    texts = [source.text() for source in sources]
    for source, text in zip(sources, texts, strict=True):
        settings = parse(text, os.fspath(source.place), settings) if text is not None else settings
    settings = from_environment(environment, settings)
    _check(settings)
    for source, text in zip(sources, texts, strict=True):
        if checkout is not None and text is not None:
            _keep(checkout.runtime, source, text)
    return Found(settings, _names(sources))


def settings_at_any_rate(checkout: Checkout | None, own: Path, environment: Mapping[str, str]) -> Found:
    """Read the same; an invalid file is replaced by its last valid text, a variable by the default. Never raises."""
    settings, sources = Settings(), _sources(checkout, own)
    problems: list[MissionError] = []
    for source in sources:
        try:
            settings = _with_text(source, source.text(), settings)
        except MissionError as error:
            problems.append(error)
            with suppress(MissionError):
                settings = _with_text(source, _last_good(checkout, source), settings)
    for name in environment:
        if name.startswith(ENVIRONMENT_PREFIX):
            try:
                wanted = from_environment({name: environment[name]}, settings)
                _check(wanted)
                settings = wanted
            except MissionError as error:
                problems.append(error)
    return Found(settings, _names(sources), tuple(problems))


def settings_in_force(checkout: Checkout) -> str | None:
    """Return the text of `.mission.toml`; if a job without a sandbox may have changed it, its committed text.

    None if there is none. A file that is not in git counts as it was before the first such job.
    """
    if checkout.main_tree is None:
        return None
    place = checkout.main_tree / SETTINGS_FILE
    folder = checkout.runtime / UNBOXED
    if not settings_trust.suspects(folder):
        return text_of(place)
    objects = Objects(Git(checkout.common_dir), checkout.runtime)
    head = objects.commit_of("HEAD")
    entry = objects.entry(head, SETTINGS_FILE) if head else None
    committed = objects.blobs([entry[1]]) if entry else {}
    if entry and committed:
        return committed[entry[1]].decode("utf-8", "replace")
    kept = text_of(settings_trust.kept_settings(folder))
    # If there is no kept copy and no such job any more, a person has confirmed the settings meanwhile.
    return text_of(place) if kept is None and not settings_trust.suspects(folder) else kept


def settings_edited(checkout: Checkout) -> bool:
    """Return whether `.mission.toml` differs from the settings in force; False if it cannot be read."""
    if checkout.main_tree is None:
        return False
    try:
        return settings_in_force(checkout) != text_of(checkout.main_tree / SETTINGS_FILE)
    except ToolError:
        return False


def text_of(place: Path) -> str | None:
    """Return the text of a settings file, or None if there is none. Raises ToolError if it cannot be read."""
    try:
        return place.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ToolError(f"cannot read {place}: {error}") from error


def _sources(checkout: Checkout | None, own: Path) -> list[_Source]:
    sources = [_Source(own, "user.toml", lambda: text_of(own))]
    if checkout is not None and checkout.main_tree is not None:
        place = checkout.main_tree / SETTINGS_FILE
        sources.append(_Source(place, "repository.toml", lambda: settings_in_force(checkout)))
    return sources


def _names(sources: list[_Source]) -> tuple[str, ...]:
    return tuple(os.fspath(source.place) for source in sources)


def _with_text(source: _Source, text: str | None, base: Settings) -> Settings:
    settings = parse(text, os.fspath(source.place), base) if text is not None else base
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    """Raise UsageError for values that are out of range, and for kinds of runners that do not exist."""
    check(settings)
    for name, runner in settings.runners.items():
        if runner.kind and runner.kind not in AGENTS:
            hint = did_you_mean(runner.kind, AGENTS, f"use one of {', '.join(AGENTS)}")
            raise UsageError(f"the setting `runners.{name}.kind` is {runner.kind!r}", hint=hint)


def _keep(runtime: Path, source: _Source, text: str) -> None:
    """Keep a valid text, readable only by its owner because it may contain keys. Write errors are ignored."""
    place, content = runtime / _KEPT / source.kept, text.encode()
    with suppress(OSError):
        if runtime.is_dir() and not (place.exists() and place.read_bytes() == content):
            place.parent.mkdir(exist_ok=True)
            write_whole(place, content, mode=0o600, durable=False)


def _last_good(checkout: Checkout | None, source: _Source) -> str | None:
    return text_of(checkout.runtime / _KEPT / source.kept) if checkout is not None else None

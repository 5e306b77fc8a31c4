"""Change the person's own settings file: a table is added or removed, everything else stays as it is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mission_cli.adapters.fs.atomic import make_folder, write_whole
from mission_cli.adapters.settings_files import text_of
from mission_cli.adapters.user import own_settings
from mission_cli.domain.errors import ToolError, UsageError
from mission_cli.domain.notice import do
from mission_cli.settings import check, parse
from mission_cli.settings.hosts import check_hosts, with_host, without_host

if TYPE_CHECKING:
    from pathlib import Path

    from mission_cli.settings.hosts import HostSettings


def add_host(name: str, told: HostSettings) -> str:
    """Add a table for a host; return the file. Raises UsageError if there is one already, or a value is wrong."""
    check_hosts({name: told})
    place = own_settings()
    text = text_of(place) or ""
    if name in parse(text, os.fspath(place)).hosts:
        hint = f"edit {place}, or remove it first: {do('hosts', 'remove', name)}"
        raise UsageError(f"there is a host `{name}` already", hint=hint)
    _write(place, with_host(text, name, told))
    return os.fspath(place)


def remove_host(name: str) -> str:
    """Remove the table of a host; return the file. Raises UsageError if the table cannot be cut out."""
    place = own_settings()
    left = without_host(text_of(place) or "", name)
    if left is None:
        raise UsageError(f"{place} has no table [hosts.{name}] of its own", hint=f"edit {place}")
    _write(place, left)
    return os.fspath(place)


def _write(place: Path, text: str) -> None:
    """Check a text as a whole, then replace the file; it keeps its mode, and a link stays one."""
    check(parse(text, os.fspath(place)))
    real = place.resolve()
    try:
        mode = real.stat().st_mode & 0o777 if real.exists() else 0o600
        make_folder(real.parent)
        write_whole(real, text.encode(), mode=mode)
    except OSError as error:
        raise ToolError(f"cannot write {place}: {error.strerror or error}") from error

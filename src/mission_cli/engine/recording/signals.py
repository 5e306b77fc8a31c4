"""The data of external events: JSON that `mission signal` stored with a wait, as a file of the mission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mission_cli._support.text import sha256_of, show_bytes
from mission_cli.domain.asking.data import MOST_BYTES, canonical, is_too_large
from mission_cli.domain.errors import UsageError
from mission_cli.domain.notice import advise
from mission_cli.ports.git.state import Write, assets_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mission_cli.domain.ids import FeatureNumber
    from mission_cli.domain.tables import Wait
    from mission_cli.engine.context import Context
    from mission_cli.ports.git.state import Stored

_FOLDER, _HASH = "assets/", 16
_SHOWN = 40_000


def read_data(text: str) -> str:
    """Return JSON in the form in which it is stored. Raises UsageError if it is too large or no valid JSON."""
    if is_too_large(text):
        raise too_large()
    try:
        return canonical(text)
    except ValueError as error:
        hint = advise("""quote it for the shell: --data '{"ok": true}'; or --data - reads standard input""")
        raise UsageError(f"the data is not valid JSON: {error}", hint=hint) from None


def too_large() -> UsageError:
    """Return the error for data of more than `MOST_BYTES`."""
    words = f"the data has more than {show_bytes(MOST_BYTES)}"
    return UsageError(words, hint=advise("store it elsewhere, and send where it is"))


def name_of(feature: FeatureNumber, data: str) -> str:
    """Return the cell that names the file with the data of a signal; the name contains the hash of the data."""
    return f"{_FOLDER}signal-{feature}-{sha256_of(data)[:_HASH]}.json"


def writes(ctx: Context, stored: Stored, names: Iterable[str], data: str) -> tuple[Write, ...]:
    """Return the writes of the files that do not have the data yet."""
    found = _files(ctx, stored)
    files = dict.fromkeys(name.removeprefix(_FOLDER) for name in names)
    folder = assets_folder(stored)
    return tuple(Write(f"{folder}/{file}", data, found.get(file)) for file in files if found.get(file) != data)


def data_of(ctx: Context, stored: Stored, waits: Iterable[Wait]) -> dict[str, str]:
    """Return the data that was stored with waits, by the cell `Data`; without files that were changed since."""
    return data_in(ctx, stored, (wait.data for wait in waits))


def data_in(ctx: Context, stored: Stored, cells: Iterable[str]) -> dict[str, str]:
    """Return the data that cells name, by the cell; without files that were changed since."""
    named = list(dict.fromkeys(filter(None, cells)))
    found = _files(ctx, stored) if named else {}
    texts = {cell: "".join(_unaltered(found, cell.split(", "))) for cell in named}
    return {cell: text for cell, text in texts.items() if text}


def _unaltered(found: Mapping[str, str], names: Iterable[str]) -> Iterator[str]:
    """Yield the texts of the named files that are what their names say."""
    for name in names:
        text = found.get(name.removeprefix(_FOLDER), "") if name.startswith(_FOLDER) else ""
        if text and f"-{sha256_of(text)[:_HASH]}." in name:
            yield text


def _files(ctx: Context, stored: Stored) -> Mapping[str, str]:
    head = ctx.state.head()
    return ctx.state.assets(stored, head) if head is not None else {}


def for_prompt(waits: Iterable[Wait], data: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the data of waits as the prompt quotes it, cut to its room: `event` and `text`."""
    left, parts = _SHOWN, []
    for wait in waits:
        text = data.get(wait.data, "").rstrip("\n")
        if text:
            part = text[:left]
            left -= len(part)
            cut = "" if part == text else f"\n[… cut here: it has {len(text)} characters]"
            parts.append({"event": wait.waiting_for, "text": part + cut})
    return parts

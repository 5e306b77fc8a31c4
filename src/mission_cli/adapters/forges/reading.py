"""What adapters of forges share in reading answers: models of JSON, and the end of a log."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from mission_cli._support.lazy_re import pattern
from mission_cli.adapters.forges.transport import in_wrong_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_M = TypeVar("_M", bound=BaseModel)
LOG_BYTES = 24_000
"""How many bytes of a log are fetched, from its end."""
_LOG_LINES = 100
_TIMES = pattern(r"(?m)^\ufeff?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z (?:\d\d[OE][ +]?)?")
_SECTIONS = pattern(r"(?m)^(?:\x1b\[0K)?section_(?:start|end):\d+:[^\r\n]*\r?")
_ESCAPES = pattern(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


class Model(BaseModel):
    """An object of which some fields are read."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)


def read(forge: str, model: type[_M], data: Any) -> _M:
    """Return an answer as a model. Raises ForgeError if it has another form; of its content only the place is named."""
    try:
        return model.model_validate(data)
    except (ValidationError, RecursionError) as error:
        where = ""
        if isinstance(error, ValidationError):
            first = error.errors(include_url=False, include_input=False)[0]
            where = f" at {'.'.join(map(str, first['loc']))}"
        raise in_wrong_json(forge, f"it does not have the expected form{where}") from None


def read_all(forge: str, model: type[_M], data: Iterable[Any]) -> list[_M]:
    """Return the items of a list as models. Raises ForgeError if one has another form."""
    return [read(forge, model, one) for one in data]


def end_of_log(log: str) -> str:
    """Return the last lines of a log, without times, colors and folding marks."""
    plain = _ESCAPES.sub("", _SECTIONS.sub("", _TIMES.sub("", log.replace("\r\n", "\n"))))
    return "\n".join(plain.rstrip().split("\n")[-_LOG_LINES:]) if plain.strip() else ""

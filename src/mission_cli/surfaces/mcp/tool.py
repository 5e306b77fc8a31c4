"""A tool: what clients see of it, and what runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mission_cli._support.dataclass import dataclass
from mission_cli.surfaces.outputs import ERROR, OUTPUTS, Output, result_schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from mission_cli.surfaces.mcp.desk import Answer


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool."""

    name: str
    title: str
    about: str
    """What it is for, in words for a model."""
    takes: type[BaseModel]
    command: str
    """The command that prints the same with `--json`; empty: there is none, and `shape` is the type of the result."""
    run: Callable[[Any, Any], Answer]
    reads: bool = False
    """Whether it changes nothing."""
    destroys: bool = False
    """Whether it can end work, or spend money or land it."""
    repeats: bool = False
    """Whether calling it twice is the same as calling it once."""
    shape: type | None = None

    @property
    def input_schema(self) -> dict[str, Any]:
        """The JSON schema of its arguments."""
        return self.takes.model_json_schema()

    @property
    def output_schema(self) -> dict[str, Any]:
        """The JSON schema of its result, or of an error: of a command, what is promised for that."""
        found = (Output(self.shape),) if self.shape is not None else OUTPUTS[self.command]
        return {"type": "object", **result_schema(self.title, *found, *OUTPUTS[ERROR])}

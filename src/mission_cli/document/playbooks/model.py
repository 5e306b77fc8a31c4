"""The model of a playbook file: a plan with placeholders, and the parameters that fill them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mission_cli._support.lazy_re import pattern
from mission_cli.document.plans.values import (  # noqa: TC001 - pydantic reads them when the classes are made
    Flag,
    Number,
    Text,
    Texts,
)

NAME = pattern(r"[a-z0-9]+(?:-[a-z0-9]+)*")
"""The name of a playbook."""
PARAMETER = pattern(r"[A-Za-z][A-Za-z0-9_-]*")
"""The name of a parameter."""
PLACEHOLDER = pattern(r"\{\{(!*)[ \t]*([A-Za-z][A-Za-z0-9_-]*)[ \t]*\}\}")
"""`{{name}}` stands for a value; `{{!name}}` is the text `{{name}}`, and `{{!!name}}` is `{{!name}}`."""
TYPES = ("string", "integer", "number", "boolean", "choice", "list", "command")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Parameter(_Strict):
    """What a person gives a value for."""

    type: Literal["string", "integer", "number", "boolean", "choice", "list", "command"] = "string"
    description: Text = ""
    default: Text | Texts | None = None
    required: Flag | None = None
    """Not given: it is required if it has no default."""
    pattern: Text = ""
    """A regular expression that a string, or each entry of a list, has to match as a whole."""
    choices: Texts = []
    minimum: Number | None = None
    maximum: Number | None = None
    example: Text | Texts | None = None

    @property
    def needed(self) -> bool:
        """Whether a person has to give a value."""
        return self.default is None if self.required is None else self.required


class Playbook(_Strict):
    """A playbook file."""

    playbook: Annotated[Text, Field(min_length=1)]
    """Its name."""
    description: Annotated[Text, Field(min_length=1)]
    parameters: dict[str, Parameter] = {}
    plan: dict[str, Any]
    """A plan file with placeholders, before it is checked as one."""

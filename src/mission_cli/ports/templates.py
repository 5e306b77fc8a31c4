"""Templates by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Templates(Protocol):
    """Renders templates."""

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Return the text of a template with these values."""
        ...

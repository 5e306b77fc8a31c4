"""`re.compile` for patterns at the top of a module, compiled when first used.

A pulse imports a hundred patterns and needs a few; compiling one takes longer than importing a small module.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

__all__ = ["pattern"]

if TYPE_CHECKING:
    from re import compile as pattern
else:

    class pattern:  # noqa: N801 - named like the function that it replaces
        """A pattern; its methods are those of the compiled one after their first use."""

        def __init__(self, text: str | bytes, flags: int = 0) -> None:
            self.pattern, self._flags = text, flags

        def __getattr__(self, name: str) -> Any:
            found = getattr(re.compile(self.pattern, self._flags), name)
            setattr(self, name, found)
            return found

"""Check requests against a table of the operations of a forge."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.kit.loopback import Asked

FOLDER = Path(__file__).parents[1] / "contracts"


@dataclass
class Contract:
    """The table of one forge, and what did not follow it so far."""

    operations: Mapping[str, Mapping[str, list[str]]]
    broken: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, forge: str) -> Contract:
        """Read the table of a forge."""
        return cls(json.loads((FOLDER / f"{forge}.json").read_text("utf-8")))

    def check(self, asked: Asked, path: str) -> None:
        """Note what is wrong with a request; `path` is that below the base of the interface."""
        name = next((one for one in self.operations if _fits(one, asked.method, path)), None)
        if name is None:
            self.broken.append(f"{asked.method} {path}: unknown")
            return
        self.used.add(name)
        query = {key.removesuffix("[]") for key, _ in parse_qsl(urlsplit(asked.path).query, keep_blank_values=True)}
        body: Any = asked.json
        fields = set(body) if isinstance(body, dict) else set()
        for kind, there in (("query", query), ("body", fields)):
            wrong = sorted(there - set(self.operations[name][kind]))
            self.broken += [f"{name}: {one} in the {kind}" for one in wrong]


def _fits(operation: str, method: str, path: str) -> bool:
    wanted, _, shape = operation.partition(" ")
    return wanted == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", shape), path) is not None

"""Names of one attempt at the exchange and at its host."""

from __future__ import annotations

import hashlib

from mission_cli._support.dataclass import dataclass
from mission_cli._support.lazy_re import pattern
from mission_cli.domain.branches.refs import Area

_OTHER = pattern(r"[^a-z0-9]+")
_READABLE = 36
USUAL_ROOT = "~/.cache/mission"
"""The folder on a host for everything that is kept there, if the settings name none."""
CLONE = pattern(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one attempt of one clone. Two clones may use the same exchange."""

    clone: str
    key: str

    @property
    def request(self) -> str:
        """The ref of what is asked for."""
        return Area.REQUESTS.of(f"{self.clone}/{self.key}")

    @property
    def claim(self) -> str:
        """The ref that is created once, before the attempt starts."""
        return Area.CLAIMS.of(f"{self.clone}/{self.key}")

    @property
    def result(self) -> str:
        """The ref that is created once, when it has ended."""
        return Area.RESULTS.of(f"{self.clone}/{self.key}")

    def id(self, generation: int = 1) -> str:
        """Return the id under which its host runs it; a later generation continues after a death."""
        text = _OTHER.sub("-", self.key.lower()).strip("-")[:_READABLE]
        digest = hashlib.sha256(f"{self.clone}/{self.key}".encode()).hexdigest()[:12]
        return f"m-{text}-{digest}{f'-{generation}' if generation > 1 else ''}"

"""Conditions of a check under which its verdict says little about the work."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mission_cli.document.criteria.http import LOOPBACK, PORT, VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mission_cli.domain.criteria.criterion import Criterion


def weak_conditions(criterion: Criterion) -> Iterator[tuple[str, str]]:
    """Yield what weakens a criterion, and what to write instead."""
    told = criterion.conditions
    names = ", ".join(name for name, _ in told.secrets)
    if names:
        yield f"the work that it runs can read {names}", "give it a key that can do little"
    url = criterion.http.url if criterion.http else criterion.browser.url if criterion.browser else ""
    if not url or url.startswith("/"):
        return
    parts = urlsplit(VARIABLE.sub("1", url))
    if not told.serve and parts.hostname in LOOPBACK:
        yield "it judges whatever listens there, not the work", "add the field serve: COMMAND"
    elif not told.serve:
        yield (
            f"it judges what {parts.hostname} runs, not the work",
            "add the field serve: COMMAND",
        )
    elif PORT not in url:
        yield f"two checks at a time cannot both use port {parts.port or 80}", f"ask http://localhost:${PORT}"
    if criterion.http is not None and criterion.http.trust == "none":
        yield "it accepts any certificate", "write tls: FILE with the certificate to trust"

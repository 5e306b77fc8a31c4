"""How urgent a request is."""

from __future__ import annotations

URGENCIES = ("low", "normal", "high", "urgent")
"""Words for the urgency of a request, the least one first."""
USUAL_URGENCY = "normal"


def urgency_rank(word: str) -> int:
    """Return the place of an urgency among URGENCIES; a word that is not known counts as normal."""
    plain = word.strip().casefold()
    return URGENCIES.index(plain if plain in URGENCIES else USUAL_URGENCY)
